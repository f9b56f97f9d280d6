"""What is measured of one picture as one contestant colours it: the unit of work and of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotochromError
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS
from photochrom.evaluation.metrics.histogram import ab_shares
from photochrom.evaluation.pictures import Picture
from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.protocol import Protocol
from photochrom.evaluation.references import GRAY, TRUTH
from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.scene import Scene
from photochrom.evaluation.setting import main_place

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import Contestant
    from photochrom.evaluation.journal import Journal


@dataclass(frozen=True)
class Plan:
    """What is measured of every picture: names of METRICS, SET_METRICS and PROPERTIES.

    has_truth: False for black-and-white originals, which are compared with nothing
    """

    protocol: Protocol
    metrics: tuple[str, ...]
    set_metrics: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    has_truth: bool = True


@dataclass(frozen=True)
class Task:
    """One picture. keys: the contestant's place → the key of the record that is wanted of it."""

    picture: Picture
    keys: Mapping[int, str]


@dataclass(frozen=True, eq=False)
class Record:
    """One picture of one contestant.

    values: row → metric → value, NaN where the scene does not know what the metric takes
    histograms: row → (2, bins): shares of the picture's pixels by a and by b, between `AB_EDGES`
    features: set metric → row → (D,) float32
    properties: property → what `Property.measure` gave
    """

    values: Mapping[str, Mapping[str, float]]
    histograms: Mapping[str, NDArray[np.float64]] = field(repr=False)
    features: Mapping[str, Mapping[str, NDArray[np.float32]]] = field(repr=False)
    properties: Mapping[str, dict[str, Any]] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a task.

    records: the contestant's place → its record
    failures: the contestant's place, or None where the picture itself is at fault, and the reason
    """

    picture: Picture
    records: Mapping[int, Record]
    failures: tuple[tuple[int | None, PhotochromError], ...]


def take(
    contestants: Sequence[Contestant], task: Task, *, plan: Plan, journal: Journal | None = None
) -> Outcome:
    """Measure one picture for the contestants that the task names; each record is kept once it is there."""
    try:
        scene = scene_of(task.picture, plan)
    except PhotochromError as error:
        return Outcome(task.picture, {}, ((None, error),))
    records: dict[int, Record] = {}
    failures: list[tuple[int | None, PhotochromError]] = []
    for place, key in task.keys.items():
        try:
            records[place] = _record(contestants[place], task.picture.file, scene, plan)
        except PhotochromError as error:
            failures.append((place, error))
            continue
        if journal is not None:
            journal.write(key, records[place])
    return Outcome(task.picture, records, tuple(failures))


def scene_of(picture: Picture, plan: Plan) -> Scene:
    """The picture under the plan's protocol. Raises UnreadableImage, ImageTooLarge."""
    scene = plan.protocol.prepare(picture.file, picture.faces)
    return scene if plan.has_truth else Scene(scene.source, None, scene.label, scene.faces)


def colored(contestants: Sequence[Contestant], picture: Picture, *, plan: Plan) -> dict[str, Rendered]:
    """Grey, the contestants' rows, and the truth if there is one: a picture for looking at.

    contestants: the references first. Raises what colouring raises.
    """
    scene = scene_of(picture, plan)
    references, *others = contestants
    known = references.color(picture.file, scene)
    pictures = {GRAY: known[GRAY]}
    for contestant in others:
        pictures |= contestant.color(picture.file, scene)
    return pictures | ({TRUTH: known[TRUTH]} if TRUTH in known else {})


def measured_of(row: str, plan: Plan) -> list[str]:
    """The metrics of the plan that a row has: the truth is not compared with itself."""
    free = row == TRUTH or not plan.has_truth
    return [name for name in plan.metrics if not (free and METRICS[name].needs_truth)]


def _record(contestant: Contestant, file: Path, scene: Scene, plan: Plan) -> Record:
    pictures = contestant.color(file, scene)
    return Record(
        values={
            row: {name: METRICS[name].measure(picture, scene) for name in measured_of(row, plan)}
            for row, picture in pictures.items()
        },
        histograms={row: ab_shares(picture) for row, picture in pictures.items()},
        features={
            name: {row: SET_METRICS[name].feature(picture) for row, picture in pictures.items()}
            for name in plan.set_metrics
        },
        properties=_properties(contestant, scene, plan),
    )


def _properties(contestant: Contestant, scene: Scene, plan: Plan) -> dict[str, Any]:
    """Of a model at its main setting; of nothing else, for a picture cannot be asked."""
    if contestant.colorizer is None:
        return {}
    card, setting = contestant.colorizer.card, contestant.settings[main_place(contestant.settings)]
    return {
        name: PROPERTIES[name].measure(contestant.colorizer, scene, setting, detail=contestant.detail)
        for name in plan.properties
        if PROPERTIES[name].lacking(card, has_truth=plan.has_truth) is None
    }
