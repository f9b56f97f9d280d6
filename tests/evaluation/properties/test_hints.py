"""Clicks go where they should, say what they should, and are counted right."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.evaluation.metrics.fidelity import psnr
from photochrom.evaluation.properties.hints import (
    CLICKS,
    gather,
    hint_planes,
    measure,
    patch_side,
    random_places,
    suggested_places,
)
from photochrom.evaluation.rendered import Rendered, gray_of
from photochrom.evaluation.scene import Scene
from photochrom.images.read import read_picture

SIZES = st.integers(12, 90)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_click_is_6_pixels_of_256() -> None:
    assert [patch_side(*size) for size in [(256, 256), (512, 900), (900, 128), (8, 8)]] == [6, 12, 3, 1]


def test_a_click_fills_the_cells_whose_centres_it_covers_with_its_mean_color() -> None:
    ab = np.random.default_rng(0).normal(0, 40, (256, 256, 2)).astype(np.float32)
    planes = hint_planes(ab, np.array([[0, 0], [101, 50]]), (64, 64))
    # Rows 0…5 hold the centre of cell 0 alone, at 2; 101…106 those of 25 and 26, at 102 and 106;
    # columns 50…55 those of 12 and 13, at 50 and 54.
    assert np.argwhere(planes[2]).tolist() == [[0, 0], [25, 12], [25, 13], [26, 12], [26, 13]]
    assert planes[:2, 0, 0] == pytest.approx(ab[:6, :6].mean((0, 1)), abs=1e-4)
    assert planes[:2, 26, 12] == pytest.approx(ab[101:107, 50:56].mean((0, 1)), abs=1e-4)
    assert not planes[:2, planes[2] == 0].any()


@given(SIZES, SIZES, st.integers(3, 30), st.integers(3, 30))
def test_every_click_is_told_wherever_it_is(height: int, width: int, h: int, w: int) -> None:
    ab = np.full((height, width, 2), (20.0, -30.0), np.float32)
    for place in random_places(Rendered(noise(height, width)), 5):
        planes = hint_planes(ab, place[np.newaxis], (h, w))
        told = planes[2] > 0
        assert told.any()
        np.testing.assert_allclose(planes[:, told].T, np.tile([20, -30, 1], (told.sum(), 1)), atol=1e-4)


@given(SIZES, SIZES)
def test_random_places_lie_inside_and_are_the_picture_s_own(height: int, width: int) -> None:
    places = random_places(Rendered(noise(height, width)), 50)
    side = patch_side(height, width)
    assert places.shape == (50, 2)
    assert (places >= 0).all()
    assert (places + side <= [height, width]).all()
    assert (places == random_places(Rendered(noise(height, width)), 50)).all()
    assert (places != random_places(Rendered(noise(height, width, seed=1)), 50)).any()


def test_random_places_gather_round_the_centre() -> None:
    places = random_places(Rendered(noise(100, 200)), 2000)
    assert places.mean(axis=0) == pytest.approx([49, 99], abs=4)
    # A normal one of a quarter of the side, cut at two deviations: 0.48 of it stays within 0.64.
    assert (np.abs(places - [49, 99]) < [16, 32]).all(axis=1).mean() == pytest.approx(0.48**2, abs=0.05)


def test_suggested_places_are_corners_of_patches_inside(listener) -> None:
    model = listener(logits=lambda lightness: np.random.default_rng(0).normal(size=(309, 16, 24)))
    guess = model.guess(read_picture(noise(64, 96)))
    places = suggested_places(model, guess, 50, (64, 96))
    assert places.shape == (50, 2)
    assert (places >= 0).all()
    assert (places + patch_side(64, 96) <= [64, 96]).all()
    apart = np.hypot(*(places[:, np.newaxis] - places).transpose(2, 0, 1))
    apart[np.diag_indices(50)] = np.inf
    # 1/16 of the short side, and less than a pixel of each is rounded off.
    assert apart.min() >= 64 / 16 - 2


def test_a_model_that_listens_comes_right(listener, plain, halves: Scene) -> None:
    result = measure(listener(reach=100), halves, plain)
    gray = psnr(gray_of(read_picture(halves.source)), halves.truth)
    assert len(result["random"]) == len(result["asked"]) == len(CLICKS)
    assert result["random"][0] == result["asked"][0] == pytest.approx(gray, abs=0.01)
    assert result["random"][-1] > gray + 10


@pytest.mark.parametrize("hint_stride", [2, 8, 16])
def test_hints_are_as_fine_as_the_card_says_and_not_as_the_answer(
    listener, plain, halves: Scene, hint_stride: int
) -> None:
    model = listener(reach=100, hint_stride=hint_stride)
    result = measure(model, halves, plain)
    assert {hints.shape for hints in model.told} == {(3, 64 // hint_stride, 64 // hint_stride)}
    assert result["random"][-1] > result["random"][0] + 5


def test_a_deaf_one_does_not(listener, plain, halves: Scene) -> None:
    deaf = listener()
    deaf.hinted = lambda guess, hints: guess
    result = measure(deaf, halves, plain)
    assert len(set(result["random"] + result["asked"])) == 1


def test_more_clicks_include_the_fewer(listener, plain, halves: Scene) -> None:
    model = listener(reach=3)
    measure(model, halves, plain)
    count = len(CLICKS) - 1
    for curve in (model.told[:count], model.told[count:]):
        for fewer, more in zip(curve, curve[1:], strict=False):
            assert (more[2] >= fewer[2]).all()
            assert more[2].sum() > fewer[2].sum()


def test_asking_helps_a_model_that_knows_what_it_does_not_know(listener, sure, scene_of, plain) -> None:
    """Sure of the grey around, torn over a small blue square in a corner, where chance seldom clicks."""
    rgb = np.full((128, 128, 3), 110, np.uint8)
    rgb[4:36, 92:124] = 40, 60, 200
    blue = tuple(Rendered(rgb).lab[20, 100, 1:])

    def logits(lightness: np.ndarray) -> np.ndarray:
        scores = sure((0, 0), lightness)
        torn = np.maximum(scores, sure(blue, lightness))
        scores[:, 1:9, 23:31] = torn[:, 1:9, 23:31]
        return scores

    result = measure(listener(logits=logits, reach=2), scene_of(rgb), plain)
    assert result["asked"][CLICKS.index(10)] > result["random"][CLICKS.index(10)] + 3


def test_gather_means_each_number_of_clicks() -> None:
    pictures = [
        {"random": [20.0, 21, 22, 23, 24, 25], "asked": [20.0, 22, 24, 26, 28, 30]},
        {"random": [22.0, 23, 24, 25, 26, 27], "asked": [22.0, 24, 26, 28, 30, 32]},
    ]
    result = gather(json.loads(json.dumps(pictures * 3)), seed=3)
    assert result["clicks"] == list(CLICKS)
    assert [point["mean"] for point in result["random"]] == [21, 22, 23, 24, 25, 26]
    assert [point["mean"] for point in result["asked"]] == [21, 23, 25, 27, 29, 31]
    point = result["asked"][1]
    assert 22 <= point["low"] < point["mean"] < point["high"] <= 24
    assert point["n"] == result["n"] == 6
    assert gather(pictures)["asked"][1] == {"mean": 23, "low": None, "high": None, "n": 2}


def test_without_truth_there_are_no_colors_to_click(listener, plain) -> None:
    with pytest.raises(ValueError, match="true colours"):
        measure(listener(), Scene(np.zeros((8, 8, 3), np.uint8), None), plain)
