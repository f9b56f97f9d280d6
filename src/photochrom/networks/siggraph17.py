"""Real-Time User-Guided Image Colorization: a U-Net that takes lightness and a few true colours.

Source: Zhang et al. 2017, arXiv 1705.02999, in the form of richzhang/colorization-pytorch. One half
tells which of 529 colours stands at every fourth pixel, the other gives ab at full size. What both
share learns from one of them alone, which `losses` of a recipe's stage decide: from the classes while
no loss asks for colours, and from the colours as soon as one does; the class head then learns beside,
on what it is given.

What differs: in the stage of classes the release already lets the colour layers learn, on features
that they do not shape; here they wait. Pictures of hardly any colour are shown but teach nothing,
where the release drops them. Sides that are no multiples of 8 are padded by reflection and the answer
is cut back. The exported graph takes lightness alone, without hints, as all single graphs do.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import ConvBlock, padded

AB_SCALE = 110.0
GRID = 10.0
# A full grid, 23 × 23 from −110 to 110, other than the 313 bins of `colorful`.
SIDE = 23
CLASSES = SIDE**2
CLASS_STRIDE = 4
# The ranges of a and of b, added up, below which a picture is taken for grey.
GREY = 5.0
# After each hint another follows with this chance; so there are 7 on average, and none in one of eight.
ANOTHER_HINT = 7 / 8
LARGEST_PATCH = 9


class _TaughtByOne(torch.autograd.Function):
    """features → (the same for colours, the same for classes), whose gradient is that of colours alone.

    Unless nothing was asked of the colours: then it is that of the classes.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        return features.view_as(features), features.view_as(features)

    @staticmethod
    def backward(_ctx: Any, by_colors: Tensor | None, by_classes: Tensor | None) -> Tensor | None:
        return by_classes if by_colors is None else by_colors


class Siggraph17(System):
    """lightness (N, 1, H, W) 0…100, hints (N, 3, H, W) → ab (N, 2, H, W), at most ±110.

    hints: a and b in Lab units and 1 where they are given; a and b count nowhere else. None: none.

    filters: channels of the first block; they rise to eightfold. mask_center: what is taken from the hints'
    third channel, 0.5 in the source's PyTorch code, 0 for weights converted from its Caffe release; it
    has to be that of the weights. revealed: share of the hinted pictures that show all their colours, 0 in
    the code, 0.01 in the paper. unit: Lab units that are 1 to the losses, 110 in the code; with 1, `huber`
    bends at one Lab unit.
    """

    multiple = 8

    def __init__(
        self, *, filters: int = 64, mask_center: float = 0.5, revealed: float = 0.0, unit: float = AB_SCALE
    ) -> None:
        super().__init__()
        if filters < 1:
            raise BadConfig("filters", f"must be at least 1, not {filters}")
        if not 0 <= revealed <= 1:
            raise BadConfig("revealed", f"must lie in 0…1, not {revealed}")
        if not 0 < unit < math.inf:
            raise BadConfig("unit", f"must be above 0, not {unit}")
        self.mask_center, self.revealed, self.unit = mask_center, revealed, unit
        f = filters
        self.down1 = ConvBlock(4, f, count=2)
        self.down2 = ConvBlock(f, 2 * f, count=2)
        self.down3 = ConvBlock(2 * f, 4 * f, count=3)
        self.deep = nn.Sequential(
            ConvBlock(4 * f, 8 * f, count=3),
            ConvBlock(8 * f, 8 * f, count=3, dilation=2),
            ConvBlock(8 * f, 8 * f, count=3, dilation=2),
            ConvBlock(8 * f, 8 * f, count=3),
        )
        self.up8, self.skip8 = _doubled(8 * f, 4 * f), _conv(4 * f, 4 * f)
        self.up9, self.skip9 = _doubled(4 * f, 2 * f), _conv(2 * f, 2 * f)
        self.up10, self.skip10 = _doubled(2 * f, 2 * f), _conv(f, 2 * f)
        self.block8 = nn.Sequential(nn.ReLU(), ConvBlock(4 * f, 4 * f, count=2))
        self.block9 = nn.Sequential(nn.ReLU(), ConvBlock(2 * f, 2 * f, count=1))
        self.block10 = nn.Sequential(nn.ReLU(), _conv(2 * f, 2 * f), nn.LeakyReLU(0.2))
        self.color = nn.Conv2d(2 * f, 2, 1)
        self.classifier = nn.Conv2d(4 * f, CLASSES, 1)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """See the class."""
        height, width = lightness.shape[2:]
        fine, half, shared = self._features(lightness, hints)
        return self._colors(fine, half, shared)[:, :, :height, :width]

    def _features(self, lightness: Tensor, hints: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """What the halves share: at full size, at half (both of the padded one), and at a quarter."""
        x = padded((lightness - 50) / 100, self.multiple)
        if hints is None:
            told = torch.zeros_like(x).expand(-1, 3, -1, -1)
        else:
            down, right = x.shape[2] - hints.shape[2], x.shape[3] - hints.shape[3]
            mask = F.pad(hints[:, 2:], (0, right, 0, down))
            told = torch.cat([F.pad(hints[:, :2], (0, right, 0, down)) * mask / AB_SCALE, mask], dim=1)
        center = told.new_tensor([0.0, 0.0, self.mask_center]).view(1, 3, 1, 1)
        fine = self.down1(torch.cat([x, told - center], dim=1))
        half = self.down2(fine[:, :, ::2, ::2])
        quarter = self.down3(half[:, :, ::2, ::2])
        deep = self.deep(quarter[:, :, ::2, ::2])
        return fine, half, self.block8(self.up8(deep) + self.skip8(quarter))

    def _colors(self, fine: Tensor, half: Tensor, shared: Tensor) -> Tensor:
        """(N, 2, H, W) of the padded size, in Lab units."""
        x = self.block9(self.up9(shared) + self.skip9(half))
        x = self.block10(self.up10(x) + self.skip10(fine))
        return AB_SCALE * torch.tanh(self.color(x).float())

    def asked(self, batch: Batch) -> Prediction:
        """In units of ab/`unit`, and the class of every fourth pixel; a critic sees (L − 50)/100."""
        height, width = batch.lightness.shape[2:]
        fine, half, shared = self._features(batch.lightness, batch.hints)
        apply: Any = _TaughtByOne.apply
        for_colors, for_classes = apply(shared)
        ab = self._colors(fine, half, for_colors)[:, :, :height, :width]
        bins, shares = self.binned(batch)
        logits = self.classifier(for_classes).float()[:, :, : bins.shape[2], : bins.shape[3]]
        spread = batch.ab.amax((2, 3), keepdim=True) - batch.ab.amin((2, 3), keepdim=True)
        teaches = spread.sum(1, keepdim=True) >= GREY
        ab = torch.where(teaches, ab, ab.detach())
        return Prediction(
            value=ab / self.unit,
            target=batch.ab / self.unit,
            logits=torch.where(teaches, logits, logits.detach()),
            bins=bins,
            shares=shares,
            ab=ab,
            given=(batch.lightness - 50) / 100,
        )

    def binned(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The one class of every fourth pixel: that of the nearest point of the grid."""
        picked = batch.ab[:, :, ::CLASS_STRIDE, ::CLASS_STRIDE]
        place = ((picked + AB_SCALE) / GRID).round().long().clamp(0, SIDE - 1)
        bins = SIDE * place[:, :1] + place[:, 1:]
        return bins, torch.ones_like(bins, dtype=torch.float32)

    def told(
        self, batch: Batch, *, hinted: float, wished: float, clicked: float, generator: torch.Generator
    ) -> Batch:
        """Patches of true colour, as many as chance has it; a hinted picture may get none."""
        del wished, clicked
        hints = sampled_patches(batch.ab, generator, share=hinted, revealed=self.revealed)
        return batch._replace(hints=hints)


def _conv(ins: int, outs: int) -> nn.Conv2d:
    return nn.Conv2d(ins, outs, 3, padding=1)


def _doubled(ins: int, outs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(ins, outs, 4, 2, 1)


def sampled_patches(ab: Tensor, generator: torch.Generator, *, share: float, revealed: float) -> Tensor:
    """Simulated clicks for a share of the pictures. ab: (N, 2, H, W) → (N, 3, H, W).

    The number is geometric, so that after each another follows in 7 of 8 cases; a patch has 1 to 9 pixels
    a side, all alike, and its mean colour; its place is normal about the centre, with a quarter of the
    free length as standard deviation.
    """
    n, _, height, width = ab.shape
    # Many small patches: on a graphics card each would be a launch or three.
    colors, out = ab.cpu(), torch.zeros((n, 3, height, width))
    draws = torch.rand((n, 3), generator=generator, device=generator.device).tolist()
    for i, (has, shows, many) in enumerate(draws):
        if has >= share:
            continue
        if shows < revealed:
            out[i, :2], out[i, 2] = colors[i], 1.0
            continue
        # Inverse of the geometric distribution that begins at none.
        count = int(math.log(1 - many) / math.log(ANOTHER_HINT))
        places = torch.randn((count, 2), generator=generator, device=generator.device).tolist()
        sizes = torch.rand(count, generator=generator, device=generator.device).tolist()
        for (v, u), size in zip(places, sizes, strict=True):
            side = min(1 + int(size * LARGEST_PATCH), height, width)
            rows, columns = height - side + 1, width - side + 1
            top = min(max(int(rows / 2 + v * rows / 4), 0), rows - 1)
            left = min(max(int(columns / 2 + u * columns / 4), 0), columns - 1)
            patch = colors[i, :, top : top + side, left : left + side]
            out[i, :2, top : top + side, left : left + side] = patch.mean((1, 2), keepdim=True)
            out[i, 2, top : top + side, left : left + side] = 1.0
    return out.to(ab.device)
