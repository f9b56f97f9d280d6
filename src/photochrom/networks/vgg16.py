"""VGG16's convolutions up to conv4_3, frozen: features for a perceptual loss, or to colour from.

Source: Simonyan and Zisserman 2014, arXiv 1409.1556, as torchvision names and normalises it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from photochrom.networks.pretrained import fill, read_weights

# Channels of the convolutions of each block; a pooling stands between two blocks.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
# torchvision's numbers of these convolutions in `features`.
NUMBERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21)
MEAN = (0.485, 0.456, 0.406)
SPREAD = (0.229, 0.224, 0.225)


class Vgg16(nn.Module):
    """rgb: (N, 3, H, W), sRGB 0…1 → ReLU 1_2, 2_2, 3_3 and 4_3: 64, 128, 256, 512 channels at 1…1/8 size.

    7,635,264 parameters, none of which learns. filters: channels of the first block, in proportion to
    which the others are; 64 fits the weights that others trained.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, *, filters: int = BLOCKS[0][0]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(SPREAD).view(1, 3, 1, 1), persistent=False)
        blocks: list[nn.Module] = []
        ins = 3
        for widths in BLOCKS:
            layers: list[nn.Module] = [nn.MaxPool2d(2)] if blocks else []
            for outs in (width * filters // BLOCKS[0][0] for width in widths):
                layers += [nn.Conv2d(ins, outs, 3, padding=1), nn.ReLU()]
                ins = outs
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.ModuleList(blocks)
        self.requires_grad_(False)

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """With the weights of a file; as `load`."""
        network = cls()
        network.load(file)
        return network

    def load(self, file: Path) -> None:
        """The weights of a .pth or .safetensors file that names them as torchvision does.

        Raises BadConfig if it cannot be read or does not fit; layers beyond conv4_3 are passed over.
        """
        what = "VGG16's weights"
        source = read_weights(file, what)
        ours = [name.rpartition(".")[0] for name, _ in self.named_parameters() if name.endswith("weight")]
        named = {
            f"{mine}.{kind}": source[f"features.{number}.{kind}"]
            for mine, number in zip(ours, NUMBERS, strict=True)
            for kind in ("weight", "bias")
            if f"features.{number}.{kind}" in source
        }
        fill(self, named, file=file, what=what)

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        x = (rgb - self.mean) / self.spread
        features = []
        for block in self.blocks:
            x = block(x)
            features.append(x)
        return tuple(features)
