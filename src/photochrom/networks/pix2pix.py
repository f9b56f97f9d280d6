"""pix2pix: a U-Net down to one pixel and back, taught by L1 and by a critic.

Source: Isola et al. 2017, arXiv 1611.07004, in the form of moein-shariatnia's "Image Colorization
Tutorial": L in, ab out, no noise but dropout. Differs from it in nothing but that sides which are
not multiples of 2^levels are padded by reflection and cut back. Weights start from N(0, 0.02) by the
recipe (`init`). The critic sees L and ab: `critics.PatchGan`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded

AB_SCALE = 110.0
LEAST_LEVELS = 5


class Level(nn.Module):
    """Half the size, the levels below, twice the size: (N, outer, H, W) → (N, 2·outer, H, W).

    The result stands beside the input. The outermost level takes `ins` channels and gives its result
    alone, (N, outer, H, W).
    """

    def __init__(
        self, outer: int, inner: int, below: Level | None, *, ins: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.joins = ins == 0
        down: list[nn.Module] = [nn.Conv2d(ins or outer, inner, 4, 2, 1, bias=False)]
        up: list[nn.Module] = [nn.ReLU()]
        up.append(
            nn.ConvTranspose2d(inner if below is None else 2 * inner, outer, 4, 2, 1, bias=not self.joins)
        )
        if self.joins:
            down.insert(0, nn.LeakyReLU(0.2))
            up.append(nn.BatchNorm2d(outer))
            if below is not None:
                down.append(nn.BatchNorm2d(inner))
        if dropout:
            up.append(nn.Dropout(dropout))
        self.layers = nn.Sequential(*down, *([] if below is None else [below]), *up)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.layers(x)
        return torch.cat([x, y], dim=1) if self.joins else y


class Pix2Pix(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W), at most ±110.

    filters: channels of the outermost level; they double to eightfold. levels: halvings.
    """

    def __init__(self, *, filters: int = 64, levels: int = 8) -> None:
        super().__init__()
        if levels < LEAST_LEVELS:
            raise BadConfig("levels", f"must be at least {LEAST_LEVELS}, not {levels}")
        self.multiple = 2**levels
        level = Level(8 * filters, 8 * filters, None)
        for _ in range(levels - LEAST_LEVELS):
            level = Level(8 * filters, 8 * filters, level, dropout=0.5)
        for times in (4, 2, 1):
            level = Level(times * filters, 2 * times * filters, level)
        self.unet = Level(2, filters, level, ins=1)

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return AB_SCALE * self._scaled(lightness)

    def _scaled(self, lightness: Tensor) -> Tensor:
        height, width = lightness.shape[2:]
        x: Tensor = self.unet(padded(lightness / 50 - 1, self.multiple))
        return torch.tanh(x.float())[:, :, :height, :width]

    def asked(self, batch: Batch) -> Prediction:
        """In units of ab/110; the critic sees L/50 − 1 beside it."""
        value = self._scaled(batch.lightness)
        return Prediction(
            value=value, target=batch.ab / AB_SCALE, ab=AB_SCALE * value, given=batch.lightness / 50 - 1
        )
