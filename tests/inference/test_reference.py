"""References: colours go to where the same things are seen, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

import photochrom
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption, UnreadableImage
from photochrom.images.colors import reduced_colors
from photochrom.images.read import read_picture
from photochrom.inference.palette import palette_of
from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Guess
from photochrom.inference.reference import Reference, carried, led, maps_of

EXAMPLES = Path(__file__).parents[2] / "examples"
SHEPHERD = EXAMPLES / "fsac_1a35022v_shepherd_1942.jpg"
EMIR = EXAMPLES / "pg_emir.jpg"
GREY = EXAMPLES / "migrant_mother_1936.jpg"
OPTIONS = ColorizeOptions(detail=192)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1, provider="cpu")


@pytest.fixture(scope="module")
def shepherd(colorizer: Colorizer) -> Guess:
    return colorizer.guess(read_picture(SHEPHERD), detail=192)


@pytest.fixture(scope="module")
def emir(colorizer: Colorizer) -> Reference:
    return colorizer.reference(EMIR, detail=192)


def rgb_of(path: Path) -> np.ndarray:
    return np.asarray(read_picture(path).pixels.source.open().numpy())


def error(colorizer: Colorizer, guess: Guess, *, vividness: float = 1.0) -> float:
    """Mean distance in ab from the shepherd's own colours."""
    ab = colorizer.chroma(guess, colorizer.card.rule(vividness))
    truth, _ = reduced_colors(read_picture(SHEPHERD), *ab.shape[:0:-1])
    return float(np.hypot(*(ab - truth[..., 1:].transpose(2, 0, 1))).mean())


def test_another_view_of_the_same_lends_its_colours(colorizer: Colorizer, shepherd: Guess) -> None:
    mirrored = rgb_of(SHEPHERD)[:, ::-1]
    height, width = mirrored.shape[:2]
    view = np.ascontiguousarray(mirrored[height // 8 :, : width - width // 8])
    lent = colorizer.referred(shepherd, colorizer.reference(view, detail=192))
    assert lent.carried is not None and lent.carried[2].mean() > 0.3
    assert error(colorizer, lent) < 0.7 * error(colorizer, shepherd)


def test_colours_are_lent_and_not_the_tone_alone(colorizer: Colorizer, shepherd: Guess) -> None:
    # The same picture in wrong colours: what is blue or red there must become so here, place by place.
    rgb = rgb_of(SHEPHERD)
    wrong = rgb.copy()
    half = rgb.shape[1] // 2
    grey = rgb.mean(axis=-1, keepdims=True)
    wrong[:, :half] = (grey[:, :half] * [1.0, 0.7, 0.7]).astype(np.uint8)
    wrong[:, half:] = (grey[:, half:] * [0.7, 0.75, 1.0]).astype(np.uint8)
    ab = colorizer.chroma(
        colorizer.referred(shepherd, colorizer.reference(wrong, detail=192)), colorizer.card.rule(1)
    )
    left, right = ab[:, :, : ab.shape[2] // 3], ab[:, :, -(ab.shape[2] // 3) :]
    assert left[0].mean() > right[0].mean() and left[1].mean() > 0 > right[1].mean()


def test_an_unrelated_reference_changes_little(
    colorizer: Colorizer, shepherd: Guess, emir: Reference
) -> None:
    lent = colorizer.referred(shepherd, emir)
    before, after = (colorizer.chroma(guess, colorizer.card.rule(1)) for guess in (shepherd, lent))
    assert np.hypot(*(after - before)).mean() < 2
    assert error(colorizer, lent) < error(colorizer, shepherd) + 1


@pytest.mark.parametrize(
    "source", [GREY, np.full((64, 80), 90, np.uint8), np.full((64, 80, 3), 90, np.uint8)]
)
def test_a_grey_reference_is_refused(colorizer: Colorizer, source: Path | np.ndarray) -> None:
    with pytest.raises(BadOption, match=r"reference: .* is grey: it has no colours to lend"):
        colorizer.reference(source, detail=192)


def test_what_is_transparent_lends_nothing(colorizer: Colorizer, shepherd: Guess) -> None:
    rgba = np.dstack([rgb_of(SHEPHERD), np.full(rgb_of(SHEPHERD).shape[:2], 255, np.uint8)])
    half = rgba.shape[1] // 2
    rgba[:, half:, 3] = 0
    lent = colorizer.referred(shepherd, colorizer.reference(rgba, detail=192)).carried
    assert lent is not None
    columns = lent.shape[2] // 3
    assert lent[2, :, :columns].mean() > 4 * lent[2, :, -columns:].mean()
    rgba[..., 3] = 0
    with pytest.raises(BadOption, match="is grey"):
        colorizer.reference(rgba, detail=192)


def test_files_that_are_no_pictures_are_named(colorizer: Colorizer, tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear Sir,")
    with pytest.raises(UnreadableImage, match=r"letter\.jpg"):
        colorizer.reference(letter)


def test_vividness_acts_on_what_is_lent(colorizer: Colorizer, shepherd: Guess) -> None:
    lent = colorizer.referred(shepherd, colorizer.reference(SHEPHERD, detail=192))
    chroma = [
        np.hypot(*colorizer.chroma(lent, colorizer.card.rule(vividness))).mean()
        for vividness in (0, 0.5, 1, 2)
    ]
    assert chroma[0] == 0
    assert chroma[1] < chroma[2] < chroma[3]


def test_the_palette_of_a_matching_reference_is_wished_and_one_typed_stays(
    colorizer: Colorizer, shepherd: Guess, emir: Reference
) -> None:
    same = colorizer.reference(SHEPHERD, detail=192)
    assert colorizer.referred(shepherd, same).leaning is not None
    assert colorizer.referred(shepherd, emir).leaning is None
    told = colorizer.wished(shepherd, palette_of("#8c2f2f,#d98a3a"))
    both = colorizer.referred(told, same)
    np.testing.assert_array_equal(both.logits, told.logits)
    nothing = colorizer.wished(shepherd, palette_of("#8c2f2f", strength=0))
    alone = colorizer.referred(shepherd, same)
    np.testing.assert_array_equal(colorizer.referred(nothing, same).logits, alone.logits)
    again = colorizer.wished(colorizer.hinted(both, np.zeros_like(both.carried)), palette_of("#8c2f2f"))
    np.testing.assert_array_equal(again.carried, both.carried)


def test_planes_are_hints(colorizer: Colorizer, shepherd: Guess) -> None:
    same = colorizer.reference(SHEPHERD, detail=192)
    maps = maps_of(shepherd.features, shepherd.lightness.shape[0])
    planes, matched = carried(maps, same, shepherd.features["hints"].shape[2:])
    assert 0.9 < matched <= 1 and 0 <= planes[2].min() <= planes[2].max() <= 1
    assert colorizer.hinted(shepherd, planes).logits is not None


def test_blocks_of_places_are_compared_as_one(
    colorizer: Colorizer, shepherd: Guess, emir: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = maps_of(shepherd.features, shepherd.lightness.shape[0])
    whole, matched = carried(maps, emir, (48, 64))
    monkeypatch.setattr("photochrom.inference.reference._BLOCK", 37)
    parts, again = carried(maps, emir, (48, 64))
    assert again == pytest.approx(matched, abs=1e-5)
    np.testing.assert_allclose(parts, whole, atol=1e-3)


planes_of_ab = nps.arrays(np.float32, (2, 12, 16), elements=st.floats(-100, 100, width=32))


@settings(max_examples=25, deadline=None)
@given(ab=planes_of_ab, colors=planes_of_ab, confidence=st.floats(0, 1, width=32))
def test_led_stays_between_what_was_chosen_and_what_was_lent(
    ab: np.ndarray, colors: np.ndarray, confidence: float
) -> None:
    none = np.concatenate([colors, np.zeros((1, 12, 16), np.float32)])
    np.testing.assert_array_equal(led(ab, none), ab)
    even, wanted = (np.full_like(ab, plane[0, 0, 0]) for plane in (ab, colors))
    planes = np.concatenate([wanted, np.full((1, 12, 16), confidence, np.float32)])
    result = led(even, planes)
    low, high = np.minimum(even, wanted), np.maximum(even, wanted)
    assert ((result >= low - 1e-3) & (result <= high + 1e-3)).all()
    if confidence >= 0.2:
        np.testing.assert_allclose(result, wanted, atol=1e-2)


def test_led_reaches_over_gaps_and_ends() -> None:
    ab = np.zeros((2, 40, 40), np.float32)
    planes = np.zeros((3, 20, 20), np.float32)
    planes[:, 5:8, 5:8] = np.array([30, -20, 1], np.float32)[:, None, None]
    result = led(ab, planes)
    np.testing.assert_allclose(result[:, 12, 12], [30, -20], atol=2)
    assert 3 < result[0, 12, 18] < 30
    assert not result[:, 30:, 30:].any()


def test_a_model_that_cannot_compare_refuses(colorizer: Colorizer, toy: Path, emir: Reference) -> None:
    other = object.__new__(Colorizer)
    other.card = replace(colorizer.card, hint_stride=0)
    with pytest.raises(BadOption, match="reference: flagship cannot compare pictures"):
        other.reference(EMIR)
    small = Colorizer(toy, threads=1, provider="cpu")
    with pytest.raises(BadOption, match="reference: the model has no features"):
        small.reference(EMIR)
    with pytest.raises(BadOption, match="reference: the model has no features"):
        small.referred(small.guess(read_picture(GREY)), emir)


def test_through_the_whole_pipeline(colorizer: Colorizer) -> None:
    view = np.ascontiguousarray(rgb_of(SHEPHERD)[:, ::-1])
    grey = np.ascontiguousarray(rgb_of(SHEPHERD)[..., 1])
    once = colorizer(grey, options=OPTIONS, reference=view).to_array()
    looked = colorizer(grey, options=OPTIONS, reference=colorizer.reference(view, detail=192)).to_array()
    np.testing.assert_array_equal(once, looked)
    np.testing.assert_array_equal(photochrom.colorize(grey, reference=view, detail=192), once)
    truth = srgb_to_lab(rgb_of(SHEPHERD) / 255)
    plain = colorizer(grey, options=OPTIONS).to_array()
    far, near = (np.abs(srgb_to_lab(x / 255) - truth)[..., 1:].mean() for x in (plain, once))
    assert near < 0.8 * far
