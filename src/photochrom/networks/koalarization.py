"""Deep Koalarization: at each place, what a classifier that never learns makes of the whole picture.

Source: Baldassarre, González Morín and Rodés-Guirao 2017, arXiv 1712.03400, and
baldassarreFe/deep-koalarization. Its classifier is Inception-ResNet-v2, whose weights no package carries:
`backbone` names a file that you have. EMBEDDINGS has its forms, and EfficientNet-Lite2 as a stand-in, whose
ImageNet weights a package does carry. Without a file the classifier is random and tells little.

Differs from the source in that the classifier is part of the network, where theirs looked at each picture
once, before training; and that a picture is squeezed into the square that the classifier looks at,
where theirs was padded to one by bars, which entered the loss too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks import inception_resnet_v2 as inception
from photochrom.networks import pretrained
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.flagship import TAP_CHANNELS, Encoder
from photochrom.networks.layers import padded

AB_SCALE = 127.0
STRIDE = 8
WIDEST = 1024


@dataclass(frozen=True)
class Embedding:
    """A way to say in a vector what a picture shows."""

    channels: int
    """Of the vector."""
    side: int
    """Of the square that its network looks at."""
    sides: range
    """Of squares that it can look at."""
    build: Callable[[], nn.Module]
    """The network."""
    seen: Callable[[Any, Tensor], Tensor]
    """The network, lightness (N, 1, side, side) in 0…100 → (N, channels)."""
    load: Callable[[Any, Path], None]
    """Fills the network from a file. Raises BadConfig."""


def _inception(classes: int) -> Embedding:
    return Embedding(
        channels=classes or inception.FEATURES,
        side=299,
        sides=range(75, WIDEST),
        build=lambda: inception.InceptionResNetV2(classes=classes),
        seen=lambda network, lightness: network((lightness / 50 - 1).expand(-1, 3, -1, -1)),
        load=inception.load_inception_resnet_v2,
    )


EMBEDDINGS = {
    # The logits of TensorFlow's weights, the background first, as the source has them; the 1000 of others'
    # files; and the features below them, as some re-tellings have it.
    "inception-1001": _inception(1001),
    "inception-1000": _inception(1000),
    "inception-1536": _inception(0),
    # The stand-in: means of the trunk's deepest features, at the multiple of 32 next to Lite2's own 260.
    "lite2": Embedding(
        channels=TAP_CHANNELS[-1],
        side=256,
        sides=range(32, WIDEST, 32),
        build=Encoder,
        seen=lambda network, lightness: network(lightness).s32.mean((2, 3)),
        load=pretrained.load_lite2,
    ),
}


class Koalarization(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W), at most ±127, in squares of 2×2.

    embedding: by its name in EMBEDDINGS. filters: channels of the first layer; all others follow it.
    glance: side of the square that the classifier looks at; 0 for its own.
    """

    multiple = STRIDE

    def __init__(self, *, embedding: str = "inception-1001", filters: int = 64, glance: int = 0) -> None:
        super().__init__()
        if embedding not in EMBEDDINGS:
            raise BadConfig("embedding", f"{embedding!r} is not one of {', '.join(EMBEDDINGS)}")
        if filters < 2 or filters % 2:
            raise BadConfig("filters", f"must be even, not {filters}")
        self.embedding = EMBEDDINGS[embedding]
        self.glance = glance or self.embedding.side
        if self.glance not in self.embedding.sides:
            raise BadConfig("glance", f"{embedding} cannot look at squares of {glance}")
        f = filters
        self.encoder = self.embedding.build().requires_grad_(False).eval()
        self.local = nn.Sequential(
            *_conv(1, f, stride=2), *_conv(f, 2 * f), *_conv(2 * f, 2 * f, stride=2), *_conv(2 * f, 4 * f),
            *_conv(4 * f, 4 * f, stride=2), *_conv(4 * f, 8 * f), *_conv(8 * f, 8 * f), *_conv(8 * f, 4 * f),
        )  # fmt: skip
        self.fusion = nn.Sequential(nn.Conv2d(4 * f + self.embedding.channels, 4 * f, 1), nn.ReLU())
        self.decoder = nn.Sequential(
            *_conv(4 * f, 2 * f), nn.Upsample(scale_factor=2),
            *_conv(2 * f, f), *_conv(f, f), nn.Upsample(scale_factor=2),
            *_conv(f, f // 2), nn.Conv2d(f // 2, 2, 3, padding=1),
        )  # fmt: skip

    def train(self, mode: bool = True) -> Self:
        """As of any module, but for the classifier, whose statistics stay what they are."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return AB_SCALE * self._scaled(lightness)

    def _scaled(self, lightness: Tensor) -> Tensor:
        height, width = lightness.shape[2:]
        with torch.no_grad():
            size = (self.glance, self.glance)
            squeezed = F.interpolate(lightness, size=size, mode="bilinear", align_corners=False)
            whole = self.embedding.seen(self.encoder, squeezed)
        local = self.local(padded(lightness / 50 - 1, self.multiple))
        everywhere = whole[:, :, None, None].expand(-1, -1, *local.shape[2:]).to(local.dtype)
        half = self.decoder(self.fusion(torch.cat([local, everywhere], dim=1)))
        value = F.interpolate(torch.tanh(half.float()), scale_factor=2.0, mode="nearest")
        return value[:, :, :height, :width]

    def asked(self, batch: Batch) -> Prediction:
        """In units of ab/127; a critic sees L/50 − 1 beside it."""
        value = self._scaled(batch.lightness)
        return Prediction(
            value=value, target=batch.ab / AB_SCALE, ab=AB_SCALE * value, given=batch.lightness / 50 - 1
        )

    def load_backbone(self, file: Path) -> None:
        """The classifier's weights."""
        self.embedding.load(self.encoder, file)


def _conv(ins: int, outs: int, *, stride: int = 1) -> list[nn.Module]:
    """3×3 convolution with ReLU; by 2 it is padded at the end alone, as TensorFlow pads even sides."""
    if stride == 1:
        return [nn.Conv2d(ins, outs, 3, padding=1), nn.ReLU()]
    return [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(ins, outs, 3, stride), nn.ReLU()]
