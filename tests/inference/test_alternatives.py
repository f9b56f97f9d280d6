"""Alternatives: the automatic colouring first, then others that differ, likely and coherent."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from photochrom.color.bins import gamut_bins
from photochrom.color.difference import delta_e_2000
from photochrom.color.gamut import in_gamut
from photochrom.errors import BadOption, OutputExists
from photochrom.hints import Hints
from photochrom.images.read import read_picture
from photochrom.images.sheet import contact_sheet
from photochrom.inference.alternatives import alternatives
from photochrom.inference.card import ModelCard
from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Guess, Result
from photochrom.inference.result import save_sheet
from photochrom.inference.weights import find_model

DEMO = Path(__file__).parents[2] / "examples" / "wright_first_flight_1903.jpg"
LEAST = 2.5


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return Colorizer(threads=1, provider="cpu")


@pytest.fixture(scope="module")
def found(shipped: Colorizer) -> list[Result]:
    return shipped.alternatives(DEMO, 4, options=ColorizeOptions(detail=128))


def torn_square(likely: float) -> tuple[Guess, np.ndarray, ModelCard]:
    """A square, blue or else red, on a ground that is surely grey; seen with nothing but its distribution."""
    card, bins = find_model("flagship"), gamut_bins()
    card = ModelCard(**{**vars(card), "bins": bins, "prior": np.full(len(bins), 1 / len(bins))})
    blue, red, gray = (np.hypot(*(bins.centers - ab).T).argmin() for ab in ((0, -40), (50, 40), (0, 0)))
    share = np.full((len(bins), 32, 48), 1e-6, np.float32)
    share[gray] = 1
    share[:, 8:24, 10:30] = 1e-6
    share[blue, 8:24, 10:30], share[red, 8:24, 10:30] = likely, 1 - likely
    lightness = np.full((128, 192), 50, np.float32)
    guess = Guess(lightness, {}, logits=np.log(share))
    chroma = np.zeros((2, 32, 48), np.float32)
    chroma[:, 8:24, 10:30] = np.array([[[0]], [[-40]]])
    return guess, chroma, card


def test_the_torn_part_alone_gets_its_other_colour_as_a_whole() -> None:
    guess, chroma, card = torn_square(0.7)
    found = alternatives(guess, chroma, card, 5)
    assert len(found) == 2 and found[0] is chroma
    square = found[1][:, 10:22, 12:28]
    assert np.abs(square - np.array([50, 40])[:, None, None]).max() < 3
    ground = np.ones((32, 48), bool)
    ground[6:26, 8:32] = False
    assert np.abs(found[1][:, ground]).max() < 0.5


def test_what_is_sure_has_no_alternative() -> None:
    guess, chroma, card = torn_square(1.0 - 1e-6)
    assert len(alternatives(guess, chroma, card, 5)) == 1


def test_what_was_told_keeps_its_colour() -> None:
    guess, chroma, card = torn_square(0.7)
    hints = np.zeros((3, 32, 48), np.float32)
    hints[:, 8:24, 10:30] = np.array([0, -40, 1])[:, None, None]
    told = replace(guess, hints=hints, unhinted=guess)
    assert len(alternatives(told, chroma, card, 5)) == 1


def test_what_a_reference_lends_keeps_its_colour() -> None:
    guess, chroma, card = torn_square(0.7)
    planes = np.zeros((3, 16, 24), np.float32)
    planes[:, 4:12, 5:15] = np.array([0, -40, 1])[:, None, None]
    assert len(alternatives(guess, chroma, card, 5)) > 1
    assert len(alternatives(replace(guess, carried=planes), chroma, card, 5)) == 1


def test_the_first_is_what_a_call_gives(shipped: Colorizer, found: list[Result]) -> None:
    automatic = shipped(DEMO, options=ColorizeOptions(detail=128))
    np.testing.assert_array_equal(found[0].chroma, automatic.chroma)
    assert found[0].encode(".png") == automatic.encode(".png")


def test_any_two_differ_visibly_and_are_inside_srgb(found: list[Result]) -> None:
    assert 2 <= len(found) <= 4
    h, w = found[0].chroma.shape[1:]
    lightness = found[0].guess.lightness.reshape(h, 4, w, 4).mean(axis=(1, 3))
    lab = [np.stack([lightness, *result.chroma], axis=-1) for result in found]
    for one, other in combinations(lab, 2):
        # Told apart on a grid that may be coarser.
        assert delta_e_2000(one, other).mean() > 0.9 * LEAST
    assert all(in_gamut(one.astype(np.float64), tolerance=1e-3).all() for one in lab)


def test_the_same_picture_gives_the_same(shipped: Colorizer, found: list[Result]) -> None:
    again = shipped.alternatives(DEMO, 4, options=ColorizeOptions(detail=128))
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one.chroma, other.chroma)
    fewer = shipped.alternatives(DEMO, 2, options=ColorizeOptions(detail=128))
    np.testing.assert_array_equal(fewer[1].chroma, found[1].chroma)


def test_alternatives_are_no_patchwork(found: list[Result]) -> None:
    """Where the first is smooth the change is smooth too: no step between neighbours stands out from it."""
    for result in found[1:]:
        change = result.chroma - found[0].chroma
        steps = np.concatenate([np.hypot(*np.diff(change, axis=axis)).ravel() for axis in (1, 2)])
        assert steps.mean() < 0.12 * np.hypot(*change).max()


def test_without_vividness_there_is_one_grey_picture(shipped: Colorizer) -> None:
    options = ColorizeOptions(detail=128, vividness=0)
    assert len(shipped.alternatives(DEMO, 4, options=options)) == 1


@pytest.mark.parametrize("count", [0, 13])
def test_a_count_out_of_range_is_named(shipped: Colorizer, count: int) -> None:
    with pytest.raises(BadOption, match="alternatives: must lie in 1…12"):
        shipped.alternatives(DEMO, count, options=ColorizeOptions(detail=128))


@pytest.mark.parametrize("count", [1.5, "4", None])
def test_a_count_that_is_no_whole_number_is_named(shipped: Colorizer, count: object) -> None:
    with pytest.raises(BadOption, match="alternatives: must be a whole number"):
        shipped.alternatives(DEMO, count, options=ColorizeOptions(detail=128))  # type: ignore[arg-type]


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="results: there are none"):
        save_sheet([], tmp_path / "sheet.png")


def test_with_a_hint_each_has_a_confidence_of_its_own(shipped: Colorizer) -> None:
    options, hints = ColorizeOptions(detail=128), Hints().point("2%", "2%", "#8c2f2f")
    first, second = shipped.alternatives(DEMO, 2, options=options, hints=hints)
    assert second.confidence.mean() > first.confidence.mean() + 0.1


def test_a_sheet_has_room_for_each(found: list[Result], tmp_path: Path) -> None:
    save_sheet(found, tmp_path / "sheet.png")
    sheet = read_picture(tmp_path / "sheet.png")
    across, down = (2, 2) if len(found) > 2 else (2, 1)
    own = found[0].picture
    scale = min(1, 720 / max(own.width, own.height))
    assert sheet.width == pytest.approx(across * own.width * scale + 8 * (across - 1), abs=2)
    assert sheet.height == pytest.approx(down * own.height * scale + 8 * (down - 1), abs=2)
    with pytest.raises(OutputExists):
        save_sheet(found, tmp_path / "sheet.png")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_sheets_stand_on_white_in_8_bits(dtype: type) -> None:
    full = np.iinfo(dtype).max
    rgba = np.zeros((10, 20, 4), dtype)
    rgba[..., 0] = full
    rgba[:5, :, 3] = full
    image = read_picture(rgba).pixels.source.open()
    sheet = contact_sheet([image, image, image]).numpy()
    assert sheet.shape == (28, 48, 3) and sheet.dtype == np.uint8
    assert sheet[2, 2].tolist() == [255, 0, 0] and sheet[8, 2].tolist() == [255, 255, 255]
    assert (sheet[10:18] == 255).all() and (sheet[:, 20:28] == 255).all()
