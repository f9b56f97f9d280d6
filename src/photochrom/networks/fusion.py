"""Fusion: what the whole picture is about joins what stands at each place, and both decide its colour.

Source: Iizuka et al. 2016, "Let there be Color!", ACM Transactions on Graphics 35 (4), from the released
weights and code and from the paper's figures as others give them. Batch normalisation is where the paper
trains with it: after every layer but the two that answer. `fusion = 3` is the 3×3 fusion of the released
weights, 1 the paper's own. Differs from it in that L/100 − ½ stands for the grey values less their mean.

Scenes may be told apart too: the class comes from the global features alone, so its gradient reaches
those and the low-level ones, and never the layers of mid level, fusion or colour.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded

AB_SCALE = 100.0
STRIDE = 8
# Of a picture's global features: 1/8 in the shared layers, then 1/4.
GLOBAL_STRIDE = 32


class Fusion(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W), at most ±100.

    filters: channels of the first layer; all others follow it. norm: whether there is batch
    normalisation. fusion: side of the kernel that joins the features, 1 or 3. classes: of scenes, 0 for
    none. glance: side of the square into which the picture is squeezed for its global features.
    """

    multiple = STRIDE

    def __init__(
        self, *, filters: int = 64, norm: bool = True, fusion: int = 1, classes: int = 0, glance: int = 224
    ) -> None:
        super().__init__()
        if fusion not in (1, 3):
            raise BadConfig("fusion", f"{fusion} is not one of 1, 3")
        if glance < GLOBAL_STRIDE or glance % GLOBAL_STRIDE:
            raise BadConfig("glance", f"must be a multiple of {GLOBAL_STRIDE}, not {glance}")
        if filters < 2 or filters % 2:
            raise BadConfig("filters", f"must be even, not {filters}")
        if classes < 0:
            raise BadConfig("classes", f"must be 0 or more, not {classes}")
        self.classes, self.glance = classes, glance
        f = filters
        self.low = nn.Sequential(
            _conv(1, f, norm, stride=2), _conv(f, 2 * f, norm), _conv(2 * f, 2 * f, norm, stride=2),
            _conv(2 * f, 4 * f, norm), _conv(4 * f, 4 * f, norm, stride=2), _conv(4 * f, 8 * f, norm),
        )  # fmt: skip
        self.mid = nn.Sequential(_conv(8 * f, 8 * f, norm), _conv(8 * f, 4 * f, norm))
        self.seen = nn.Sequential(
            _conv(8 * f, 8 * f, norm, stride=2), _conv(8 * f, 8 * f, norm),
            _conv(8 * f, 8 * f, norm, stride=2), _conv(8 * f, 8 * f, norm), nn.Flatten(),
            _dense((glance // GLOBAL_STRIDE) ** 2 * 8 * f, 16 * f, norm), _dense(16 * f, 8 * f, norm),
        )  # fmt: skip
        self.told_of = _dense(8 * f, 4 * f, norm)
        self.fusion = _conv(8 * f, 4 * f, norm, kernel=fusion)
        self.color = nn.Sequential(
            _conv(4 * f, 2 * f, norm), nn.Upsample(scale_factor=2),
            _conv(2 * f, f, norm), _conv(f, f, norm), nn.Upsample(scale_factor=2),
            _conv(f, f // 2, norm), nn.Conv2d(f // 2, 2, 3, padding=1),
        )  # fmt: skip
        if classes:
            self.scene = nn.Sequential(_dense(8 * f, 4 * f, norm), nn.Linear(4 * f, classes))

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        value, _ = self._answered(lightness)
        return _chroma(value)

    def _answered(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """ab in 0…1, (N, 2, H, W), and the features that tell scenes apart, (N, 8 · filters)."""
        height, width = lightness.shape[2:]
        x = padded(lightness / 100 - 0.5, self.multiple)
        low = self.low(x)
        squeezed = low
        # Of a picture that has this size already, both are the same. No exported graph is traced at it.
        if x.shape[2:] != (self.glance, self.glance):
            small = F.interpolate(x, size=(self.glance, self.glance), mode="bilinear", align_corners=False)
            squeezed = self.low(small)
        seen: Tensor = self.seen(squeezed)
        mid = self.mid(low)
        whole = self.told_of(seen)[:, :, None, None].expand(-1, -1, *mid.shape[2:])
        half = torch.sigmoid(self.color(self.fusion(torch.cat([mid, whole], dim=1))).float())
        value = F.interpolate(half, scale_factor=2.0, mode="nearest")
        return value[:, :, :height, :width], seen

    def asked(self, batch: Batch) -> Prediction:
        """In units of (ab/100 + 1)/2; a critic sees L/100 beside it."""
        value, seen = self._answered(batch.lightness)
        return Prediction(
            value=value,
            target=(batch.ab / AB_SCALE + 1) / 2,
            ab=_chroma(value),
            given=batch.lightness / 100,
            scene=self.scene(seen).float() if self.classes else None,
        )


def _chroma(value: Tensor) -> Tensor:
    return AB_SCALE * (2 * value - 1)


def _conv(ins: int, outs: int, norm: bool, *, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Convolution with bias, normalisation if there is any, ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(ins, outs, kernel, stride, kernel // 2)]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(outs)] if norm else []), nn.ReLU())


def _dense(ins: int, outs: int, norm: bool) -> nn.Sequential:
    """The same, of vectors."""
    layers: list[nn.Module] = [nn.Linear(ins, outs)]
    return nn.Sequential(*layers, *([nn.BatchNorm1d(outs)] if norm else []), nn.ReLU())
