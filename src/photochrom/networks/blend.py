"""Which way of leading hints suits a place, learnt: several interpolations in, one out.

A hint can be led closely, as a rule, or far (`inference.obey`), and no kernel suits all pictures: what is
right depends on what is seen, on what was chosen there without hints and on how the interpolations differ. A
small U-Net (Ronneberger et al. 2015, arXiv 1505.04597) looks at all of that on a grid half as fine as the
answer's and says, for each place, in what shares they are mixed and what none of them gives.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.hints.led import REACHES
from photochrom.networks.kinship import DIM

WIDTH = 64
PATHS = len(REACHES) + 1
"""Interpolations that are mixed: one for each reach, and the rule."""
TOLD = 2 + 2 * PATHS + len(REACHES) + 2
"""Planes of what is told: the colours without hints, each change's a and b, its support, where hints are, how
many."""
HINTED = TOLD - 2
"""Which of them says where hints are."""
BESIDE = 2
"""Planes of the answer beside the shares: a and b that no interpolation gives, in units of the hints."""

# Units in which numbers come near 1: of chroma, of its change, of doubt, of the square roots of shares.
_CHROMA, _CHANGE, _DOUBT, _ROOT, _SEEN = 40.0, 20.0, 20.0, 0.5, 3.0
# The rule's share to begin with is e² times another's.
_TRUSTED = 2.0


class Blend(nn.Module):
    """look (N, 2 + DIM + bins, h / 2, w / 2), told (N, TOLD, h, w) → (N, PATHS + BESIDE, h, w).

    h and w are those of the answer, multiples of 8. look: what no hint changes, means of 2 × 2 places:
    doubt, L, what `Kinship` sees, square roots of the shares of the bins, as `inference.obey.Kinship` has
    them. told: a and b as chosen without hints; a and b of the change by each of PATHS, the rule last; how
    well each of the others is supported, 0…1; 1 at hints and 0 elsewhere; the logarithm of the number of
    independent hints, a plane. Comes out: shares, which sum to 1, and a and b to be added, in units of
    `led.BESIDE`.
    """

    def __init__(self, bins: int, width: int = WIDTH) -> None:
        super().__init__()
        fine, mid, deep = width, width * 3 // 2, width * 2
        pairs = PATHS * (PATHS - 1) // 2
        self.look = nn.Conv2d(4 + DIM + bins, fine, 1)
        self.told = nn.Conv2d(TOLD - 2 + 3 * PATHS + pairs + 2, fine, 1, bias=False)
        self.down2 = nn.Sequential(_Block(fine), _Block(fine))
        self.to4 = nn.Conv2d(fine, mid, 2, stride=2)
        self.down4 = nn.Sequential(_Block(mid), _Block(mid))
        self.to8 = nn.Conv2d(mid, deep, 2, stride=2)
        self.whole = nn.Sequential(*(_Block(deep, whole=True) for _ in range(3)))
        self.lift4 = nn.Conv2d(deep, mid, 1)
        self.up4 = nn.Sequential(_Block(mid), _Block(mid))
        self.lift2 = nn.Conv2d(mid, fine, 1)
        self.up2 = nn.Sequential(_Block(fine), _Block(fine))
        self.norm = nn.GroupNorm(1, fine, affine=False)
        self.head = nn.Conv2d(fine, PATHS + BESIDE, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            assert self.head.bias is not None
            self.head.bias.zero_()[PATHS - 1] = _TRUSTED

    def forward(self, look: Tensor, told: Tensor) -> Tensor:
        """See the class."""
        hints = F.max_pool2d(told[:, HINTED : HINTED + 1], 2)
        told = F.avg_pool2d(told, 2)
        told = torch.cat([told[:, :HINTED], hints, told[:, HINTED + 1 :]], dim=1)
        return _twice(self.coarse(torch.cat([told[:, :2], look], dim=1), told[:, 2:]))

    def coarse(self, look: Tensor, told: Tensor) -> Tensor:
        """The same on the grid half as fine that it works on; the colours chosen stand first in `look`."""
        chosen, doubt = look[:, :2], look[:, 2:3]
        units = [_CHROMA, _CHROMA, _DOUBT, 100.0] + [_SEEN] * DIM + [_ROOT] * (look.shape[1] - 4 - DIM)
        x = self.look(look / look.new_tensor(units)[:, None, None])
        x = x + self.told(self._compared(chosen, doubt, told))
        fine = self.down2(x)
        mid = self.down4(self.to4(fine))
        mid = self.up4(mid + _twice(self.lift4(self.whole(self.to8(mid)))))
        out = self.head(F.silu(self.norm(self.up2(fine + _twice(self.lift2(mid))))))
        return torch.cat([torch.softmax(out[:, :PATHS], dim=1), out[:, PATHS:]], dim=1)

    def _compared(self, chosen: Tensor, doubt: Tensor, told: Tensor) -> Tensor:
        """What was told, and how the interpolations lie to each other and to what was chosen."""
        changes = told[:, : 2 * PATHS].reshape(len(told), PATHS, 2, *told.shape[2:])
        parts = [told[:, : 2 * PATHS] / _CHANGE, told[:, 2 * PATHS :]]
        parts.append(_length(changes) / _CHANGE)
        apart = [changes[:, i] - changes[:, j] for i in range(PATHS) for j in range(i)]
        parts.append(_length(torch.stack(apart, dim=1)) / _CHANGE)
        parts.append((changes * chosen[:, None]).sum(2) / _CHANGE**2)
        parts.append(_length(changes + chosen[:, None]) / _CHROMA)
        parts.append(_length(chosen[:, None]) / _CHROMA)
        parts.append(_length(changes[:, -1:]) / doubt)
        return torch.cat(parts, dim=1)


class _Block(nn.Module):
    """A convolution beside the identity; with `whole`, its mean over the picture is told to every place."""

    def __init__(self, channels: int, *, whole: bool = False) -> None:
        super().__init__()
        # Without weights of its own, which the exporter would name anew.
        self.norm = nn.GroupNorm(1, channels, affine=False)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.mean = nn.Conv2d(channels, channels, 1) if whole else None

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, channels, h, w) → the same."""
        y: Tensor = x + self.conv(F.silu(self.norm(x)))
        return y if self.mean is None else y + self.mean(y.mean((2, 3), keepdim=True))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _length(pairs: Tensor) -> Tensor:
    """(N, M, 2, h, w) → (N, M, h, w)."""
    return pairs.square().sum(2).add(1e-6).sqrt()
