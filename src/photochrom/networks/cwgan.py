"""A U-Net of residual blocks, which a notebook calls a conditional Wasserstein GAN and trains by L1 alone.

Source: salim-benhamadi/Pix2Pix-Image-Colorization-with-Conditional-WGAN (Kaggle salimhammadi07). The layers,
L/100 in and (ab + 128)/255 out without an activation are the notebook's. Its faults, and where they
are kept so that they can be studied:

- Residual blocks cut the gradient off before their convolutions, which therefore learn from their own
  block's result alone; what is before a block learns through its 1×1 shortcut: `detached`.
- Its decoding, (y − 1/2) · 256, is not the inverse of its encoding: even grey comes back half a unit off, in
  a and in b: `drifting`.
- The critic is taught to give truth the lower figure (the game "reversed"), has two penalties that pull its
  gradient to 1 and to 0 at once, and the generator never hears of it: `configs/cwgan.toml`.

`configs/cwgan-intended.toml` is the method that it describes. Not reproduced: 8-bit rounding of L and ab,
dropout while colouring, and testing on the training pictures. The critic is
`critics.WassersteinCritic`, which sees L/100 and the answer. Sides that are not multiples of 8 are padded by
reflection and cut back.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded

# OpenCV's 8-bit ab over 255, and the range that the notebook decodes it with.
AB_OFFSET, AB_RANGE = 128.0, 255.0
DRIFTING_RANGE = 256.0


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside one of 1×1: (N, ins, H, W) → (N, outs, H, W), none below 0.

    detached: no gradient goes from the two into what was before.
    """

    def __init__(self, ins: int, outs: int, *, detached: bool) -> None:
        super().__init__()
        self.detached = detached
        self.layers = nn.Sequential(
            nn.Conv2d(ins, outs, 3, padding=1, bias=False), nn.BatchNorm2d(outs), nn.ReLU(),
            nn.Conv2d(outs, outs, 3, padding=1, bias=False), nn.BatchNorm2d(outs), nn.ReLU(),
        )  # fmt: skip
        self.shortcut = nn.Conv2d(ins, outs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y = self.layers(x.detach() if self.detached else x)
        return F.relu(y + self.shortcut(x))


class Cwgan(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W).

    filters: channels at full size; they double with each halving. halvings: how many there are.
    dropout: share of whole channels left out after each block on the way down. detached, drifting: two
    faults of the source, see the module.
    """

    def __init__(
        self, *, filters: int = 64, halvings: int = 3, dropout: float = 0.2, detached: bool = False,
        drifting: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if halvings < 1:
            raise BadConfig("halvings", f"must be at least 1, not {halvings}")
        if not 0 <= dropout < 1:
            raise BadConfig("dropout", f"must be at least 0 and below 1, not {dropout}")
        self.multiple = 2**halvings
        self.scale = DRIFTING_RANGE if drifting else AB_RANGE
        widths = [filters * 2**level for level in range(halvings + 1)]
        self.down = nn.ModuleList(
            ResidualBlock(ins, outs, detached=detached) for ins, outs in pairwise([1, *widths])
        )
        self.up = nn.ModuleList(
            ResidualBlock(below + outs, outs, detached=detached) for below, outs in pairwise(widths[::-1])
        )
        self.dropout = nn.Dropout2d(dropout)
        self.last = nn.Conv2d(filters, 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return self._decoded(self._encoded(lightness))

    def _encoded(self, lightness: Tensor) -> Tensor:
        """(N, 2, H, W): the answer in units of 8-bit Lab, about 0…1."""
        height, width = lightness.shape[2:]
        x = padded(lightness / 100, self.multiple)
        levels: list[Tensor] = []
        for block in self.down:
            x = self.dropout(block(F.max_pool2d(x, 2) if levels else x))
            levels.append(x)
        for block, beside in zip(self.up, reversed(levels[:-1]), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
            x = block(torch.cat([x, beside], dim=1))
        y: Tensor = self.last(x)
        return y.float()[:, :, :height, :width]

    def _decoded(self, value: Tensor) -> Tensor:
        # (y − 1/2) · 256 is 256 y − 128 too.
        return self.scale * value - AB_OFFSET

    def asked(self, batch: Batch) -> Prediction:
        """In units of 8-bit Lab, (ab + 128)/255; the critic sees L/100 beside it."""
        value = self._encoded(batch.lightness)
        return Prediction(
            value=value,
            target=(batch.ab + AB_OFFSET) / AB_RANGE,
            ab=self._decoded(value),
            given=batch.lightness / 100,
        )
