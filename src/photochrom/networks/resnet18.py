"""ResNet-18's convolutions on lightness alone, and where their weights come from.

Source: He et al. 2015, arXiv 1512.03385, as torchvision and timm name it. The first convolution takes
one channel: that of a colour network is summed over RGB, since all three are the same in a grey picture.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.networks.pretrained import fill, read_weights

STAGES = 4


class Block(nn.Module):
    """Two 3×3 convolutions beside the input: (N, ins, H, W) → (N, outs, H/stride, W/stride)."""

    def __init__(self, ins: int, outs: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outs)
        self.conv2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outs)
        self.downsample: nn.Module | None = None
        if stride != 1 or ins != outs:
            self.downsample = nn.Sequential(nn.Conv2d(ins, outs, 1, stride, bias=False), nn.BatchNorm2d(outs))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """x: (N, 1, H, W) → what leaves the stem and each stage, at 1/2, 1/4, 1/8, 1/16, 1/32 of the size.

    Channels: `filters` of the stem and of the first stage, twice as many of each that follows.
    stages: how many of the four there are.
    """

    def __init__(self, *, stages: int = STAGES, filters: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, filters, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layers = nn.ModuleList()
        ins = filters
        for stage in range(stages):
            outs = filters * 2**stage
            self.layers.append(
                nn.Sequential(Block(ins, outs, stride=2 if stage else 1), Block(outs, outs, stride=1))
            )
            ins = outs

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        x = F.relu(self.bn1(self.conv1(x)))
        found = [x]
        x = self.pool(x)
        for layer in self.layers:
            x = layer(x)
            found.append(x)
        return tuple(found)


def load_resnet18(encoder: ResNet18, file: Path) -> None:
    """Fill it from a file that names ResNet-18's weights as torchvision and timm do, of 1 or 3 channels.

    The classifier and the stages that `encoder` has not are passed over. Raises BadConfig if the file
    cannot be read, lacks a tensor, or has one too many or of another shape.
    """
    what = "ResNet-18's weights"
    state: dict[str, Tensor] = {}
    absent = ("fc.", *(f"layer{stage}." for stage in range(len(encoder.layers) + 1, STAGES + 1)))
    for name, value in read_weights(file, what).items():
        if name.startswith(absent):
            continue
        start, _, rest = name.partition(".")
        stage = start.removeprefix("layer")
        state[f"layers.{int(stage) - 1}.{rest}" if stage.isdigit() else name] = value
    stem = state.get("conv1.weight")
    if stem is not None and stem.ndim == 4:
        state["conv1.weight"] = stem.sum(1, keepdim=True)
    fill(encoder, state, file=file, what=what)
