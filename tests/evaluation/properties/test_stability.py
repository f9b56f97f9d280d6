"""Models that do and do not mind the size at which they look."""

from __future__ import annotations

import json

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from photochrom.evaluation.properties.stability import COPIES, SIZES, gather, measure
from photochrom.evaluation.scene import Scene

WARM = (20, 30)


@pytest.fixture
def flat(scene_of) -> Scene:
    return scene_of(np.full((40, 60, 3), 128, np.uint8))


def test_a_model_that_does_not_mind_scores_zero(listener, sure, plain, flat: Scene) -> None:
    result = measure(listener(logits=lambda seen: sure(WARM, seen)), flat, plain)
    assert result["pairs"] == {pair: pytest.approx(0, abs=1e-6) for pair in result["pairs"]}
    assert result["mirrored"] == pytest.approx(0, abs=1e-6)


def test_one_that_changes_its_mind_at_512_differs_by_just_that(listener, sure, plain, flat: Scene) -> None:
    model = listener(logits=lambda seen: sure(WARM if min(seen.shape) >= 512 else (0, 0), seen))
    result = measure(model, flat, plain)
    lightness = 53.585
    expected = deltaE_ciede2000([lightness, 0, 0], [lightness, *WARM])
    assert list(result["pairs"]) == ["192–256", "192–384", "192–512", "256–384", "256–512", "384–512"]
    for pair, value in result["pairs"].items():
        assert value == pytest.approx(expected if pair.endswith("512") else 0, abs=0.3), pair
    assert result["mirrored"] == pytest.approx(0, abs=1e-6)


def test_one_that_colors_the_left_alone_is_no_mirror_image_of_itself(
    listener, sure, plain, flat: Scene
) -> None:
    def left(seen: np.ndarray) -> np.ndarray:
        logits, half = sure((0, 0), seen), seen.shape[1] // 8
        logits[..., :half] = sure(WARM, seen)[..., :half]
        return logits

    result = measure(listener(logits=left), flat, plain)
    assert result["mirrored"] > 10
    assert max(result["pairs"].values()) < 1


def test_it_truly_looks_at_every_size_even_at_a_small_picture(listener, plain, flat: Scene) -> None:
    model = listener()
    measure(model, flat, plain)
    assert [detail for _, detail in model.looks] == [*SIZES, 256, None, None]
    assert [side for side, _ in model.looks] == [*[512] * 5, *COPIES]


def test_a_model_that_colors_large_copies_alone_changes_by_just_that(
    listener, sure, plain, flat: Scene
) -> None:
    model = listener(logits=lambda seen: sure(WARM if min(seen.shape) >= 512 else (0, 0), seen))
    expected = deltaE_ciede2000([53.585, 0, 0], [53.585, *WARM])
    assert measure(model, flat, plain)["copies"] == pytest.approx(expected, abs=0.3)
    assert measure(model, flat, plain, detail=256)["copies"] == pytest.approx(0, abs=1e-6)


def test_gather_means_the_pairs() -> None:
    pictures = [
        {"pairs": {"a": 1.0, "b": 3.0}, "mirrored": 1.0, "copies": 2.0},
        {"pairs": {"a": 3.0, "b": 5.0}, "mirrored": 4, "copies": 3},
    ]
    result = gather(json.loads(json.dumps(pictures)))
    assert result == {
        "mean": {"mean": 3, "low": None, "high": None, "n": 2},
        "pairs": {"a": 2, "b": 4},
        "mirrored": 2.5,
        "copies": 2.5,
        "n": 2,
    }
    mean = gather(pictures * 3)["mean"]
    assert 2 <= mean["low"] < mean["mean"] < mean["high"] <= 4
