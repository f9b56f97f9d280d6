"""Colours told to the model: what `Colorizer.hinted` promises, of the shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.errors import BadOption
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import Colorizer, Guess
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


def test_what_is_no_hint_is_refused(colorizer: Colorizer, guess: Guess) -> None:
    hints = blank(guess)
    with pytest.raises(BadOption, match="hints: of shape"):
        colorizer.hinted(guess, hints[:, 1:])
    for plane, value in ((0, np.nan), (2, 1.5), (2, -0.5), (2, np.nan)):
        wrong = hints.copy()
        wrong[plane, 3, 3] = value
        with pytest.raises(BadOption, match="hints: must be finite"):
            colorizer.hinted(guess, wrong)
