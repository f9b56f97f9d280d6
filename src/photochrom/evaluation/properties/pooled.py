"""Means over pictures and how far they would move with others, for figures that are not yet means."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]

_RESAMPLES: Final = 2000
_PERCENTILES: Final = (2.5, 97.5)


def resampled_means(values: Draws, *, seed: int) -> Draws:
    """values: (n, …), one row a picture → (1 + resamples, …): the mean of all, then of each resample.

    What is computed from each of these means has its bootstrap distribution in the same order.
    """
    count = len(values)
    rng = np.random.default_rng(seed)
    resamples = (rng.integers(count, size=count) for _ in range(_RESAMPLES))
    return np.stack([values.mean(axis=0), *(values[chosen].mean(axis=0) for chosen in resamples)])


def interval(draws: Draws) -> tuple[float, float]:
    """The 95 % percentile interval of draws (1 + resamples,), of which the first is the value itself.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
    """
    low, high = np.percentile(draws[1:], _PERCENTILES)
    return float(low), float(high)


def estimate(draws: Draws) -> dict[str, float]:
    """The value of draws (1 + resamples,) with its interval, as reports hold it."""
    low, high = interval(draws)
    return {"mean": float(draws[0]), "low": low, "high": high}
