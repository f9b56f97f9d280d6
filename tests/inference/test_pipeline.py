"""From a picture to a coloured picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color.gamut import in_gamut
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption, UnreadableImage
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import ColorizeOptions, Colorizer
from photochrom.inference.vividness import ColorRule

RAMP = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (200, 1))


@pytest.fixture(scope="module")
def colorizer(toy: Path) -> Colorizer:
    return Colorizer(toy, threads=1, provider="cpu")


def chroma_of(rgb: np.ndarray) -> np.ndarray:
    return np.hypot(*np.moveaxis(srgb_to_lab(rgb / np.iinfo(rgb.dtype).max)[..., 1:], -1, 0))


def test_light_places_are_warm_and_dark_ones_cold(colorizer: Colorizer) -> None:
    lab = srgb_to_lab(colorizer(RAMP).to_array() / 255)
    assert lab[100, 230, 2] > 15 and lab[100, 50, 2] < -5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_is_kept(colorizer: Colorizer, dtype: type) -> None:
    grey = RAMP if dtype == np.uint8 else RAMP.astype(np.uint16) * 257
    result = colorizer(grey).to_array()
    full = np.iinfo(dtype).max
    before = srgb_to_lab(np.repeat(grey[..., None], 3, axis=-1) / full)[..., 0]
    after = srgb_to_lab(result / full)[..., 0]
    assert result.dtype == dtype
    assert np.abs(before - after).mean() < 0.3
    assert chroma_of(result).mean() > 5


@settings(max_examples=12, deadline=None)
@given(height=st.integers(1, 90), width=st.integers(1, 400), channels=st.sampled_from([1, 2, 3, 4]))
def test_any_size_comes_back_as_it_was(colorizer: Colorizer, height: int, width: int, channels: int) -> None:
    rng = np.random.default_rng((height, width))
    pixels = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    result = colorizer(pixels).to_array()
    assert result.shape == (height, width, 4 if channels in (2, 4) else 3)
    if channels in (2, 4):
        np.testing.assert_array_equal(result[..., -1], pixels[..., -1])


def test_same_picture_same_bytes(colorizer: Colorizer, toy: Path) -> None:
    first = colorizer(RAMP).encode(".png")
    assert first == colorizer(RAMP).encode(".png")
    assert first == Colorizer(toy, threads=1, provider="cpu")(RAMP).encode(".png")


def test_vividness_0_is_exactly_neutral(colorizer: Colorizer) -> None:
    result = colorizer(RAMP, options=ColorizeOptions(vividness=0)).to_array()
    np.testing.assert_array_equal(result, np.repeat(RAMP[..., None], 3, axis=-1))


def test_chroma_rises_with_vividness(colorizer: Colorizer) -> None:
    places = (0, 0.25, 0.5, 1, 1.5, 2)
    chroma = [
        chroma_of(colorizer(RAMP, options=ColorizeOptions(vividness=v)).to_array()).mean() for v in places
    ]
    assert all(more > less for less, more in zip(chroma, chroma[1:], strict=False))


@pytest.mark.parametrize("bad", [{"vividness": -0.1}, {"vividness": 2.1}, {"detail": 16}, {"detail": 4000}])
def test_options_out_of_range_are_named(bad: dict[str, float]) -> None:
    with pytest.raises(BadOption, match=next(iter(bad))):
        ColorizeOptions(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("detail", [128, 200, 640])
def test_every_detail_runs(colorizer: Colorizer, detail: int) -> None:
    picture = read_picture(RAMP)
    guess = colorizer.guess(picture, detail=detail)
    assert guess.lightness.shape[0] % 32 == 0 and guess.lightness.shape[1] % 32 == 0
    assert guess.logits.shape == (3, *(side // 4 for side in guess.lightness.shape))


def test_small_pictures_are_looked_at_in_the_size_that_suits_the_network(colorizer: Colorizer) -> None:
    assert colorizer.guess(read_picture(RAMP[:28, :28])).lightness.shape == (256, 256)
    assert colorizer(RAMP[:28, :28]).to_array().shape == (28, 28, 3)


@settings(max_examples=20, deadline=None)
@given(tau=st.floats(0, 1), temperature=st.floats(0.05, 3), chroma=st.floats(0, 2), seed=st.integers(0, 9))
def test_chroma_is_always_inside_srgb(
    colorizer: Colorizer, tau: float, temperature: float, chroma: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64), dtype=np.uint8)
    guess = colorizer.guess(read_picture(noise))
    ab = colorizer.chroma(guess, ColorRule(tau, temperature, chroma))
    h, w = ab.shape[1:]
    lightness = guess.lightness.reshape(h, 4, w, 4).mean(axis=(1, 3))
    assert in_gamut(np.stack([lightness, *ab], axis=-1).astype(np.float64), tolerance=1e-3).all()


def test_saving_comparing_and_encoding(colorizer: Colorizer, tmp_path: Path) -> None:
    result = colorizer(RAMP)
    result.save(tmp_path / "a.png")
    result.save_comparison(tmp_path / "b.png")
    assert (read_picture(tmp_path / "a.png").width, read_picture(tmp_path / "a.png").height) == (300, 200)
    both = read_picture(tmp_path / "b.png")
    assert both.height == 200 and both.width > 600
    assert read_picture(result.encode(".jpg")).width == 300


def test_what_is_no_picture_is_named(colorizer: Colorizer, tmp_path: Path) -> None:
    file = tmp_path / "letter.jpg"
    file.write_text("Dear Sir,")
    with pytest.raises(UnreadableImage, match=r"letter\.jpg"):
        colorizer(file)


def test_a_picture_that_ends_too_soon_is_named_when_it_is_looked_at(
    colorizer: Colorizer, tmp_path: Path
) -> None:
    file = tmp_path / "short.png"
    noise = np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8)
    colorizer(noise).save(file)
    file.write_bytes(file.read_bytes()[:50_000])
    picture = read_picture(file)
    with pytest.raises(UnreadableImage, match=r"short\.png"):
        colorizer.guess(picture)


def test_a_look_of_less_than_a_step_is_refused(toy_copy: Path) -> None:
    path = toy_copy / "toy.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf8")), "stride": 160}), "utf8")
    with pytest.raises(BadOption, match="detail: 128 is not at least 160 pixels"):
        Colorizer(path, threads=1, provider="cpu").guess(read_picture(RAMP), detail=128)
