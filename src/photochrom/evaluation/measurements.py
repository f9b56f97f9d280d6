"""Everything that was measured, in arrays: what a run gives and summaries and reports are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotochromError
from photochrom.evaluation.record import Plan, Record, measured_of
from photochrom.evaluation.references import TRUTH
from photochrom.evaluation.setting import main_place

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import Contestant
    from photochrom.evaluation.pictures import Picture


@dataclass(frozen=True)
class Failure:
    """A picture without a result. contestant: whose it is; None where the picture itself is at fault."""

    picture: str
    contestant: str | None
    error: PhotochromError

    @property
    def subject(self) -> str:
        """The file at fault."""
        return self.error.subject

    def __str__(self) -> str:
        return str(self.error) if self.contestant is None else f"{self.contestant}: {self.error}"


@dataclass(frozen=True)
class Entry:
    """A contestant as reports have it.

    vividness: of each row, where it came from that slider
    row: the one that stands for it where only one can
    setting: that row's, at which its properties are measured; None where there is no model
    """

    name: str
    kind: str
    rows: tuple[str, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    vividness: tuple[float | None, ...] = ()
    row: str = ""
    setting: str | None = None


@dataclass(frozen=True, eq=False)
class Measurements:
    """Every value of every picture that all contestants have.

    files: those pictures; names, sha256: what reports call them, and their checksums
    rows: grey, truth via 8-bit Lab, then the contestants' own; without truth: grey and those
    values: metric → (rows, files), NaN where a picture does not know what the metric takes
    truth: metric → (files,), of the true colours, for the metrics that need no truth
    failures: every picture that is in no row, by name and with the reason
    entries: the contestants, without the references
    features: set metric → row, with the truth's → (files, D)
    histograms: row, with the truth's → (2, bins): mean shares of pixels by a and by b
    properties: property → contestant → what was measured of each file
    """

    files: tuple[Path, ...]
    rows: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)
    truth: Mapping[str, NDArray[np.float64]] = field(repr=False)
    failures: tuple[Failure, ...]
    names: tuple[str, ...] = field(default=(), repr=False)
    sha256: tuple[str, ...] = field(default=(), repr=False)
    entries: tuple[Entry, ...] = ()
    features: Mapping[str, Mapping[str, NDArray[np.float32]]] = field(default_factory=dict, repr=False)
    histograms: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    properties: Mapping[str, Mapping[str, list[dict[str, Any]]]] = field(default_factory=dict, repr=False)


Records = Mapping[int, Record]
"""Of one picture: the contestant's place → its record."""


def gathered(
    pictures: Sequence[Picture],
    contestants: Sequence[Contestant],
    records: Mapping[Path, Records],
    *,
    plan: Plan,
    sha256: Mapping[Path, str],
    failures: Sequence[Failure],
) -> Measurements:
    """The records as arrays.

    contestants: the references first. One that has no record at all is left out, rather than every
    picture with it; of the others' pictures, those are taken that all of them have.
    """
    present = [place for place in range(len(contestants)) if any(place in of for of in records.values())]
    if not present[1:]:
        present = list(range(len(contestants)))
    taken = [picture for picture in pictures if set(present) <= records[picture.file].keys()]
    joined = [_joined(records[picture.file], present) for picture in taken]
    rows = tuple(row for place in present for row in contestants[place].rows)
    compared = tuple(row for row in rows if row != TRUTH)
    names = [name for name in plan.metrics if joined and name in joined[0].values[compared[0]]]
    free = measured_of(TRUTH, plan) if TRUTH in rows and joined else []
    return Measurements(
        files=tuple(picture.file for picture in taken),
        rows=compared,
        values={
            name: np.array([[one.values[row][name] for one in joined] for row in compared]) for name in names
        },
        truth={name: np.array([one.values[TRUTH][name] for one in joined]) for name in free},
        failures=tuple(failures),
        names=tuple(picture.name for picture in taken),
        sha256=tuple(sha256[picture.file] for picture in taken),
        entries=tuple(_entry(contestants[place]) for place in present[1:]),
        features={
            name: {row: np.stack([one.features[name][row] for one in joined]) for row in rows}
            for name in (plan.set_metrics if joined else ())
        },
        histograms={row: np.mean([one.histograms[row] for one in joined], axis=0) for row in rows}
        if joined
        else {},
        properties=_properties(contestants, present, [records[picture.file] for picture in taken], plan),
    )


def _joined(records: Records, present: Sequence[int]) -> Record:
    """The rows of all contestants as if they were one's."""
    ones = [records[place] for place in present]
    return Record(
        values={row: of for one in ones for row, of in one.values.items()},
        histograms={row: of for one in ones for row, of in one.histograms.items()},
        features={
            name: {row: of for one in ones for row, of in one.features[name].items()}
            for name in ones[0].features
        },
        properties={},
    )


def _entry(contestant: Contestant) -> Entry:
    slider = tuple(setting.vividness for setting in contestant.settings)
    place = main_place(contestant.settings)
    return Entry(
        contestant.name,
        contestant.kind,
        contestant.rows,
        contestant.about,
        slider,
        row=contestant.rows[place],
        setting=contestant.settings[place].name if contestant.settings else None,
    )


def _properties(
    contestants: Sequence[Contestant], present: Sequence[int], records: Sequence[Records], plan: Plan
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name in plan.properties:
        for place in present:
            ones = [of[place].properties[name] for of in records if name in of[place].properties]
            if ones:
                found.setdefault(name, {})[contestants[place].name] = ones
    return found
