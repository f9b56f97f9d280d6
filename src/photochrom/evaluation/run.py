"""Colours pictures under a protocol and measures every setting of them."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadOption, InputError, MissingExtra, PhotochromError, UnreadableImage
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.protocol import Protocol
from photochrom.evaluation.rendered import Rendered, from_samples, gray_of, through_lab8
from photochrom.evaluation.scene import Scene
from photochrom.evaluation.setting import Setting, rules_of
from photochrom.images.formats import FORMATS
from photochrom.images.picture import Picture
from photochrom.images.read import read_picture
from photochrom.inference.vividness import ColorRule

GRAY: Final = "grey"
TRUTH: Final = "truth"
LAB8: Final = "truth via 8-bit Lab"


class Painted(typing.Protocol):
    """What `Painter.paint` gives: `inference.pipeline.Result`, or anything with its pixels."""

    def to_array(self) -> NDArray[Any]:
        """(H, W, 3 or 4), uint8 or uint16."""


class Painter(typing.Protocol):
    """The part of `inference.pipeline.Colorizer` that is evaluated: a look, then any number of rules."""

    def guess(self, picture: Picture, *, detail: int | None = None) -> Any:
        """What the network makes of the picture; whatever `paint` takes."""

    def paint(self, picture: Picture, guess: Any, rule: ColorRule) -> Painted:
        """Colours chosen by a rule."""


@dataclass(frozen=True, eq=False)
class Measurements:
    """Every value of every picture.

    files: those that could be evaluated
    rows: grey, truth via 8-bit Lab, then the settings; without truth: grey and the settings
    values: metric → (rows, files)
    truth: metric → (files,), for the metrics that need no truth; empty without truth
    failures: one error for each file that could not be evaluated; such a file is in no row
    """

    files: tuple[Path, ...]
    rows: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]] = field(repr=False)
    truth: Mapping[str, NDArray[np.float64]] = field(repr=False)
    failures: tuple[PhotochromError, ...]


def find_pictures(places: Iterable[Path], *, limit: int | None = None, seed: int = 0) -> list[Path]:
    """The picture files among `places` and below those that are folders, in order of their paths.

    limit: at most so many, drawn at random by `seed`. Raises UnreadableImage for a folder without any.
    """
    found: set[Path] = set()
    for place in places:
        pictures = _below(place) if place.is_dir() else [place]
        if not pictures:
            raise UnreadableImage(place, "holds no pictures")
        found.update(pictures)
    files = sorted(found)
    if limit is None or limit >= len(files):
        return files
    chosen = np.random.default_rng(seed).choice(len(files), size=limit, replace=False)
    return [files[i] for i in sorted(chosen)]


def _below(folder: Path) -> list[Path]:
    suffixes = {suffix for row in FORMATS.values() for suffix in row.suffixes}
    return [file for file in folder.rglob("*") if file.suffix.lower() in suffixes and file.is_file()]


def evaluate(
    colorizer: Painter,
    files: Iterable[Path],
    *,
    protocol: Protocol,
    settings: Sequence[Setting],
    detail: int | None = None,
    has_truth: bool = True,
    on_picture: Callable[[Path, Mapping[str, Rendered]], None] | None = None,
) -> Measurements:
    """Measure all settings on all files; encoder and decoder run once for each picture.

    has_truth: False for black-and-white originals: only metrics that need no truth are taken
    on_picture: called with each picture by row name, with `TRUTH` last where there is one

    A file that cannot be read is a failure, and the others go on. Raises BadOption for two settings
    of one name.
    """
    rows = (GRAY, *((LAB8,) if has_truth else ()), *(setting.name for setting in settings))
    if len(set(rows)) < len(rows):
        raise BadOption("settings", "two of them are the same")
    names = [name for name, metric in METRICS.items() if has_truth or not metric.needs_truth]
    done: list[Path] = []
    failures: list[PhotochromError] = []
    columns: list[list[list[float]]] = []
    of_truth: list[list[float]] = []
    for file in files:
        try:
            scene = protocol.prepare(file)
            pictures = _render(colorizer, scene, settings, detail=detail, has_truth=has_truth)
        except (InputError, MissingExtra) as error:
            failures.append(error)
            continue
        truth = scene.truth if has_truth else None
        columns.append([[METRICS[name].measure(pictures[row], scene) for row in rows] for name in names])
        if truth is not None:
            free = [metric for metric in METRICS.values() if not metric.needs_truth]
            of_truth.append([metric.measure(truth, scene) for metric in free])
            pictures = {**pictures, TRUTH: truth}
        done.append(file)
        if on_picture is not None:
            on_picture(file, pictures)
    return _gathered(done, rows, names, columns, of_truth, failures)


def _render(
    colorizer: Painter,
    scene: Scene,
    settings: Sequence[Setting],
    *,
    detail: int | None,
    has_truth: bool,
) -> dict[str, Rendered]:
    """The picture of each row."""
    picture = read_picture(scene.source)
    pictures = {GRAY: gray_of(picture)}
    if has_truth and scene.truth is not None:
        pictures[LAB8] = through_lab8(scene.truth)
    guess = colorizer.guess(picture, detail=detail)
    for setting in settings:
        # Read anew, for a streamed picture gives its pixels once.
        result = colorizer.paint(read_picture(scene.source), guess, setting.rule)
        pictures[setting.name] = from_samples(result.to_array())
    return pictures


def _gathered(
    files: list[Path],
    rows: tuple[str, ...],
    names: list[str],
    columns: list[list[list[float]]],
    of_truth: list[list[float]],
    failures: list[PhotochromError],
) -> Measurements:
    values = np.array(columns, np.float64).reshape(len(files), len(names), len(rows))
    free = [name for name, metric in METRICS.items() if not metric.needs_truth]
    truth = np.array(of_truth, np.float64).reshape(-1, len(free))
    return Measurements(
        files=tuple(files),
        rows=rows,
        values={name: values[:, i].T for i, name in enumerate(names)},
        truth={name: truth[:, i] for i, name in enumerate(free)} if len(truth) else {},
        failures=tuple(failures),
    )


__all__ = ["GRAY", "LAB8", "TRUTH", "Measurements", "Setting", "evaluate", "find_pictures", "rules_of"]
