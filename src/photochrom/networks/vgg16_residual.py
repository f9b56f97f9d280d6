"""VGG16's features added up from coarse to fine, and chroma as U and V.

Source: Armour/Automatic-Image-Colorization (TensorFlow 1), after Ryan Dahl's tinyclouds.org/colorize. At
each size what came from below is doubled and *added* to the normalised features of VGG16, which does not
learn; the sums go through one convolution a size down to three channels, and end as U and V in 0…1.

What differs from it: VGG16 is torchvision's, with its own normalisation of sRGB in place of Caffe's BGR
bytes; doubling is about pixel centres, where TensorFlow 1 shifts by a part of a pixel. Its grey is luma;
here it is sRGB of the given lightness, which differs from luma where there is colour: truth comes back
within 0.1 units of ab on average, 63 dB. Sides that are not multiples of 8 are padded by reflection and cut
back.

Its loss blurs U and V with kernels that mix the two: `losses.mixed_squares`; `losses.blurred_squares` keeps
them apart.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded
from photochrom.networks.torch_color import lab_to_srgb, srgb_to_lab
from photochrom.networks.vgg16 import Vgg16

# Luma of Rec. 601, and the source's chroma: U = 0.492 (B − Y), V = 0.877 (R − Y), by their largest to 0…1.
LUMA = (0.299, 0.587, 0.114)
U_PER_BLUE, V_PER_RED = 0.492, 0.877
U_MOST, V_MOST = 0.435912, 0.614777
# TensorFlow's batch norm forgets 1 % a step.
FORGETS, EPSILON = 0.01, 1e-3
DEVIATION = 0.01


def srgb_to_uv(rgb: Tensor) -> Tensor:
    """rgb: (N, 3, H, W), 0…1 → U and V, (N, 2, H, W), 0…1, grey 1/2."""
    red, _, blue = rgb.unbind(1)
    luma = torch.einsum("nchw,c->nhw", rgb, rgb.new_tensor(LUMA))
    u, v = U_PER_BLUE * (blue - luma), V_PER_RED * (red - luma)
    return torch.stack([u / (2 * U_MOST), v / (2 * V_MOST)], dim=1).add(0.5).clamp(0, 1)


def uv_to_srgb(luma: Tensor, uv: Tensor) -> Tensor:
    """luma: (N, 1, H, W), 0…1, uv: (N, 2, H, W), 0…1 → sRGB (N, 3, H, W), not clipped."""
    blue = (uv[:, :1] - 0.5) * (2 * U_MOST / U_PER_BLUE)
    red = (uv[:, 1:] - 0.5) * (2 * V_MOST / V_PER_RED)
    green = -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1]
    return luma + torch.cat([red, green, blue], dim=1)


class Vgg16Residual(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W).

    filters: channels of VGG16's first block; 64 fits the weights that others trained.
    """

    multiple = 8
    backbone = "VGG16's weights"

    def __init__(self, *, filters: int = 64) -> None:
        super().__init__()
        if filters < 1:
            raise BadConfig("filters", f"must be at least 1, not {filters}")
        self.encoder = Vgg16(filters=filters)
        widths = [3, filters, 2 * filters, 4 * filters, 8 * filters]
        self.joined = nn.ModuleList(_norm(width) for width in widths)
        self.deepest = nn.Sequential(_conv(widths[4], widths[3], 1), nn.ReLU())
        self.steps = nn.ModuleList(
            nn.Sequential(_conv(ins, outs, 3), _norm(outs), nn.ReLU())
            for ins, outs in ((widths[0], 3), (widths[1], 3), (widths[2], widths[1]), (widths[3], widths[2]))
        )
        self.last = nn.Sequential(_conv(3, 2, 3), _norm(2))

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        grey = _grey(lightness)
        return _ab(grey, self._chroma(grey))

    def _chroma(self, grey: Tensor) -> Tensor:
        """grey: (N, 1, H, W), sRGB → U and V, (N, 2, H, W), 0…1."""
        height, width = grey.shape[2:]
        picture = padded(grey, self.multiple).expand(-1, 3, -1, -1)
        found = (picture, *self.encoder(picture))
        x = self.deepest(self.joined[4](found[4]))
        for level in (3, 2, 1, 0):
            if level:
                x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.steps[level](x + self.joined[level](found[level]))
        y: Tensor = self.last(x)
        return torch.sigmoid(y.float())[:, :, :height, :width]

    def asked(self, batch: Batch) -> Prediction:
        """U and V in 0…1; the critic sees grey sRGB, −1…1, beside them."""
        grey = _grey(batch.lightness)
        value = self._chroma(grey)
        return Prediction(value=value, target=srgb_to_uv(batch.rgb), ab=_ab(grey, value), given=grey * 2 - 1)

    def load_backbone(self, file: Path) -> None:
        """VGG16's ImageNet weights into the encoder."""
        self.encoder.load(file)


def _grey(lightness: Tensor) -> Tensor:
    """(N, 1, H, W): the sRGB value of grey of that lightness."""
    return lab_to_srgb(F.pad(lightness.float(), (0, 0, 0, 0, 0, 2)))[:, :1]


def _ab(grey: Tensor, uv: Tensor) -> Tensor:
    """(N, 2, H, W): the ab of that chroma on that grey, taken for luma."""
    return srgb_to_lab(uv_to_srgb(grey, uv).clamp(0, 1))[:, 1:]


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=EPSILON, momentum=FORGETS)


def _conv(ins: int, outs: int, kernel: int) -> nn.Conv2d:
    layer = nn.Conv2d(ins, outs, kernel, padding=kernel // 2, bias=False)
    nn.init.trunc_normal_(layer.weight, std=DEVIATION, a=-2 * DEVIATION, b=2 * DEVIATION)
    return layer
