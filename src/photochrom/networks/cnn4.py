"""Four convolutions, the smallest network of the zoo; each pixel is coloured by the 9×9 around it.

Source: Kaggle `adithyakag/image-colorization-cnn` as Daru1914/B-W-Colorising-Models ran it: two 3×3
convolutions and two transposed ones, 12 channels, ReLU after every one, the last included; Keras's
initial weights. It draws a whole picture, as RGB in −1…1 or as OpenCV's 8-bit HLS / 255; here only
the chroma of that picture is used, since lightness is known. Its last ReLU cannot give the negative
half of RGB's range: `last = "none"` is the corrected form, `space = "ab"` the one that learns chroma
alone. Their variant of stride 2 states no padding; 1 is taken, with which sizes come out as they went in.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded
from photochrom.networks.torch_color import hls_to_srgb, srgb_to_hls, srgb_to_lab

AB_SCALE = 110.0
SPACES = ("rgb", "hls", "ab")
# OpenCV's 8-bit hue runs to 180, and the source divides all three by 255.
HUE_SCALE = 180 / 255


class Cnn4(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W).

    space: what it learns to draw, "rgb", "hls" or "ab". last: "relu" or "none" at the end. stride: 1 or
    2, of all four. filters: channels of the first three.
    """

    def __init__(self, *, space: str = "ab", last: str = "none", stride: int = 1, filters: int = 12) -> None:
        super().__init__()
        for name, value, known in (
            ("space", space, SPACES), ("last", last, ("relu", "none")), ("stride", stride, (1, 2))
        ):  # fmt: skip
            if value not in known:
                raise BadConfig(name, f"{value!r} is not one of {', '.join(map(str, known))}")
        self.space = space
        self.multiple = stride**2
        outs = 2 if space == "ab" else 3
        self.shown = 1 + outs
        padding = stride - 1
        self.layers = nn.Sequential(
            nn.Conv2d(3, filters, 3, stride, padding), nn.ReLU(),
            nn.Conv2d(filters, filters, 3, stride, padding), nn.ReLU(),
            nn.ConvTranspose2d(filters, filters, 3, stride, padding, output_padding=padding), nn.ReLU(),
            nn.ConvTranspose2d(filters, outs, 3, stride, padding, output_padding=padding),
        )  # fmt: skip
        if last == "relu":
            self.layers.append(nn.ReLU())
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(layer.weight)
                assert layer.bias is not None
                nn.init.uniform_(layer.bias, -0.05, 0.05)

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return self._chroma(self._drawn(lightness))

    def _drawn(self, lightness: Tensor) -> Tensor:
        """What it draws, in its own units."""
        height, width = lightness.shape[2:]
        x = padded(lightness / 50 - 1, self.multiple).expand(-1, 3, -1, -1)
        y: Tensor = self.layers(x)
        return y.float()[:, :, :height, :width]

    def _chroma(self, drawn: Tensor) -> Tensor:
        if self.space == "ab":
            return AB_SCALE * drawn
        if self.space == "rgb":
            picture = (drawn + 1) / 2
        else:
            hue, light, vivid = drawn.unbind(1)
            picture = hls_to_srgb(torch.stack([hue / HUE_SCALE, light, vivid], dim=1))
        return srgb_to_lab(picture.clamp(0, 1))[:, 1:]

    def asked(self, batch: Batch) -> Prediction:
        """In RGB −1…1, HLS as OpenCV's bytes / 255, or ab/110."""
        if self.space == "ab":
            target = batch.ab / AB_SCALE
        elif self.space == "rgb":
            target = batch.rgb * 2 - 1
        else:
            target = srgb_to_hls(batch.rgb) * batch.rgb.new_tensor([HUE_SCALE, 1, 1]).view(1, 3, 1, 1)
        value = self._drawn(batch.lightness)
        return Prediction(value=value, target=target, ab=self._chroma(value), given=batch.lightness / 50 - 1)
