"""The table: means and intervals of every row, its gain over grey, and every two rows against each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from photochrom.evaluation.bootstrap import Estimate, Values, estimate, resampled_means
from photochrom.evaluation.measurements import Measurements
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS
from photochrom.evaluation.references import GRAY, TRUTH

_COLOR: Final = "colorfulness"
_SEMANTIC: Final = "semantic"
_SIGN: Final = {"higher": 1.0, "lower": -1.0}


@dataclass(frozen=True)
class Line:
    """One row of the table. A metric that no picture has a value of stands in neither mapping.

    metrics: metric → its mean per picture; of a set metric, its value
    gain: metric → how much better than grey, picture by picture, positive if better
    colorfulness_ratio: mean colourfulness over that of the truth
    colorfulness_difference: the same two, subtracted: ΔCF of means
    semantic_recovered: of what a classifier loses with the colours, the share that it is given back;
        without an interval where that loss itself may be nothing
    """

    name: str
    metrics: Mapping[str, Estimate]
    gain: Mapping[str, Estimate]
    colorfulness_ratio: Estimate | None
    colorfulness_difference: Estimate | None
    semantic_recovered: Estimate | None


@dataclass(frozen=True)
class Difference(Estimate):
    """How much better one row is than another, picture by picture; above 0 if it is.

    share: of the n pictures, those on which it is the better one
    """

    share: float


@dataclass(frozen=True)
class Pair:
    """Two rows. metrics: metric → how much better `a` is than `b`."""

    a: str
    b: str
    metrics: Mapping[str, Difference]


@dataclass(frozen=True)
class Summary:
    """pictures: how many each row stands on; truth: metric → its mean over the truths."""

    pictures: int
    lines: tuple[Line, ...]
    truth: Mapping[str, Estimate]
    pairs: tuple[Pair, ...]

    def as_dict(self) -> dict[str, Any]:
        """Nothing but what JSON has."""
        return asdict(self)


def summarize(measured: Measurements, *, seed: int = 0) -> Summary:
    """Means and intervals. All rows are resampled together, so that what is paired stays so.

    ValueError if there is no picture.
    """
    if not measured.files:
        raise ValueError("no picture was measured")
    drawn = _Drawn(measured, seed)
    truth = {name: drawn.of_truth(name) for name in measured.truth}
    return Summary(
        pictures=len(measured.files),
        lines=tuple(drawn.line(i) for i in range(len(measured.rows))),
        truth={name: one for name, one in truth.items() if one is not None},
        pairs=tuple(drawn.pair(a, b) for b, a in drawn.couples if a != b),
    )


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What was measured, and its means over redrawn pictures."""

    measured: Measurements
    seed: int

    @cached_property
    def means(self) -> dict[str, Values]:
        """Metric → (1 + resamples, rows)."""
        return {name: resampled_means(of, self.seed) for name, of in self.measured.values.items()}

    @cached_property
    def truth(self) -> dict[str, Values]:
        """Metric → (1 + resamples,)."""
        return {name: resampled_means(of, self.seed) for name, of in self.measured.truth.items()}

    @cached_property
    def sets(self) -> dict[str, dict[str, float]]:
        """Set metric → row → its distance to the truth."""
        found = {
            name: {row: SET_METRICS[name].distance(of[row], of[TRUTH]) for row in self.measured.rows}
            for name, of in self.measured.features.items()
            if TRUTH in of
        }
        # Too few pictures have no distribution.
        return {name: of for name, of in found.items() if np.isfinite(list(of.values())).all()}

    def line(self, i: int) -> Line:
        """Row i of the table."""
        row, n = self.measured.rows[i], len(self.measured.files)
        known = {name: int(np.isfinite(of[i]).sum()) for name, of in self.measured.values.items()}
        metrics = {name: estimate(of[:, i], known[name]) for name, of in self.means.items()}
        known_metrics = {name: one for name, one in metrics.items() if one is not None}
        sets = {name: Estimate(of[row], None, None, n) for name, of in self.sets.items()}
        return Line(
            row,
            {**known_metrics, **sets},
            {**self._gain(i), **self._set_gain(row)},
            *self._colorfulness(i),
            self._recovered(i),
        )

    def of_truth(self, name: str) -> Estimate | None:
        """Of the true colours."""
        return estimate(self.truth[name], int(np.isfinite(self.measured.truth[name]).sum()))

    @cached_property
    def couples(self) -> list[tuple[int, int]]:
        """Every two rows, and each with itself; contestants come after the references."""
        return list(itertools.combinations_with_replacement(range(len(self.measured.rows)), 2))

    @cached_property
    def differences(self) -> dict[str, list[Difference | None]]:
        """Metric → for each of the couples, how much better its later row is; where a row can be better."""
        found = {}
        for name, values in self.measured.values.items():
            better = METRICS[name].better
            if better is None:
                continue
            gaps = _SIGN[better] * np.array([values[a] - values[b] for b, a in self.couples])
            draws = resampled_means(gaps, self.seed)
            found[name] = [_difference(draws[:, i], gap) for i, gap in enumerate(gaps)]
        return found

    def pair(self, a: int, b: int) -> Pair:
        """Row a against row b, which comes before it."""
        place = self.couples.index((b, a))
        ones = {name: of[place] for name, of in self.differences.items()}
        known = {name: one for name, one in ones.items() if one is not None}
        return Pair(self.measured.rows[a], self.measured.rows[b], known)

    def _gain(self, i: int) -> dict[str, Estimate]:
        over_gray = self.pair(i, self.measured.rows.index(GRAY)).metrics
        return {name: Estimate(one.mean, one.low, one.high, one.n) for name, one in over_gray.items()}

    def _set_gain(self, row: str) -> dict[str, Estimate]:
        n = len(self.measured.files)
        return {
            name: Estimate(_SIGN[SET_METRICS[name].better] * (of[row] - of[GRAY]), None, None, n)
            for name, of in self.sets.items()
        }

    def _colorfulness(self, i: int) -> tuple[Estimate | None, Estimate | None]:
        """Ratio to the truth's, and difference from it."""
        if _COLOR not in self.means or _COLOR not in self.truth:
            return None, None
        n = len(self.measured.files)
        color, true = self.means[_COLOR][:, i], self.truth[_COLOR]
        # Truths without any colour have no ratio.
        ratio = estimate(color / true, n) if true.min() > 0 else None
        return ratio, estimate(color - true, n)

    def _recovered(self, i: int) -> Estimate | None:
        """A ratio, which has no bounds where its divisor cannot be told from 0 (Fieller, 1954).

        So there is an interval only where the loss lies above 0 in all redraws but the lowest 2.5 %;
        those of them without a loss, which have no share, are left out of it.
        """
        if _SEMANTIC not in self.means or _SEMANTIC not in self.truth:
            return None
        gray = self.means[_SEMANTIC][:, self.measured.rows.index(GRAY)]
        gap = self.truth[_SEMANTIC] - gray
        if not gap[0] > 0:
            return None
        n = int(np.isfinite(self.measured.truth[_SEMANTIC]).sum())
        lost = gap > 0
        share = estimate((self.means[_SEMANTIC][:, i] - gray)[lost] / gap[lost], n)
        loss = estimate(gap, n)
        if share is None or loss is None or loss.low is None or loss.low <= 0:
            return None if share is None else Estimate(share.mean, None, None, n)
        return share


def _difference(draws: Values, gaps: Values) -> Difference | None:
    known = gaps[np.isfinite(gaps)]
    one = estimate(draws, len(known))
    share = float(np.mean(known > 0)) if len(known) else 0.0
    return None if one is None else Difference(one.mean, one.low, one.high, one.n, share)
