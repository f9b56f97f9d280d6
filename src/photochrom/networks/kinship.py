"""Which places of a picture belong together, learnt: what leads a hint from its place over its thing.

Gaussian-process regression with a learnt kernel (Wilson et al., "Deep Kernel Learning", AISTATS 2016,
arXiv 1511.02222): the encoder's features become one short vector a place, and two places share the
difference between a colour asked for and the one chosen as far as their vectors, their distributions and
their lightness are alike. `inference.obey` does the same in numpy for those who colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.hints import led

DIM = 32
WIDTH = 64
# Standard deviation of a channel of EfficientNet-Lite2's maps: 9 at stride 4, 3 at stride 32.
SPREAD = 6.0
# A lone wish, in units of Lab, and the distance in short sides from which its thing is taken to have ended.
WISH = 30.0
FAR = 0.25


class Kinship(nn.Module):
    """Maps of an encoder, finest first, each half the size of the one before → (N, DIM, h, w), the finest's.

    channels: of the maps.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.views = nn.ModuleList(nn.Conv2d(count, WIDTH, 1) for count in channels)
        self.told_apart = nn.Conv2d(WIDTH, DIM, 1, bias=False)

    def forward(self, *maps: Tensor) -> Tensor:
        """maps: (N, channels, h, w) each, finest first."""
        views = [view(map_ / SPREAD) for view, map_ in zip(self.views, maps, strict=True)]
        seen = views.pop()
        while views:
            seen = views.pop() + F.interpolate(seen, scale_factor=2.0, mode="bilinear", align_corners=False)
        vectors: Tensor = self.told_apart(F.gelu(seen, approximate="tanh"))
        return vectors


class Led(NamedTuple):
    """What clicks make of pictures."""

    ab: Tensor
    """(N, 2, h, w): the chosen colours with all clicks led over them."""
    spilt: Tensor
    """(N,): of a wish of `WISH` units at one of the clicks alone, the mean share that reaches places further
    than `FAR`; 0 without clicks."""


def led_over(
    ab: Tensor, seen: Tensor, logits: Tensor, lightness: Tensor, clicks: Tensor, centers: Tensor
) -> Led:
    """Clicks led over pictures, all on one grid and in float32.

    ab: (N, 2, h, w), as chosen without any click. seen: (N, DIM, h, w), of `Kinship`; logits: (N, K, h, w)
    over `centers` (K, 2); lightness: (N, 1, h, w), 0…100; clicks: (N, 3, h, w), a, b and confidence
    0…1. A picture without clicks keeps its colours.
    """
    share = torch.softmax(logits, dim=1)
    mean = torch.einsum("nkhw,kc->nchw", share, centers)
    square = torch.einsum("nkhw,k->nhw", share, centers.square().sum(1))
    doubt = (square - mean.square().sum(1)).clamp_min(led.LEAST_DOUBT**2).sqrt()
    roots = torch.softmax(logits / led.SOFTENED, dim=1).sqrt()
    h, w = ab.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    places = torch.stack([rows, columns]).to(ab) / (led.NEAR * min(h, w))
    scaled = lightness / led.LIGHT
    vectors = torch.cat([seen, scaled, places.expand(len(ab), -1, -1, -1)], dim=1).flatten(2)
    pictures = zip(ab.flatten(2), vectors, roots.flatten(2), doubt.flatten(1), clicks.flatten(2), strict=True)
    colors, spilt = zip(*(_led(*picture) for picture in pictures), strict=True)
    return Led(torch.stack(colors).reshape(ab.shape), torch.stack(spilt))


def _led(ab: Tensor, vectors: Tensor, roots: Tensor, doubt: Tensor, clicks: Tensor) -> tuple[Tensor, Tensor]:
    """One picture's colours, (2, N) in reading order, and what is spilt of one of its clicks.

    ab: (2, N), vectors: (C, N), the last two of them places; roots: (K, N); doubt: (N,); clicks: (3, N).
    """
    cells = clicks[2].nonzero().flatten()
    if not len(cells):
        return ab, ab.new_zeros(())
    apart = led.DISTRIBUTION * (1 - roots.T @ roots[:, cells])
    apart = apart + torch.cdist(vectors.T, vectors[:, cells].T).square() / 2
    alike = torch.exp(-apart)
    wanted = ((clicks[:2] - ab) * clicks[2])[:, cells].T
    changed = ab + _change(alike, wanted, doubt, cells, ab)
    # Any click is as good as another, and its direction is one that wishes take: nothing is drawn here.
    middle = slice(len(cells) // 2, len(cells) // 2 + 1)
    wish = WISH * F.normalize(wanted[middle], dim=1)
    reached = _change(alike[:, middle], wish, doubt, cells[middle], ab)
    reached = reached.square().sum(0).clamp_min(1e-6).sqrt()
    places = vectors[-2:] * led.NEAR
    far = (places - places[:, cells[middle]]).norm(dim=0) > FAR
    return changed, (reached * far).sum() / far.sum().clamp_min(1) / WISH


def _change(alike: Tensor, wanted: Tensor, doubt: Tensor, cells: Tensor, ab: Tensor) -> Tensor:
    """What is wanted at M cells, (M, 2), led over all N places: (2, N).

    alike: (N, M); doubt: (N,); ab: (2, N), as chosen. `inference.obey` has the reasons.
    """
    size = wanted.norm(dim=1, keepdim=True) / doubt[cells, None]
    general = (led.LARGE / size.clamp_min(led.LARGE)).square()
    noise = led.NOISE * torch.eye(len(cells), device=alike.device)
    vivid = doubt * ab / torch.maximum(doubt, ab.norm(dim=0))
    basis = vivid[:, cells].T * general / doubt[cells, None]
    scaled = torch.cat([wanted * general / doubt[cells, None], basis], dim=1)
    weights, of_basis = torch.linalg.solve(alike[cells] + noise, scaled).split(2, dim=1)
    share = (basis * weights).sum() / (1 / led.COMMON + (basis * of_basis).sum())
    heard = 1 - alike[cells].square().sum() / len(cells) ** 2
    share = heard * share.clamp(-led.MOST_COMMON, led.MOST_COMMON)
    total: Tensor = share * vivid
    for kernel, part in ((alike, general), (alike**led.CLOSER, 1 - general)):
        known = part * (wanted - share * vivid[:, cells].T) / doubt[cells, None]
        total = total + doubt * (kernel @ torch.linalg.solve(kernel[cells] + noise, known)).T
    return total
