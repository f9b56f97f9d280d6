"""Which pictures are left out, and why."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from photochrom.datasets.screen import Resemblance, difference_hash, fault

RAMP = np.linspace(0, 1, 128)[None, :, None] * np.ones((96, 1, 3))


def as_bytes(picture):
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (RAMP, "grey"),
        (RAMP * [1, 0.99, 0.98], "grey"),
        (RAMP * [0.93, 0.84, 0.72] * 0.6 + [0.2, 0.15, 0.1], "tinted"),
        (np.where(RAMP < 0.4, RAMP * [2, 0.5, 0.1], 1.0), "white ground"),
    ],
)
def test_pictures_that_teach_no_colour(picture, reason):
    assert fault(as_bytes(picture)) == reason


@pytest.mark.parametrize("seed", range(8))
def test_pictures_in_colour_are_kept(paint, seed):
    assert fault(np.asarray(paint(seed))) is None


def test_small_and_large_copies_are_judged_alike(paint):
    for side in (16, 64, 1500):
        assert fault(np.asarray(paint(3, side, side))) is None


@pytest.mark.parametrize("seed", range(6))
def test_the_same_picture_is_known_again(paint, encode, tmp_path, seed):
    apart = Resemblance([paint(n, 300, 250) for n in (seed, 100, 101)])
    file = tmp_path / "again.jpg"
    file.write_bytes(encode(paint(seed, 300, 250), quality=40))
    again = Image.open(file).convert("RGB")
    mirrored = again.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for variant in (again, mirrored, again.resize((150, 125)), ImageEnhance.Brightness(again).enhance(0.8)):
        assert variant in apart
    assert again.convert("L").convert("RGB") in apart


def test_other_pictures_are_not(paint):
    apart = Resemblance([paint(n) for n in range(50)])
    assert not any(paint(n) in apart for n in range(50, 100))


def test_nothing_resembles_nothing(paint):
    assert paint(0) not in Resemblance([])


def test_a_hash_is_the_comparison_of_neighbours():
    ramp = Image.fromarray(np.tile(np.arange(0, 180, dtype=np.uint8), (160, 1)))
    assert difference_hash(ramp).bit_count() == 64
    assert difference_hash(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 0
