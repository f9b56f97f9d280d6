"""Where a hint would help most: torn places first, none twice, with colours that can be told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color.bins import gamut_bins
from photochrom.color.difference import delta_e_2000
from photochrom.color.gamut import in_gamut
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption
from photochrom.hints.led import NOISE
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import Colorizer, Result
from photochrom.inference.reach import Doubt, Grid, doubt_of, places_to_ask
from photochrom.inference.suggest import MOST_SUGGESTIONS, candidates
from photochrom.inference.upsample import plain_coefficients
from photochrom.inference.vividness import ColorRule

DEMO = Path(__file__).parents[2] / "examples" / "migrant_mother_1936.jpg"


@pytest.fixture(scope="module")
def shipped() -> Colorizer:
    return Colorizer(threads=1, provider="cpu")


@pytest.fixture(scope="module")
def result(shipped: Colorizer) -> Result:
    picture = read_picture(DEMO)
    return shipped.paint(picture, shipped.guess(picture, detail=128), ColorRule())


@given(st.integers(1, 200), st.integers(1, 200))
def test_a_grid_covers_every_place_once(height: int, width: int) -> None:
    grid = Grid.over(height, width)
    assert 1 <= grid.rows * grid.columns <= 1500
    assert (grid.rows - 1) * grid.side < height <= grid.rows * grid.side
    assert (grid.columns - 1) * grid.side < width <= grid.columns * grid.side
    flat = grid.means(np.full((2, height, width), 7, np.float32))
    assert flat.shape == (2, grid.rows * grid.columns) and (flat == 7).all()


def test_cells_are_means() -> None:
    plane = np.arange(100 * 60, dtype=np.float32).reshape(1, 100, 60)
    grid = Grid.over(100, 60)
    assert grid.side == 2 and grid.means(plane)[0, 31] == plane[0, 2:4, 2:4].mean()
    assert grid.centers()[31].tolist() == [3, 3]


def test_what_is_told_leaves_less_to_doubt_near_and_alike(result: Result) -> None:
    error = np.full(result.confidence.shape, 10, np.float32)
    bins, first = result.card.bins, result.guess
    free = doubt_of(first, bins, error)
    assert free.left == pytest.approx(1, abs=1e-3) and not len(free.known)
    hints = np.zeros((3, *error.shape), np.float32)
    hints[2, 9, 7] = 1
    told = doubt_of(replace(first, hints=hints, unhinted=first), bins, error)
    cell = int(told.known[0])
    assert told.centers[cell] * min(error.shape) == pytest.approx([9, 7], abs=told.grid.side)
    assert told.left[cell] == pytest.approx(np.sqrt(1 - 1 / (1 + NOISE)), abs=0.01) == told.left.min()
    assert (told.left <= 1).all() and told.left.mean() < free.left.mean()
    near = np.hypot(*(told.centers - told.centers[cell]).T) < 0.1
    assert told.left[near].mean() < told.left[~near].mean()
    hints[2, 9, 7] = 0.2
    unsure = doubt_of(replace(first, hints=hints, unhinted=first), bins, error)
    assert told.left[cell] < unsure.left[cell] < 1


def doubt(kinds: np.ndarray, error: list[float], known: list[int]) -> Doubt:
    """Cells in a row, each a fifth of the short side from the next; those of one kind err alike."""
    alike = np.where(kinds[:, None] == kinds, 0.99, 0).astype(np.float32)
    np.fill_diagonal(alike, 1)
    sigma = np.array(error, np.float32)
    shared = alike * sigma[:, None] * sigma
    for cell in known:
        shared = shared - np.outer(shared[cell], shared[cell]) / (shared[cell, cell] * 1.05)
    centers = np.stack([np.zeros(len(kinds)), np.arange(len(kinds)) / 5], axis=-1)
    return Doubt(Grid(1, 1, len(kinds)), sigma, centers, shared, np.array(known, np.int64))


def test_those_that_are_wrong_together_are_asked_once() -> None:
    """Six places of one kind, three of another that is less sure, one alone: each kind, then repeats."""
    kinds = np.array([0] * 6 + [1] * 3 + [2])
    error = [10.0] * 6 + [11] * 3 + [15]
    asked = places_to_ask(doubt(kinds, error, []), 10)
    assert [kinds[one.cell] for one in asked[:3]] == [0, 1, 2]
    assert sorted(one.cell for one in asked) == list(range(10))
    assert [one.area for one in asked[:3]] == pytest.approx([0.6, 0.3, 0.1])
    assert [kinds[one.cell] for one in places_to_ask(doubt(kinds, error, [2, 9]), 1)] == [1]


def test_places_lie_apart_and_end_when_there_is_no_room() -> None:
    ones = np.ones(8, np.float32)
    centers = np.stack([np.zeros(8), np.arange(8) / 20], axis=-1)
    free = Doubt(Grid(1, 1, 8), ones, centers, np.eye(8, dtype=np.float32), np.array([], np.int64))
    cells = sorted(one.cell for one in places_to_ask(free, 8))
    assert 3 <= len(cells) <= 4 and np.diff(cells).min() >= 2
    assert 4 not in [one.cell for one in places_to_ask(replace(free, known=np.array([3])), 8)]


@settings(max_examples=25)
@given(st.integers(0, 99), st.floats(0, 100), st.floats(0.5, 6))
def test_candidates_are_shown_colours_of_that_lightness_and_differ(
    seed: int, lightness: float, sure: float
) -> None:
    bins = gamut_bins()
    share = np.exp(np.random.default_rng(seed).normal(0, sure, len(bins)))
    found = candidates((share / share.sum()).astype(np.float32), bins, lightness)
    assert 1 <= len(found) <= 5
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
    assert sum(one.probability for one in found) <= 1.001
    lab = np.array([[lightness, *one.ab] for one in found])
    assert in_gamut(lab, tolerance=1e-3).all()
    for i, one in enumerate(lab):
        for other in lab[:i]:
            assert delta_e_2000(one, other) > 8.99
    written = [srgb_to_lab(np.frombuffer(bytes.fromhex(one.color[1:]), np.uint8) / 255) for one in found]
    assert np.abs(np.array(written) - lab).max() < 3


def test_candidates_of_two_clear_colours() -> None:
    bins = gamut_bins()
    share = np.zeros(len(bins), np.float32)
    share[np.hypot(*(bins.centers - (50, 40)).T).argmin()] = 0.3
    share[np.hypot(*(bins.centers - (0, -40)).T).argmin()] = 0.7
    blue, red = candidates(share, bins, 45)
    assert (blue.probability, red.probability) == pytest.approx((0.7, 0.3))
    assert blue.ab == pytest.approx((0, -40), abs=1e-3) and red.ab == pytest.approx((50, 40), abs=1e-3)
    assert len(candidates(share, bins, 0)) == 1


def test_suggestions_of_the_shipped_model(result: Result) -> None:
    found = result.suggest(8)
    assert len(found) == 8
    assert found == result.suggest(8) and found[:3] == result.suggest(3)
    for one in found:
        assert 0 <= one.x < result.picture.width and 0 <= one.y < result.picture.height
        assert 2 <= len(one.colors) <= 5 and 0 < one.area < 1
    short = min(result.picture.width, result.picture.height)
    for i, one in enumerate(found):
        assert all(np.hypot(one.x - other.x, one.y - other.y) >= short / 16 - 2 for other in found[:i])


def test_what_was_told_is_not_asked_again(shipped: Colorizer, result: Result) -> None:
    first = result.suggest(1)[0]
    hints = np.zeros_like(result.guess.features["hints"][0])
    h, w = hints.shape[1:]
    y, x = first.y * h // result.picture.height, first.x * w // result.picture.width
    hints[:, y, x] = *first.colors[-1].ab, 1
    told = shipped.paint(result.picture, shipped.hinted(result.guess, hints), ColorRule())
    again = told.suggest(5)
    assert told.confidence[y, x] < 0.4 * result.confidence[y, x]
    assert told.confidence.mean() < result.confidence.mean()
    short = min(result.picture.width, result.picture.height)
    assert all(np.hypot(one.x - first.x, one.y - first.y) >= short / 16 - 8 for one in again)


@pytest.mark.parametrize("count", [0, -1, MOST_SUGGESTIONS + 1])
def test_a_count_out_of_range_is_named(result: Result, count: int) -> None:
    with pytest.raises(BadOption, match="suggest: must lie in 1…50"):
        result.suggest(count)


def test_a_count_that_is_no_whole_number_is_named(result: Result) -> None:
    with pytest.raises(BadOption, match="suggest: must be a whole number"):
        result.suggest("3")  # type: ignore[arg-type]


def test_without_a_model_behind_them_colours_have_no_suggestions(result: Result) -> None:
    chroma = np.zeros((2, 3, 4), np.float32)
    bare = Result(result.picture, chroma, plain_coefficients(chroma), "elsewhere")
    with pytest.raises(BadOption, match="elsewhere takes no hints"):
        bare.suggest(3)


def test_small_pictures_have_room_for_fewer(shipped: Colorizer) -> None:
    tiny = shipped(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4)
    places = [(one.x, one.y) for one in tiny.suggest(50)]
    assert places and len(set(places)) == len(places)
    assert all(0 <= x < 8 and 0 <= y < 8 for x, y in places)
