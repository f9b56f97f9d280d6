"""Faded pictures: the network is shown full contrast, the result keeps its lightness unless told not to."""

import json
from pathlib import Path

import numpy as np
import pytest

from photochrom import ColorizeOptions, Colorizer
from photochrom.color.srgb import srgb_to_lab
from photochrom.images import read_picture

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def sound():
    """A black-and-white photograph of full contrast, uint8."""
    lightness = read_picture(EXAMPLES / "saratoga_broadway_c1910.jpg").thumbnail(256, multiple=32)
    low, high = np.percentile(lightness, [1, 99])
    return np.rint((lightness - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def faded(sound):
    return (90 + sound * 0.4).astype(np.uint8)


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(threads=1)


def lightness_of(picture):
    return srgb_to_lab(picture / 255)[..., 0]


def test_a_faded_picture_is_seen_as_the_sound_one(colorizer, sound, faded):
    here, there = (colorizer.guess(read_picture(each)).features["s16"] for each in (sound, faded))
    assert np.abs(here - there).mean() < 0.25 * np.abs(here).mean()


def test_its_lightness_stays(colorizer, faded):
    result = colorizer(faded).to_array()
    grey = np.repeat(faded[..., None], 3, axis=2)
    assert np.abs(lightness_of(result) - lightness_of(grey)).mean() < 0.3


def test_restored_tones_have_full_contrast(colorizer, faded):
    restored = colorizer(faded, options=ColorizeOptions(restore_tones=True)).to_array()
    low, high = np.percentile(lightness_of(restored), [0.5, 99.5])
    assert low == pytest.approx(3, abs=2)
    assert high == pytest.approx(97, abs=2)
    order = np.argsort(faded.ravel()[::97])
    assert (np.diff(lightness_of(restored).ravel()[::97][order]) > -1).all()


def test_a_sound_picture_is_not_restored(colorizer, sound):
    plain = colorizer(sound).to_array()
    restored = colorizer(sound, options=ColorizeOptions(restore_tones=True)).to_array()
    np.testing.assert_array_equal(plain, restored)


def test_a_comparison_shows_the_picture_as_it_came(colorizer, faded, tmp_path):
    result = colorizer(faded, options=ColorizeOptions(restore_tones=True))
    result.save_comparison(tmp_path / "both.png")
    both = read_picture(tmp_path / "both.png").pixels.source.open().numpy()
    np.testing.assert_array_equal(both[:, : faded.shape[1], 0], faded)


def test_a_card_decides(toy_copy):
    card = json.loads((toy_copy / "toy.json").read_text("utf8"))
    ramp = np.tile(np.linspace(100, 140, 128).astype(np.uint8), (128, 1))
    for full_contrast, spread in ((False, 20), (True, 60)):
        (toy_copy / "toy.json").write_text(json.dumps({**card, "full_contrast": full_contrast}), "utf8")
        seen = Colorizer(toy_copy / "toy.json").guess(read_picture(ramp)).features["s4"]
        assert (np.ptp(seen) > 40) == (spread > 40)
