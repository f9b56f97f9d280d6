"""Networks whose confidence is known to be right, or wrong by how much."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from photochrom.color.bins import gamut_bins
from photochrom.color.srgb import srgb_to_lab
from photochrom.evaluation.properties.calibration import (
    WANTED,
    area_mean,
    gather,
    measure,
    membership,
    tally,
)
from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.scene import Scene


def one_hot(chosen: np.ndarray, bins: int) -> np.ndarray:
    return np.eye(bins)[chosen]


def drawn_from(share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each place one bin, as likely as its share says."""
    return one_hot((share.cumsum(axis=1) < rng.random((len(share), 1))).sum(axis=1), share.shape[1])


def pooled(share: np.ndarray, truth: np.ndarray) -> dict:
    return gather([tally(share, truth)])


def test_truths_drawn_from_what_is_said_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(8, 0.3), 200_000)
    result = pooled(share, drawn_from(share, rng))
    assert result["ece"] == pytest.approx(0, abs=0.005)
    for point in result["curve"]:
        assert point["accuracy"] == pytest.approx(point["confidence"], abs=0.02)
    assert [row["got"] for row in result["coverage"]] == pytest.approx(list(WANTED), abs=0.005)


@given(hnp.arrays(np.float64, (7, 5), elements=st.floats(1e-3, 1)))
def test_saying_the_weights_of_the_truth_is_perfect(weights: np.ndarray) -> None:
    share = weights / weights.sum(axis=1, keepdims=True)
    result = pooled(share, share)
    assert result["ece"] == pytest.approx(0, abs=1e-12)
    assert [row["got"] for row in result["coverage"]] == pytest.approx(list(WANTED))


def test_an_over_confident_network_is_wrong_by_the_difference() -> None:
    # It says 0.9, and is right six times in ten.
    share = np.tile([0.9, 0.06, 0.04], (10, 1))
    result = pooled(share, one_hot(np.repeat([0, 1], [6, 4]), 3))
    assert result["ece"] == pytest.approx(0.3)
    assert result["curve"] == [{"confidence": pytest.approx(0.9), "accuracy": pytest.approx(0.6), "share": 1}]
    # Half of the likelihood is 5/9 of the first bin; nine tenths are all of it.
    got = {row["wanted"]: row["got"] for row in result["coverage"]}
    assert got[0.5] == pytest.approx(0.6 * 5 / 9)
    assert got[0.9] == pytest.approx(0.6)


def test_an_under_confident_network_too() -> None:
    result = pooled(np.tile([0.4, 0.3, 0.3], (5, 1)), one_hot(np.zeros(5, int), 3))
    assert result["ece"] == pytest.approx(0.6)
    assert result["coverage"][0]["got"] == pytest.approx(1)


def test_sets_of_an_even_distribution_hold_what_is_wanted_of_the_bins() -> None:
    result = pooled(np.full((3, 10), 0.1), one_hot(np.array([0, 4, 9]), 10))
    assert [row["bins"] for row in result["coverage"]] == pytest.approx([5, 8, 9])


def test_the_diagram_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    share, truth = rng.dirichlet(np.ones(4), 500), rng.dirichlet(np.ones(4), 500)
    places: dict[int, list[tuple[float, float]]] = {}
    for said, right in zip(share, truth, strict=True):
        best = int(said.argmax())
        places.setdefault(int(said[best] * 15), []).append((said[best], right[best]))
    expected = sum(abs(sum(s - r for s, r in pairs)) for pairs in places.values()) / 500
    result = pooled(share, truth)
    assert result["ece"] == pytest.approx(expected)
    assert [point["share"] for point in result["curve"]] == pytest.approx(
        [len(places[step]) / 500 for step in sorted(places)]
    )


def test_pictures_weigh_the_same_whatever_their_size() -> None:
    sure, unsure = np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])
    right = one_hot(np.array([0]), 2)
    small, large = tally(sure, right), tally(np.repeat(unsure, 99, axis=0), np.repeat(right, 99, axis=0))
    assert gather([small, large])["ece"] == pytest.approx(0.25)


def test_intervals_hold_the_value_and_shrink_with_more_pictures() -> None:
    rng = np.random.default_rng(0)

    def pictures(count: int) -> list[dict]:
        shares = rng.dirichlet(np.ones(5), (count, 40))
        return [tally(share, drawn_from(share, rng)) for share in shares]

    few, many = gather(pictures(10)), gather(pictures(200))
    for result in (few, many):
        row = result["coverage"][1]
        assert row["low"] <= row["got"] <= row["high"]
    width = [result["coverage"][1]["high"] - result["coverage"][1]["low"] for result in (few, many)]
    assert width[1] < width[0] / 2
    assert gather(pictures(5), seed=1)["n"] == 5


@given(hnp.arrays(np.float64, (3, 3), elements=st.floats(0, 1)))
def test_membership_sums_to_one_and_has_the_color_as_its_mean(rgb: np.ndarray) -> None:
    ab = srgb_to_lab(rgb)[..., 1:]
    weights = membership(ab, gamut_bins())
    assert weights.sum(axis=-1) == pytest.approx(np.ones(3), abs=1e-5)
    assert weights @ gamut_bins().centers == pytest.approx(ab, abs=1e-3)


def test_area_means_of_whole_cells() -> None:
    plane = np.random.default_rng(0).normal(size=(12, 8, 2)).astype(np.float32)
    expected = plane.reshape(3, 4, 4, 2, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(area_mean(plane, (3, 4)), expected, atol=1e-6)


@given(st.integers(5, 40), st.integers(5, 40), st.integers(1, 5), st.integers(1, 5))
def test_area_means_keep_the_mean_at_any_size(height: int, width: int, h: int, w: int) -> None:
    plane = np.random.default_rng(1).normal(size=(height, width, 2)).astype(np.float32)
    np.testing.assert_allclose(area_mean(plane, (h, w)).mean((0, 1)), plane.mean((0, 1)), atol=1e-5)


def test_a_network_that_knows_the_truth_is_calibrated_from_end_to_end(listener, scene_of, plain) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    ab = area_mean(Rendered(rgb).lab[..., 1:], (8, 12))
    weights = membership(ab, gamut_bins())
    oracle = listener(logits=lambda _: np.log(weights + 1e-12).transpose(2, 0, 1))
    result = gather([json.loads(json.dumps(measure(oracle, scene_of(rgb), plain)))])
    assert result["ece"] == pytest.approx(0, abs=1e-4)
    assert result["coverage"][2]["got"] == pytest.approx(0.9, abs=1e-4)
    assert result["coverage"][2]["bins"] < 4


def test_without_truth_there_is_nothing_to_compare_with(listener, plain) -> None:
    with pytest.raises(ValueError, match="true colours"):
        measure(listener(), Scene(np.zeros((8, 8, 3), np.uint8), None), plain)
