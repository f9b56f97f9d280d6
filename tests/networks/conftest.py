"""Networks small enough for a test: the real trunk, a narrow decoder."""

import pytest
import torch

from photochrom.color.bins import gamut_bins
from photochrom.networks.flagship import Flagship

torch.set_num_threads(1)


@pytest.fixture
def tiny():
    """A Flagship of 20 bins whose head is random, since one of zeros lets nothing through."""
    torch.manual_seed(0)
    centers = torch.tensor(gamut_bins().centers[:20].tolist())
    network = Flagship(centers=centers, dim=32, blocks=1, widths=(16, 16))
    torch.nn.init.normal_(network.decoder.head.weight, std=0.1)
    return network.eval()


@pytest.fixture
def asked():
    """Inputs of a size: lightness, hints of one click, wishes that are all given."""

    def make(height, width, *, count=1, bins=20):
        generator = torch.Generator().manual_seed(height * width)
        lightness = torch.rand((count, 1, height, width), generator=generator) * 100
        hints = torch.zeros(count, 3, height // 4, width // 4)
        hints[:, :, 2, 3] = torch.tensor([40.0, -20.0, 1.0])
        return lightness, hints, torch.full((count, bins + 3), 1 / bins)

    return make
