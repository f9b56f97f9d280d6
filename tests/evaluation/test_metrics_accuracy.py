"""Zhang's raw accuracy against the curve it is named for, and what balancing changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.spatial.distance import cdist

from photochrom.evaluation.metrics import accuracy
from photochrom.evaluation.metrics.accuracy import auc, auc_balanced
from photochrom.evaluation.rendered import Rendered, from_lab


def random_picture(seed: int) -> Rendered:
    return Rendered(np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8))


def painted(*ab: tuple[float, float]) -> Rendered:
    """A row of pixels of L 60."""
    return from_lab(np.array([[(60.0, *color) for color in ab]], np.float32))


@pytest.mark.parametrize("seed", range(3))
def test_auc_is_scipys_integral_of_the_curve(seed: int) -> None:
    truth, result = random_picture(seed), random_picture(seed + 100)
    distances = np.hypot(*np.moveaxis((result.lab - truth.lab)[..., 1:].astype(float), -1, 0)).ravel()

    def share_within(t: float) -> float:
        return float((distances <= t).mean())

    steps = np.unique(distances[distances < 150])
    area, _ = quad(share_within, 0, 150, points=steps, limit=2 * len(steps))
    assert auc(result, truth) == pytest.approx(100 * area / 150, abs=1e-3)


def test_auc_of_an_error_of_thirty_everywhere_is_a_fifth_off() -> None:
    truth, result = painted((0, 0), (10, 10)), painted((30, 0), (10, -20))
    assert auc(result, truth) == pytest.approx(80, abs=0.2)


def test_an_error_beyond_150_is_no_worse_than_one_of_150() -> None:
    blue, yellow = (Rendered(np.array([[code]], np.uint8)) for code in ([0, 0, 255], [255, 255, 0]))
    assert auc(yellow, blue) == auc_balanced(yellow, blue) == 0


def test_weights_are_those_of_the_nearest_point_of_the_file() -> None:
    truth, result = random_picture(5), random_picture(6)
    points = np.loadtxt(accuracy._COUNTS)
    everywhere = np.array([(a, b) for a in range(-110, 120, 10) for b in range(-110, 120, 10)], float)
    counts = {(a, b): count for a, b, count in points}
    prior = np.array([counts.get(tuple(point), 0) for point in everywhere]) / points[:, 2].sum()
    true = truth.lab[..., 1:].reshape(-1, 2).astype(float)
    weight = 1 / np.maximum(prior, 1e-5)[cdist(true, everywhere).argmin(axis=1)]
    lost = np.minimum(np.hypot(*(result.lab[..., 1:].reshape(-1, 2) - true).T), 150) / 150
    assert auc_balanced(result, truth) == pytest.approx(
        100 * (1 - np.average(lost, weights=weight)), abs=1e-3
    )


def test_a_miss_weighs_more_where_the_true_color_is_rare() -> None:
    truth = painted((0, 0), (60, 40))
    dull = painted((0, 0), (30, 40))
    tinted = painted((30, 0), (60, 40))
    assert auc(dull, truth) == pytest.approx(auc(tinted, truth), abs=0.2)
    assert auc_balanced(dull, truth) < auc_balanced(tinted, truth) - 10


@given(seed=st.integers(0, 2**32 - 1))
def test_both_are_percentages_that_fall_as_the_error_grows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = from_lab(np.array([[[60, 0, 0]]], np.float32) + rng.normal(0, 12, (5, 7, 3)))
    wrong = rng.normal(0, 1, (5, 7, 3)) * [0, 1, 1]
    for measure in (auc, auc_balanced):
        values = [measure(from_lab(truth.lab + size * wrong), truth) for size in (0, 4, 12, 30)]
        assert values == sorted(values, reverse=True)
        assert 100 - 1e-2 < values[0] <= 100
        assert values[-1] >= 0


def test_the_prior_is_of_the_photographs_it_names() -> None:
    a, b, counts = np.loadtxt(accuracy._COUNTS, dtype=np.int64).T
    assert counts.sum() == 8000 * 128 * 128
    assert (counts > 0).all()
    assert (a[counts.argmax()], b[counts.argmax()]) == (0, 0)
