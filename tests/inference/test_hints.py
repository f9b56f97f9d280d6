"""Colours told to the model: what `Colorizer.hinted` and `hints=` promise, of the shipped model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color.difference import delta_e_2000
from photochrom.color.gamut import fit_to_gamut
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadModel, BadOption
from photochrom.hints import Hints
from photochrom.images.read import read_picture
from photochrom.inference.kinds import colorize
from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Guess
from photochrom.inference.vividness import ColorRule

DEMO = Path(__file__).parents[2] / "examples" / "migrant_mother_1936.jpg"


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1, provider="cpu")


@pytest.fixture(scope="module")
def guess(colorizer: Colorizer) -> Guess:
    return colorizer.guess(read_picture(DEMO), detail=128)


def blank(guess: Guess) -> np.ndarray:
    assert guess.logits is not None
    return np.zeros((3, *guess.logits.shape[1:]), np.float32)


@settings(max_examples=5)
@given(a=st.floats(-100, 100), b=st.floats(-100, 100))
def test_hints_without_confidence_say_nothing(colorizer: Colorizer, guess: Guess, a: float, b: float) -> None:
    hints = blank(guess)
    hints[0], hints[1] = a, b
    np.testing.assert_array_equal(colorizer.hinted(guess, hints).logits, guess.logits)


@pytest.mark.parametrize("color", [(50.0, 35.0), (-35.0, 30.0), (10.0, -50.0)])
def test_a_click_draws_colours_towards_it_there_more_than_far_away(
    colorizer: Colorizer, guess: Guess, color: tuple[float, float]
) -> None:
    hints = blank(guess)
    _, height, width = hints.shape
    y, x = height // 2, width // 2
    hints[:, y - 1 : y + 2, x - 1 : x + 2] = np.array([*color, 1], np.float32)[:, None, None]
    before, after = (colorizer.chroma(g, ColorRule()) for g in (guess, colorizer.hinted(guess, hints)))
    wanted = np.array(color)
    assert np.hypot(*(after[:, y, x] - wanted)) < np.hypot(*(before[:, y, x] - wanted)) - 1
    moved = np.hypot(*(after - before))
    assert moved[:, :3].mean() < 0.5 * moved[y, x]


def test_each_guess_stands_on_its_own(colorizer: Colorizer, guess: Guess) -> None:
    red, blue = blank(guess), blank(guess)
    red[:, 9, 9], blue[:, 9, 9] = (60, 40, 1), (0, -60, 1)
    again = colorizer.hinted(colorizer.hinted(guess, red), blue)
    np.testing.assert_array_equal(again.logits, colorizer.hinted(guess, blue).logits)
    np.testing.assert_array_equal(colorizer.hinted(again, blank(guess)).logits, guess.logits)


def test_hints_are_as_fine_as_the_card_says(toy_copy: Path) -> None:
    path = toy_copy / "toy.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf8")), "hint_stride": 16}), "utf8")
    toy = Colorizer(path, threads=1, provider="cpu")
    look = toy.guess(read_picture(np.full((96, 128), 90, np.uint8)))
    height, width = look.lightness.shape
    assert look.logits is not None and look.logits.shape[1:] == (height // 4, width // 4)
    assert toy.hinted(look, np.zeros((3, height // 16, width // 16), np.float32)).logits is not None
    with pytest.raises(BadOption, match=f"not \\(3, {height // 16}, {width // 16}\\)"):
        toy.hinted(look, blank(look))


def test_what_the_encoder_sees_apart_shares_less_of_a_hint(
    toy_copy: Path, give_kin: Callable[..., None]
) -> None:
    """Two shades, half of the picture each: where `kin` is lightness, a hint keeps to its own."""
    samples = np.full((64, 64), 110, np.uint8)
    samples[:, 32:] = 122
    hints = np.zeros((3, 16, 16), np.float32)
    hints[:, 8, 4] = (10, 10, 1)
    shared = []
    for kin in (0, 4):
        give_kin(toy_copy, kin)
        colorizer = Colorizer(toy_copy, threads=1)
        guess = colorizer.guess(read_picture(samples), detail=128)
        planes = np.kron(hints, np.ones((1, 2, 2), np.float32))
        before, after = (colorizer.chroma(g, ColorRule()) for g in (guess, colorizer.hinted(guess, planes)))
        moved = np.hypot(*(after - before))
        shared.append(moved[:, 24:].mean() / moved[:, :8].mean())
    assert shared[1] < 0.1 * shared[0] < 0.1


def test_kinship_on_another_grid_is_refused(toy_copy: Path, give_kin: Callable[..., None]) -> None:
    give_kin(toy_copy, 8)
    with pytest.raises(BadModel, match=r"toy\.json: the encoder gives kin on another grid"):
        Colorizer(toy_copy, threads=1).guess(read_picture(DEMO))


def test_what_is_no_hint_is_refused(colorizer: Colorizer, guess: Guess) -> None:
    hints = blank(guess)
    with pytest.raises(BadOption, match="hints: of shape"):
        colorizer.hinted(guess, hints[:, 1:])
    for plane, value in ((0, np.nan), (2, 1.5), (2, -0.5), (2, np.nan)):
        wrong = hints.copy()
        wrong[plane, 3, 3] = value
        with pytest.raises(BadOption, match="hints: must be finite"):
            colorizer.hinted(guess, wrong)


def lab_of(result) -> np.ndarray:
    return srgb_to_lab(result.to_array()[..., :3] / np.float32(255))


PLACES = {
    "blouse": ("29%", "80%"),
    "forehead": ("45%", "17%"),
    "hair": ("34%", "22%"),
    "background": ("80%", "4%"),
    "lap": ("60%", "92%"),
}


@pytest.mark.parametrize("color", ["#8c2f2f", "#2f4f8c", "#3c7d3c", "#c9b36a", "grey", "#ff00ff"])
@pytest.mark.parametrize("place", PLACES)
def test_a_hint_changes_its_place_to_the_colour_asked_for(
    colorizer: Colorizer, place: str, color: str
) -> None:
    """ΔE2000 below 5 from what the lightness there allows, of what is saved at full size."""
    x, y = PLACES[place]
    result = colorizer(DEMO, hints=Hints().point(x, y, color, radius="2%"))
    lab = lab_of(result)
    height, width = lab.shape[:2]
    row, column = int(float(y[:-1]) / 100 * height), int(float(x[:-1]) / 100 * width)
    patch = lab[row - 5 : row + 6, column - 5 : column + 6]
    wanted = patch.copy()
    codes = (128, 128, 128) if color == "grey" else list(bytes.fromhex(color[1:]))
    wanted[..., 1:] = srgb_to_lab(np.array(codes) / 255)[1:]
    assert delta_e_2000(patch, fit_to_gamut(wanted)).mean() < 5


@pytest.mark.parametrize("vividness", [0.0, 2.0])
def test_hints_are_obeyed_at_any_vividness(colorizer: Colorizer, vividness: float) -> None:
    hints = Hints().point("29%", "80%", "#8c2f2f", radius="2%")
    lab = lab_of(colorizer(DEMO, options=ColorizeOptions(vividness=vividness), hints=hints))
    patch = lab[round(0.8 * len(lab)), round(0.29 * lab.shape[1])]
    wanted = np.array([patch[0], *srgb_to_lab(np.array([0x8C, 0x2F, 0x2F]) / 255)[1:]])
    assert delta_e_2000(patch, fit_to_gamut(wanted)) < 5


def test_no_hint_is_automatic(colorizer: Colorizer) -> None:
    plain = colorizer(DEMO).to_array()
    for none in (None, Hints()):
        result = colorizer(DEMO, hints=none)
        assert result.unmet == ()
        np.testing.assert_array_equal(result.to_array(), plain)


def test_the_same_hints_give_the_same_bytes(colorizer: Colorizer) -> None:
    hints = Hints().point("29%", "80%", "#8c2f2f").stroke([(300, 100), (400, 180)], "grey")
    first, again = (colorizer(DEMO, hints=hints).to_array() for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_hints_cover_in_their_order(colorizer: Colorizer) -> None:
    red, blue = (Hints().point("29%", "80%", color, radius="2%") for color in ("#8c2f2f", "#2f4f8c"))
    np.testing.assert_array_equal(
        colorizer(DEMO, hints=red + blue).to_array(), colorizer(DEMO, hints=blue).to_array()
    )


def test_all_of_it_grey(colorizer: Colorizer) -> None:
    lab = lab_of(colorizer(DEMO, hints=Hints().rectangle("0%", "0%", "100%", "100%", "grey")))
    assert np.abs(lab[..., 1:]).max() < 1


def test_a_colour_that_cannot_be_met_is_reported(colorizer: Colorizer) -> None:
    hints = Hints().point("29%", "80%", "#8c2f2f").point("60%", "92%", "#0000ff")
    (unmet,) = colorizer(DEMO, hints=hints).unmet
    assert (unmet.hint, unmet.asked) == (2, "#0000ff")
    assert unmet.difference > 5


def test_the_one_call_warns_of_it() -> None:
    white = np.full((48, 64), 245, np.uint8)
    with pytest.warns(UserWarning, match=r"hint 1 \(point\): #0000ff does not exist at the lightness"):
        colorize(white, hints=Hints().point(3, 3, "#0000ff"))


def test_hints_outside_the_picture_are_refused(colorizer: Colorizer) -> None:
    with pytest.raises(BadOption, match=r"hint 1 \(point\): x 792 is outside the picture of 792×1024"):
        colorizer(DEMO, hints=Hints().point(792, 3, "red"))


def test_hints_through_the_one_call() -> None:
    grey = np.tile(np.linspace(60, 200, 64, dtype=np.uint8), (48, 1))
    told = colorize(grey, hints=Hints().point("50%", "50%", "#3c7d3c", radius="20%"))
    middle = srgb_to_lab(told[24, 32] / np.float32(255))
    assert middle[1] < -15


def test_a_model_that_takes_no_hints_says_so(toy: Path) -> None:
    deaf = Colorizer(toy / "toy.json", threads=1, provider="cpu")
    deaf.card = replace(deaf.card, hint_stride=0)
    with pytest.raises(BadOption, match="hints: toy takes none"):
        deaf(np.full((96, 128), 90, np.uint8), hints=Hints().point(1, 1, "red"))
