"""Colours pictures by every contestant under a protocol and measures them: `evaluate`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from photochrom.errors import BadOption, PhotochromError
from photochrom.evaluation.backbones import fingerprint
from photochrom.evaluation.imagenet import label_of
from photochrom.evaluation.journal import Journal, key_of, open_journal
from photochrom.evaluation.measurements import Failure, Measurements, gathered
from photochrom.evaluation.pictures import Picture, find_pictures, named, sha256_of
from photochrom.evaluation.provenance import code
from photochrom.evaluation.record import Outcome, Plan, Record, Task, take
from photochrom.evaluation.references import GRAY, LAB8, TRUTH, ReferenceSpec
from photochrom.evaluation.selection import backbones_of
from photochrom.evaluation.workers import choose_jobs, each

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import Contestant, Spec

OnPicture = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class _Run:
    """What is known so far: records and failures, those read from the journal among them."""

    pictures: Sequence[Picture]
    contestants: Sequence[Contestant]
    plan: Plan
    journal: Journal | None
    sha256: dict[Path, str] = field(default_factory=dict)
    records: dict[Path, dict[int, Record]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def tasks(self) -> list[Task]:
        """What is left to do once the journal has been read."""
        found = (self._task(picture) for picture in self.pictures)
        return [task for task in found if task is not None]

    def add(self, outcome: Outcome) -> None:
        """Take in what became of a task."""
        self.records[outcome.picture.file].update(outcome.records)
        for place, error in outcome.failures:
            self._fail(outcome.picture, place, error)

    def measurements(self) -> Measurements:
        """All of it, in the order of the pictures, however they were finished."""
        order = {picture.name: i for i, picture in enumerate(self.pictures)}
        names = [None, *(contestant.name for contestant in self.contestants)]
        failures = sorted(self.failures, key=lambda one: (order[one.picture], names.index(one.contestant)))
        return gathered(
            self.pictures,
            self.contestants,
            self.records,
            plan=self.plan,
            sha256=self.sha256,
            failures=failures,
        )

    def _task(self, picture: Picture) -> Task | None:
        self.records[picture.file] = {}
        try:
            self.sha256[picture.file] = sha256_of(picture.file)
        except PhotochromError as error:
            self._fail(picture, None, error)
            return None
        keys: dict[int, str] = {}
        for place, contestant in enumerate(self.contestants):
            try:
                key = self._key(picture, contestant)
            except PhotochromError as error:
                self._fail(picture, place, error)
                continue
            known = self.journal.read(key) if self.journal is not None else None
            if known is None:
                keys[place] = key
            else:
                self.records[picture.file][place] = known
        return Task(picture, keys) if keys else None

    def _key(self, picture: Picture, contestant: Contestant) -> str:
        """Of everything that decides what is in a record."""
        return key_of(
            {
                "picture": self.sha256[picture.file],
                "label": label_of(picture.file),
                "faces": [asdict(box) for box in picture.faces or ()],
                "contestant": contestant.key_of(picture.file),
                "protocol": self.plan.protocol.name,
                "metrics": [*self.plan.metrics, *self.plan.set_metrics],
                "backbones": self._backbones,
                "properties": self.plan.properties if contestant.colorizer is not None else (),
                "truth": self.plan.has_truth,
                "code": code(),
            }
        )

    @cached_property
    def _backbones(self) -> dict[str, str]:
        names = backbones_of([*self.plan.metrics, *self.plan.set_metrics])
        return {name: fingerprint(name) for name in names}

    def _fail(self, picture: Picture, place: int | None, error: PhotochromError) -> None:
        # The references fail as the picture itself does.
        name = self.contestants[place].name if place else None
        self.failures.append(Failure(picture.name, name, error))


def evaluate(
    specs: Sequence[Spec],
    pictures: Sequence[Picture],
    *,
    plan: Plan,
    jobs: int | None = None,
    threads: int = 1,
    out: Path | None = None,
    on_picture: OnPicture | None = None,
) -> Measurements:
    """Measure what the plan names, of every contestant and of the references, on every picture.

    jobs: processes; None chooses; 1 works in this one. threads: of each. Neither moves a figure.
    out: the report's folder, whose journal is read and added to; None keeps nothing
    on_picture: called with the name of each picture that is done with

    A picture that cannot be read, or that one contestant has no result for, is a failure by name and
    the others go on; it is left out of every row, so that all rows stand on the same pictures. Raises
    what opening a contestant raises, BadOption for two rows of one name, OutputExists, UnwritableOutput.
    """
    both = (ReferenceSpec(has_truth=plan.has_truth), *specs)
    contestants = [spec.open(threads) for spec in both]
    _check_rows(contestants)
    run = _Run(pictures, contestants, plan, open_journal(out) if out is not None else None)
    tasks = run.tasks()
    done = on_picture or _nothing
    left = {task.picture.file for task in tasks}
    for picture in pictures:
        if picture.file not in left:
            done(picture.name)
    work = functools.partial(take, plan=plan, journal=run.journal)
    results = each(
        work,
        tasks,
        specs=both,
        opened=contestants,
        jobs=choose_jobs(len(tasks), jobs),
        threads=threads,
    )
    with closing(results) as outcomes:
        for outcome in outcomes:
            run.add(outcome)
            done(outcome.picture.name)
    return run.measurements()


def _check_rows(contestants: Sequence[Contestant]) -> None:
    names = [contestant.name for contestant in contestants]
    rows = [row for contestant in contestants for row in contestant.rows]
    for kind, found in (("model", names), ("settings", rows)):
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise BadOption(kind, f"two of them are called {twice[0]!r}; name one as NAME=…")


def _nothing(_name: str) -> None:
    """What is done after each picture where nobody wants to know."""


__all__ = ["GRAY", "LAB8", "TRUTH", "Measurements", "Picture", "Plan", "evaluate", "find_pictures", "named"]
