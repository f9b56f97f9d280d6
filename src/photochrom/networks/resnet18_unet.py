"""ResNet-18 on the way down, pixel shuffles on the way up: the second strategy of a pix2pix tutorial.

Source: moein-shariatnia's "Image Colorization Tutorial", whose generator is fastai 2's DynamicUnet over
torchvision's ResNet-18 with all defaults: no blur, no attention, no normalisation on the way up and no
activation at the end, so that ab is not bounded. Normalisation stands in the middle and on what comes
across. The first convolution takes one channel, summed over RGB, and L/50 − 1 as it is.

What differs from it: sides that are not multiples of 32 are padded by reflection and cut back, where
fastai resizes; kernels start as He et al.'s (arXiv 1502.01852) and biases at zero, where fastai draws most
biases with a deviation of 0.01. It is taught by L1 first and with the critic then, as
`configs/resnet18-unet.toml` has it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded
from photochrom.networks.resnet18 import ResNet18, load_resnet18

AB_SCALE = 110.0


class Shuffle(nn.Sequential):
    """Twice the size: (N, ins, H, W) → (N, outs, 2H, 2W), none below 0.

    The four pixels that one becomes start with the same kernel, so that no chequerboard is there to be
    unlearned (ICNR: Aitken et al. 2017, arXiv 1707.02937).
    """

    def __init__(self, ins: int, outs: int) -> None:
        convolution = _conv(ins, 4 * outs, 1)
        with torch.no_grad():
            convolution.weight.copy_(convolution.weight[::4].repeat_interleave(4, dim=0))
        super().__init__(convolution, nn.ReLU(), nn.PixelShuffle(2))


class Climb(nn.Module):
    """Twice the size and half the channels, with what comes across beside it, then two convolutions.

    below: (N, ins, H, W), across: (N, beside, 2H, 2W) → (N, outs, 2H, 2W), none below 0.
    """

    def __init__(self, ins: int, beside: int, outs: int) -> None:
        super().__init__()
        self.shuffle = Shuffle(ins, ins // 2)
        self.norm = nn.BatchNorm2d(beside)
        self.layers = nn.Sequential(
            _conv(ins // 2 + beside, outs, 3), nn.ReLU(), _conv(outs, outs, 3), nn.ReLU()
        )

    def forward(self, below: Tensor, across: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.layers(F.relu(torch.cat([self.shuffle(below), self.norm(across)], dim=1)))
        return y


class ResNet18UNet(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W).

    filters: channels of ResNet-18's first stage; 64 fits the weights that others trained.
    """

    multiple = 32

    def __init__(self, *, filters: int = 64) -> None:
        super().__init__()
        if filters < 2 or filters % 2:
            raise BadConfig("filters", f"must be even, not {filters}")
        self.encoder = ResNet18(filters=filters)
        f = filters
        self.middle = nn.Sequential(
            nn.BatchNorm2d(8 * f), nn.ReLU(),
            _conv(8 * f, 16 * f, 3), nn.ReLU(), _conv(16 * f, 8 * f, 3), nn.ReLU(),
        )  # fmt: skip
        climbs: list[nn.Module] = []
        ins = 8 * f
        for beside in (4 * f, 2 * f, f, f):
            joined = ins // 2 + beside
            # All channels are kept but by the last.
            outs = joined if len(climbs) < 3 else joined // 2
            climbs.append(Climb(ins, beside, outs))
            ins = outs
        self.climbs = nn.ModuleList(climbs)
        self.shuffle = Shuffle(ins, ins)
        whole = ins + 1
        self.residual = nn.Sequential(_conv(whole, whole, 3), nn.ReLU(), _conv(whole, whole, 3))
        self.last = _conv(whole, 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return AB_SCALE * self._scaled(lightness)

    def _scaled(self, lightness: Tensor) -> Tensor:
        height, width = lightness.shape[2:]
        given = padded(lightness / 50 - 1, self.multiple)
        *across, x = self.encoder(given)
        x = self.middle(x)
        for climb, beside in zip(self.climbs, reversed(across), strict=True):
            x = climb(x, beside)
        x = torch.cat([self.shuffle(x), given], dim=1)
        y: Tensor = self.last(F.relu(x + self.residual(x)))
        return y.float()[:, :, :height, :width]

    def asked(self, batch: Batch) -> Prediction:
        """In units of ab/110; the critic sees L/50 − 1 beside it."""
        value = self._scaled(batch.lightness)
        return Prediction(
            value=value, target=batch.ab / AB_SCALE, ab=AB_SCALE * value, given=batch.lightness / 50 - 1
        )

    def load_backbone(self, file: Path) -> None:
        """ResNet-18's weights, of whatever it was trained on, into the encoder."""
        load_resnet18(self.encoder, file)


def _conv(ins: int, outs: int, kernel: int) -> nn.Conv2d:
    layer = nn.Conv2d(ins, outs, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
