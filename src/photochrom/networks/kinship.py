"""Which places of a picture belong together, learnt: what leads a hint from its place over its thing.

Gaussian-process regression with a learnt kernel (Wilson et al., "Deep Kernel Learning", AISTATS 2016,
arXiv 1511.02222): the encoder's features become one short vector a place, and two places share the
difference between a colour asked for and the one chosen as far as their vectors, their distributions and
their lightness are alike (`networks.leading`).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

DIM = 32
WIDTH = 64
# Standard deviation of a channel of EfficientNet-Lite2's maps: 9 at stride 4, 3 at stride 32.
SPREAD = 6.0


class Kinship(nn.Module):
    """Maps of an encoder, finest first, each half the size of the one before → (N, DIM, h, w), the finest's.

    channels: of the maps.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.views = nn.ModuleList(nn.Conv2d(count, WIDTH, 1) for count in channels)
        self.told_apart = nn.Conv2d(WIDTH, DIM, 1, bias=False)

    def forward(self, *maps: Tensor) -> Tensor:
        """maps: (N, channels, h, w) each, finest first."""
        views = [view(map_ / SPREAD) for view, map_ in zip(self.views, maps, strict=True)]
        seen = views.pop()
        while views:
            seen = views.pop() + F.interpolate(seen, scale_factor=2.0, mode="bilinear", align_corners=False)
        vectors: Tensor = self.told_apart(F.gelu(seen, approximate="tanh"))
        return vectors
