"""Means over the pictures, and how far they would move with other pictures of the same kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.run import GRAY, Measurements

_RESAMPLES: Final = 2000
_PERCENTILES: Final = (2.5, 97.5)
_COLOR: Final = "colorfulness"


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % bootstrap interval: percentiles over pictures drawn with replacement.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One row of the table.

    metrics: metric → its mean per picture
    gain: metric → how much better than grey, picture by picture, positive if better
    colorfulness_ratio: mean colourfulness over that of the truth
    colorfulness_difference: the same two, subtracted: ΔCF of means
    """

    name: str
    metrics: Mapping[str, Estimate]
    gain: Mapping[str, Estimate]
    colorfulness_ratio: Estimate | None
    colorfulness_difference: Estimate | None


@dataclass(frozen=True)
class Summary:
    """pictures: how many each row stands on; truth: metric → its mean over the truths."""

    pictures: int
    lines: tuple[Line, ...]
    truth: Mapping[str, Estimate]

    def as_dict(self) -> dict[str, Any]:
        """Nothing but what JSON has."""
        return asdict(self)


def summarize(measured: Measurements, *, seed: int = 0) -> Summary:
    """Means and intervals. All rows are resampled together, so that what is paired stays so.

    ValueError if there is no picture.
    """
    count = len(measured.files)
    if not count:
        raise ValueError("no picture was measured")
    names, rows = list(measured.values), measured.rows
    stacked = np.concatenate([*measured.values.values(), *(v[None] for v in measured.truth.values())])
    means = _resampled_means(stacked, seed)
    table = means[:, : len(names) * len(rows)].reshape(-1, len(names), len(rows))
    by_metric = {name: table[:, i] for i, name in enumerate(names)}
    of_truth = dict(zip(measured.truth, means[:, len(names) * len(rows) :].T, strict=True))
    lines = tuple(
        _line(row, i, by_metric, of_truth.get(_COLOR), rows.index(GRAY)) for i, row in enumerate(rows)
    )
    return Summary(count, lines, {name: _estimate(draws) for name, draws in of_truth.items()})


def _line(
    row: str,
    i: int,
    by_metric: Mapping[str, NDArray[np.float64]],
    truth_color: NDArray[np.float64] | None,
    gray: int,
) -> Line:
    sign = {"higher": 1.0, "lower": -1.0}
    gain = {
        name: _estimate(sign[better] * (means[:, i] - means[:, gray]))
        for name, means in by_metric.items()
        if (better := METRICS[name].better) is not None
    }
    color = by_metric[_COLOR][:, i]
    ratio = difference = None
    if truth_color is not None:
        difference = _estimate(color - truth_color)
        # Truths without any colour have no ratio.
        ratio = _estimate(color / truth_color) if truth_color.min() > 0 else None
    return Line(
        row,
        {name: _estimate(means[:, i]) for name, means in by_metric.items()},
        gain,
        ratio,
        difference,
    )


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """values: (C, n) → (1 + resamples, C): the means of all pictures first, then of each resample."""
    count = values.shape[1]
    rng = np.random.default_rng(seed)
    resamples = (rng.integers(count, size=count) for _ in range(_RESAMPLES))
    return np.array([values.mean(axis=1), *(values[:, chosen].mean(axis=1) for chosen in resamples)])


def _estimate(draws: NDArray[np.float64]) -> Estimate:
    """draws: (1 + resamples,), the value itself first."""
    low, high = np.percentile(draws[1:], _PERCENTILES)
    return Estimate(float(draws[0]), float(low), float(high))
