"""Colours that several tests look at."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def srgb_cube():
    """(N, 3) float64: 86³ of the 2²⁴ sRGB colours, every third value with both ends, 0…1."""
    codes = np.arange(0, 256, 3) / 255
    return np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), axis=-1).reshape(-1, 3)


@pytest.fixture(scope="session")
def some_srgb():
    """(2000, 3) float64: random sRGB colours and the eight corners of the cube."""
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(-1, 3)
    return np.concatenate([corners, np.random.default_rng(1).random((1992, 3))])
