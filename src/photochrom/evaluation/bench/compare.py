"""Figures of two days side by side: what became slower, and is that more than chance?

Ratios to the floor are compared across machines, for a slower machine decodes more slowly too.
Seconds without a floor, and memory, which grows with the number of threads, only where both days'
machines are alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from photochrom.evaluation.bench.report import Report
from photochrom.evaluation.bench.timing import Spread, Timing

Quantity = Literal["time", "processor time", "memory"]
Unit = Literal["floors", "seconds", "bytes"]


@dataclass(frozen=True)
class Change:
    """One quantity of one case, before and now. All are better when lower.

    unit: "floors", multiples of what the floor took; "seconds"; "bytes"
    """

    name: str
    title: str
    provider: str | None
    quantity: Quantity
    unit: Unit
    before: Spread
    now: Spread

    @property
    def factor(self) -> float:
        """Now over before: above 1 is worse."""
        return self.now.median / self.before.median

    @property
    def label(self) -> str:
        """The case and the quantity, for a message."""
        return f"{self.title}, {self.quantity}"

    def is_worse(self, tolerance: float) -> bool:
        """Whether the median grew by more than a factor of `tolerance`, and each run is above all before."""
        return self.factor > tolerance and self.now.low > self.before.high


@dataclass(frozen=True)
class Comparison:
    """What two reports have in common.

    changes: in the order of the new report
    tolerance: the factor up to which there is no loss
    alike: whether the machines are; differences: what else differs and may be the cause, in words
    absent: titles of the cases that the old report does not hold
    elsewhere: titles of those of which it holds nothing but seconds of another machine
    """

    changes: tuple[Change, ...]
    tolerance: float
    alike: bool
    differences: tuple[str, ...]
    absent: tuple[str, ...]
    elsewhere: tuple[str, ...]

    @property
    def worse(self) -> list[Change]:
        """The changes that are losses."""
        return [change for change in self.changes if change.is_worse(self.tolerance)]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the fields, and factor and verdict of each change."""
        changes = [
            {**asdict(change), "factor": change.factor, "worse": change.is_worse(self.tolerance)}
            for change in self.changes
        ]
        return {**asdict(self), "changes": changes}


def compare(before: Report, now: Report, *, tolerance: float) -> Comparison:
    """Hold the report `now` against that of `before`."""
    alike = before.machine == now.machine
    old = {(timing.name, timing.provider): timing for timing in before.timings}
    changes: list[Change] = []
    absent, elsewhere = [], []
    for timing in now.timings:
        same = old.get((timing.name, timing.provider))
        if same is None:
            absent.append(timing.title)
            continue
        rows = list(_changes(same, timing, alike=alike))
        if not rows:
            elsewhere.append(timing.title)
        changes += rows
    return Comparison(
        changes=tuple(changes),
        tolerance=tolerance,
        alike=alike,
        differences=tuple(_differences(before, now)),
        absent=tuple(absent),
        elsewhere=tuple(elsewhere),
    )


def _changes(before: Timing, now: Timing, *, alike: bool) -> Iterator[Change]:
    pairs: list[tuple[Quantity, Unit, Spread | None, Spread | None]] = []
    if before.wall_ratio and now.wall_ratio:
        pairs += [
            ("time", "floors", before.wall_ratio, now.wall_ratio),
            ("processor time", "floors", before.cpu_ratio, now.cpu_ratio),
        ]
    elif alike:
        pairs += [
            ("time", "seconds", before.cost.wall_s, now.cost.wall_s),
            ("processor time", "seconds", before.cost.cpu_s, now.cost.cpu_s),
        ]
    if alike:
        pairs.append(("memory", "bytes", before.cost.peak_bytes, now.cost.peak_bytes))
    for quantity, unit, old, new in pairs:
        # What a coarse clock calls 0 has no multiples.
        if old and new and old.median > 0:
            yield Change(now.name, now.title, now.provider, quantity, unit, old, new)


def _differences(before: Report, now: Report) -> Iterator[str]:
    for name in sorted({*before.versions, *now.versions}):
        old, new = (report.versions.get(name, "none") for report in (before, now))
        if old != new:
            yield f"{name} {old} → {new}"
    if before.model != now.model:
        old, new = (report.model["name"] for report in (before, now))
        yield f"model {old} → {new}" if old != new else f"another model {new}"
    if before.threads != now.threads:
        old, new = (str(report.threads or "as chosen") for report in (before, now))
        yield f"threads {old} → {new}"
