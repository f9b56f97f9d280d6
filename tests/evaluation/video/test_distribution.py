"""Colour distribution consistency against worked examples and the definition written out with SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.video.distribution import color_distribution_consistency


def film(frames: np.ndarray) -> list[Rendered]:
    """frames: (T, H, W, 3)."""
    return [Rendered(frame) for frame in frames]


def random_film(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(rng.integers(0, 100), 256, (count, 9, 7, 3), dtype=np.uint8)


def written_out(frames: np.ndarray) -> float:
    """As the organisers of NTIRE 2023 compute it: means over time, weighed over steps, over channels."""
    of_channels = []
    for channel in range(3):
        shares = [
            np.histogram(frame[..., channel], 256, (0, 256))[0] / frame[..., 0].size for frame in frames
        ]
        mean = 0.0
        for step in (1, 2, 4):
            found = []
            for i in range(len(shares) - step):
                p, q = shares[i], shares[i + step]
                found.append(0.5 * entropy(p, (p + q) / 2) + 0.5 * entropy(q, (p + q) / 2))
            mean += np.mean(found) / 3
        of_channels.append(mean)
    return float(np.mean(of_channels))


def test_a_film_that_blinks_differs_one_frame_apart_alone() -> None:
    # Black and white in turn share no code: ln 2 at step 1, nothing at steps 2 and 4.
    frames = np.zeros((7, 4, 4, 3), np.uint8)
    frames[1::2] = 255
    assert color_distribution_consistency(film(frames)) == pytest.approx(math.log(2) / 3)
    frames[..., 1:] = 0
    assert color_distribution_consistency(film(frames)) == pytest.approx(math.log(2) / 9)


def test_a_cut_in_half_of_the_picture_is_a_worked_example() -> None:
    # Five frames, half of each at 10; the other half goes from 20 to 30 after the first. The histograms
    # are (½, ½, 0) and (½, 0, ½), whose divergence is ½ ln 2: in 1 of 4 pairs, in 1 of 3, in 1 of 1.
    frames = np.full((5, 2, 2, 3), 10, np.uint8)
    frames[0, 0], frames[1:, 0] = 20, 30
    expected = math.log(2) / 2 * (1 / 4 + 1 / 3 + 1) / 3
    assert color_distribution_consistency(film(frames)) == pytest.approx(expected)


@given(st.integers(5, 9), st.integers(0, 99))
def test_it_is_the_definition_written_out(count: int, seed: int) -> None:
    frames = random_film(count, seed)
    assert color_distribution_consistency(film(frames)) == pytest.approx(written_out(frames), rel=1e-12)


def test_what_stands_still_is_consistent() -> None:
    still = np.repeat(random_film(1), 6, axis=0)
    assert color_distribution_consistency(film(still)) == 0


@given(st.integers(0, 99))
def test_backwards_is_the_same(seed: int) -> None:
    frames = random_film(6, seed)
    forwards, backwards = (color_distribution_consistency(film(x)) for x in (frames, frames[::-1]))
    assert forwards == pytest.approx(backwards)


def test_four_frames_are_too_few() -> None:
    assert math.isnan(color_distribution_consistency(film(random_film(4))))
