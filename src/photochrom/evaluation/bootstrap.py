"""Means over pictures, and how far they would move with other pictures of the same kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_RESAMPLES: Final = 2000
_PERCENTILES: Final = (2.5, 97.5)
# Of fewer pictures the percentiles are little but the smallest and the largest of them.
_FEWEST: Final = 5
# Resamples are counted out together up to about so many numbers, 32 MB of them.
_BLOCK: Final = 1 << 22


@dataclass(frozen=True)
class Estimate:
    """A mean over n pictures and its 95 % bootstrap interval: percentiles over pictures redrawn.

    low, high: None where no interval was taken, as of fewer than five pictures. Source: Efron and
    Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
    """

    mean: float
    low: float | None
    high: float | None
    n: int


def resampled_means(values: Values, seed: int) -> Values:
    """values: (…, n), NaN where a picture has none → (1 + resamples, …): the mean of all, then of each.

    Pictures are redrawn among those that have a value, so many as these are; NaN where none has. The
    same seed and the same pictures give the same draws, so that what is paired stays so.
    """
    flat = values.reshape(-1, values.shape[-1])
    known = np.isfinite(flat)
    means = np.full((1 + _RESAMPLES, len(flat)), np.nan)
    for pictures in np.unique(known, axis=0):
        rows = (known == pictures).all(axis=1)
        if (count := int(pictures.sum())) > 0:
            these = flat[np.ix_(rows, pictures)].T
            means[:, rows] = np.concatenate([block @ these for block in _counts(count, seed)]) / count
    return means.reshape(-1, *values.shape[:-1])


def _counts(count: int, seed: int) -> Iterator[Values]:
    """(k, n) at a time: how often each picture is drawn; first a line in which each is, once."""
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // count)
    yield np.ones((1, count))
    for start in range(0, _RESAMPLES, step):
        drawn = range(min(step, _RESAMPLES - start))
        yield np.array(
            [np.bincount(rng.integers(count, size=count), minlength=count) for _ in drawn], np.float64
        )


def estimate(draws: Values, n: int) -> Estimate | None:
    """draws: (1 + resamples,), the value itself first, no NaN beside it. None if it is no number."""
    if not n or not np.isfinite(draws[0]):
        return None
    if n < _FEWEST:
        return Estimate(float(draws[0]), None, None, n)
    low, high = np.percentile(draws[1:], _PERCENTILES)
    return Estimate(float(draws[0]), float(low), float(high), n)
