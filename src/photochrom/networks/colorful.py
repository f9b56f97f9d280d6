"""Colorful Image Colorization: a dilated VGG that spreads every place over 313 colours.

Source: Zhang, Isola and Efros 2016, arXiv 1603.08511, in the form of richzhang/colorization. No
skips; logits at a quarter of the size. Its loss is `rebalanced`, which lets rare colours count more,
and one colour is taken from each distribution by the annealed mean at T = 0.38 (Caffe's release
scales logits by 2.606, which is nearly that; PyTorch's shows no scale): the card says so.

What differs: the prior is that of the pictures at hand, not ImageNet's, smoothed on the ab plane by a
Gaussian of σ 5 as in the paper; weights begin at PyTorch's random ones, not at the paper's from
k-means; sides that are no multiples of 8 are padded by reflection and the answer is cut back.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.color.bins import mix_prior
from photochrom.errors import BadConfig
from photochrom.networks.ab_targets import NearestTargets
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import ConvBlock, padded

GRID = 10
# First and last b of each a from −90 to 100, as the release's table of bins has them. No rule about sRGB
# gives this set: "has a colour nearest to it" finds 261 of them, "is a corner of a cell with one" 309.
ROWS = (
    (50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100),
    (-40, 100), (-50, 100), (-50, 100), (-60, 100), (-70, 100),
    (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80),
    (-110, 80), (-110, 80), (-110, 70), (-110, 70), (-90, 0),
)  # fmt: skip
LEAST_A = -90
# Of the soft targets, and of the smoothing of the prior.
SIGMA = 5.0
# A picture of weaker colours than this everywhere is taken for grey, and teaches nothing.
GREY = 5.0
TARGET_STRIDE = 4
# A card's: grey, the mean, the paper's choice, and close to the likeliest.
VIVIDNESS = ((0.0, 0.0, 1.0, 0.0), (0.5, 0.0, 1.0, 1.0), (1.0, 0.0, 0.38, 1.0), (2.0, 0.0, 0.14, 1.0))


def table() -> Tensor:
    """(313, 2): the ab of each bin in the source's order, a rising, then b rising."""
    return torch.tensor(
        [
            (LEAST_A + GRID * row, b)
            for row, (first, last) in enumerate(ROWS)
            for b in range(first, last + GRID, GRID)
        ],
        dtype=torch.float32,
    )


class Colorful(System):
    """lightness (N, 1, H, W) 0…100 → logits (N, 313, H/4, W/4).

    filters: channels of the first block; they rise to eightfold. neighbors: bins that share a colour among
    them, 5 in the paper, 10 in its code.
    """

    multiple = 8
    temperature = 0.38
    vividness = VIVIDNESS
    centers: Tensor

    def __init__(self, *, filters: int = 64, neighbors: int = 5) -> None:
        super().__init__()
        centers = table()
        if filters < 1:
            raise BadConfig("filters", f"must be at least 1, not {filters}")
        if not 1 <= neighbors <= len(centers):
            raise BadConfig("neighbors", f"must lie in 1…{len(centers)}, not {neighbors}")
        self.register_buffer("centers", centers, persistent=False)
        self.targets = NearestTargets(centers, count=neighbors, sigma=SIGMA)
        wide, deep = 4 * filters, 8 * filters
        self.layers = nn.Sequential(
            ConvBlock(1, filters, count=2, stride=2),
            ConvBlock(filters, 2 * filters, count=2, stride=2),
            ConvBlock(2 * filters, wide, count=3, stride=2),
            ConvBlock(wide, deep, count=3),
            ConvBlock(deep, deep, count=3, dilation=2),
            ConvBlock(deep, deep, count=3, dilation=2),
            ConvBlock(deep, deep, count=3),
            nn.ConvTranspose2d(deep, wide, 4, 2, 1), nn.ReLU(),
            nn.Conv2d(wide, wide, 3, padding=1), nn.ReLU(),
            nn.Conv2d(wide, wide, 3, padding=1), nn.ReLU(),
            nn.Conv2d(wide, len(centers), 1),
        )  # fmt: skip

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        rows, columns = ((side + TARGET_STRIDE - 1) // TARGET_STRIDE for side in lightness.shape[2:])
        logits: Tensor = self.layers(padded((lightness - 50) / 100, self.multiple))
        return logits[:, :, :rows, :columns]

    def asked(self, batch: Batch) -> Prediction:
        """In the bins nearest to every fourth pixel. No gradient comes from grey pictures."""
        bins, shares = self.binned(batch)
        logits = self(batch.lightness).float()
        teaches = batch.ab.abs().amax((1, 2, 3), keepdim=True) > GREY
        logits = torch.where(teaches, logits, logits.detach())
        return Prediction(logits=logits, bins=bins, shares=shares, centers=self.centers)

    def binned(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The nearest bins of every fourth pixel, nearest first."""
        picked = batch.ab[:, :, ::TARGET_STRIDE, ::TARGET_STRIDE]
        bins, shares = self.targets(picked)
        return bins, shares

    def smoothed(self, counts: Tensor) -> Tensor:
        """Each bin's count, shared out among the bins round it."""
        centers = self.centers.double().cpu()
        kernel = torch.exp(-torch.cdist(centers, centers).square() / (2 * SIGMA**2))
        spread = (kernel / kernel.sum(0)) @ counts.double().cpu()
        return torch.from_numpy(mix_prior(spread.numpy(), uniform=0))
