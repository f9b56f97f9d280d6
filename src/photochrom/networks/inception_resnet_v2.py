"""Inception-ResNet-v2, frozen: what a classifier makes of a whole picture.

Source: Szegedy et al. 2016, arXiv 1602.07261, in the form of TensorFlow-slim's weights of 2016_08_30.
Modules are named as timm and Cadene's pretrained-models name them, so that their files fit as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.networks.pretrained import fill, read_weights

FEATURES = 1536
# What the source multiplies the side way of a block by, lest large blocks run away.
SCALE35, SCALE17, SCALE8 = 0.17, 0.10, 0.20

# (channels, kernel): rows × columns of a kernel, padded so that sides stay.
Layer = tuple[int, tuple[int, int]]
_ONE, _THREE, _FIVE = (1, 1), (3, 3), (5, 5)


class _Conv(nn.Module):
    """Convolution, normalisation, ReLU. padded: whether sides stay as they are at stride 1."""

    def __init__(
        self, ins: int, outs: int, kernel: tuple[int, int] = _ONE, *, stride: int = 1, padded: bool = True
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(ins, outs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def _branch(ins: int, layers: Sequence[Layer], *, halves: bool = False) -> nn.Sequential | _Conv:
    """Convolutions one after the other; halves: the last goes by 2 and is not padded."""
    found = []
    for place, (outs, kernel) in enumerate(layers):
        last = halves and place == len(layers) - 1
        found.append(_Conv(ins, outs, kernel, stride=2 if last else 1, padded=not last))
        ins = outs
    return found[0] if len(found) == 1 else nn.Sequential(*found)


class _Mixed(nn.Module):
    """Branches side by side: their channels stand one after the other."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.names = [f"branch{place}" for place in range(len(branches))]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.get_submodule(name)(x) for name in self.names], dim=1)


class _Block(_Mixed):
    """Branches beside the input, whose channels a 1×1 convolution brings back to its own."""

    def __init__(self, ins: int, *branches: Sequence[Layer], scale: float, ends: bool = False) -> None:
        super().__init__(*(_branch(ins, layers) for layers in branches))
        self.scale, self.ends = scale, ends
        self.conv2d = nn.Conv2d(sum(layers[-1][0] for layers in branches), ins, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = x + self.scale * self.conv2d(super().forward(x))
        return y if self.ends else F.relu(y)


class InceptionResNetV2(nn.Module):
    """x: (N, 3, H, W) in −1…1, sides of 75 or more, trained at 299 → (N, classes) logits.

    classes: 1001 of TensorFlow, whose first is the background, 1000 without it, or 0: the 1536 pooled
    features in place of logits. 55,843,464 parameters with 1000 classes, none of which learns.
    """

    def __init__(self, *, classes: int) -> None:
        super().__init__()
        self.conv2d_1a = _Conv(3, 32, _THREE, stride=2, padded=False)
        self.conv2d_2a = _Conv(32, 32, _THREE, padded=False)
        self.conv2d_2b = _Conv(32, 64, _THREE)
        self.conv2d_3b = _Conv(64, 80)
        self.conv2d_4a = _Conv(80, 192, _THREE, padded=False)
        self.pool = nn.MaxPool2d(3, 2)
        self.mixed_5b = _Mixed(
            _branch(192, [(96, _ONE)]),
            _branch(192, [(48, _ONE), (64, _FIVE)]),
            _branch(192, [(64, _ONE), (96, _THREE), (96, _THREE)]),
            nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), _Conv(192, 64)),
        )
        self.repeat = nn.Sequential(*(_block35() for _ in range(10)))
        self.mixed_6a = _Mixed(
            _branch(320, [(384, _THREE)], halves=True),
            _branch(320, [(256, _ONE), (256, _THREE), (384, _THREE)], halves=True),
            nn.MaxPool2d(3, 2),
        )
        self.repeat_1 = nn.Sequential(*(_block17() for _ in range(20)))
        self.mixed_7a = _Mixed(
            _branch(1088, [(256, _ONE), (384, _THREE)], halves=True),
            _branch(1088, [(256, _ONE), (288, _THREE)], halves=True),
            _branch(1088, [(256, _ONE), (288, _THREE), (320, _THREE)], halves=True),
            nn.MaxPool2d(3, 2),
        )
        self.repeat_2 = nn.Sequential(*(_block8(SCALE8) for _ in range(9)))
        self.block8 = _block8(1.0, ends=True)
        self.conv2d_7b = _Conv(2080, FEATURES)
        self.classif = nn.Linear(FEATURES, classes) if classes else None
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x)))
        x = self.conv2d_4a(self.conv2d_3b(self.pool(x)))
        x = self.repeat(self.mixed_5b(self.pool(x)))
        x = self.repeat_1(self.mixed_6a(x))
        x = self.block8(self.repeat_2(self.mixed_7a(x)))
        pooled: Tensor = self.conv2d_7b(x).mean((2, 3))
        return pooled if self.classif is None else self.classif(pooled)


def load_inception_resnet_v2(network: InceptionResNetV2, file: Path) -> None:
    """Fill it from a .pth or .safetensors file that names its weights as timm or Cadene does.

    A classifier is passed over where there is none here. Raises BadConfig if the file cannot be read,
    lacks a tensor, or has one too many or of another shape, as that of another number of classes.
    """
    what = "Inception-ResNet-v2's weights"
    state: dict[str, Tensor] = {}
    for name, value in read_weights(file, what).items():
        ours = name.replace("last_linear.", "classif.")
        if network.classif is not None or not ours.startswith("classif."):
            state[ours] = value
    fill(network, state, file=file, what=what)


def _block35() -> _Block:
    return _Block(
        320,
        [(32, _ONE)],
        [(32, _ONE), (32, _THREE)],
        [(32, _ONE), (48, _THREE), (64, _THREE)],
        scale=SCALE35,
    )


def _block17() -> _Block:
    return _Block(1088, [(192, _ONE)], [(128, _ONE), (160, (1, 7)), (192, (7, 1))], scale=SCALE17)


def _block8(scale: float, *, ends: bool = False) -> _Block:
    return _Block(2080, [(192, _ONE)], [(192, _ONE), (224, (1, 3)), (256, (3, 1))], scale=scale, ends=ends)
