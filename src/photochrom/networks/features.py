"""Frozen networks whose features say how alike two pictures look: what perceptual losses compare."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from photochrom.networks.flagship import STRIDE, Encoder
from photochrom.networks.layers import padded
from photochrom.networks.pretrained import load_lite2, read_weights
from photochrom.networks.vgg16 import Vgg16


class Lite2Features(nn.Module):
    """rgb: (N, 3, H, W), sRGB 0…1 → EfficientNet-Lite2's features at strides 2, 4, 8, 16 and 32.

    A twentieth of VGG16's arithmetic for the same picture. No parameter learns, and it is always in
    evaluation mode.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(channels=3)
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Lite2Features:  # noqa: ARG002 (nn.Module's own)
        """Nothing: running statistics are those it was trained with."""
        return super().train(False)

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        return tuple(self.encoder.taps(padded(rgb, STRIDE).contiguous(memory_format=torch.channels_last)))


def features_from(file: Path) -> nn.Module:
    """VGG16 or EfficientNet-Lite2, whichever the weights are of. Raises BadConfig for any others."""
    if "_conv_stem.weight" not in read_weights(file, "weights of VGG16 or EfficientNet-Lite2"):
        return Vgg16.from_file(file)
    features = Lite2Features()
    load_lite2(features.encoder, file)
    return features
