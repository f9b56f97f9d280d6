"""Small pictures in colour, made here."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

torch.set_num_threads(1)


def painted(seed, width=96, height=80):
    """Smooth blobs of vivid colour; every seed another picture."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (5, 6, 3), np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def encoded(image, form="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def paint():
    return painted


@pytest.fixture(scope="session")
def encode():
    return encoded


@pytest.fixture
def folder(tmp_path):
    """A folder "holiday" of twelve pictures, two of them one level down."""
    top = tmp_path / "holiday"
    (top / "more").mkdir(parents=True)
    for i in range(12):
        place = top / "more" if i % 6 == 5 else top
        painted(i).save(place / f"p{i:02d}.{'jpg' if i % 2 else 'png'}")
    return top
