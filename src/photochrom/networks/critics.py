"""CRITICS: networks that tell a generator's pictures from true ones.

Each takes (N, channels, H, W), what is given and what is coloured stacked, and gives logits of any
shape: one a picture, or one a patch.
"""

from __future__ import annotations

from torch import Tensor, nn

from photochrom.networks.network import Network


class PatchGan(nn.Module):
    """x: (N, channels, H, W) → logits (N, 1, H/8 − 2, W/8 − 2), each of a patch of 70×70 pixels."""

    def __init__(self, *, channels: int = 3, filters: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
        for stride in (2, 2, 1):
            layers += [
                nn.Conv2d(filters, 2 * filters, 4, stride, 1, bias=False),
                nn.BatchNorm2d(2 * filters),
                nn.LeakyReLU(0.2),
            ]
            filters *= 2
        self.layers = nn.Sequential(*layers, nn.Conv2d(filters, 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.layers(x)
        return logits


class WassersteinCritic(nn.Module):
    """x: (N, channels, H, W) → one unbounded figure a picture, (N, 1)."""

    def __init__(self, *, channels: int = 3, filters: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
        for _ in range(3):
            layers += [
                nn.Conv2d(filters, 2 * filters, 4, 2, 1),
                nn.InstanceNorm2d(2 * filters),
                nn.LeakyReLU(0.2),
            ]
            filters *= 2
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(filters, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        figure: Tensor = self.head(self.layers(x).mean((2, 3)))
        return figure


_ROWS: tuple[Network[nn.Module], ...] = (
    Network(
        name="patchgan",
        build=PatchGan,
        summary="Judges patches of 70×70 pixels.",
        source="Isola et al. 2017, arXiv 1611.07004",
        published=(({}, 2_765_633),),
        small={"filters": 8},
    ),
    Network(
        name="wasserstein-critic",
        build=WassersteinCritic,
        summary="Judges whole pictures; each is normalised by itself, as gradient penalties want.",
        source="salim-benhamadi/Pix2Pix-Image-Colorization-with-Conditional-WGAN",
        published=(({}, 2_757_057),),
        small={"filters": 8},
    ),
)

CRITICS: dict[str, Network[nn.Module]] = {row.name: row for row in _ROWS}
