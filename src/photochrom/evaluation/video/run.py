"""Films coloured frame by frame and measured: what flickers, and by how much."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from photochrom.errors import BadOption, InputError
from photochrom.evaluation.bootstrap import Estimate, estimate, resampled_means
from photochrom.evaluation.pictures import sha256_of
from photochrom.evaluation.references import GRAY, TRUTH
from photochrom.evaluation.rendered import Rendered, gray_of
from photochrom.evaluation.scene import Scene
from photochrom.evaluation.video import FILM_METRICS
from photochrom.evaluation.video.clip import Clip, read_clip
from photochrom.evaluation.workers import each
from photochrom.images.read import read_picture

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import Contestant, ModelSpec

REFERENCES: Final = (GRAY, TRUTH)
"""The rows that every table begins with."""


@dataclass(frozen=True)
class Sampling:
    """What is taken of a film.

    frames: at most so many, from the first on
    step: every so-manieth
    side: of pixels at most on the short side
    """

    frames: int = 24
    step: int = 1
    side: int = 256


@dataclass(frozen=True)
class ClipRecord:
    """What was measured of one film.

    sha256: of the file; frames, width, height: as they were compared
    visible: share of the pixels that can be followed from a frame to the next
    values: row → metric of FILM_METRICS → value, NaN where there is none
    """

    file: Path
    sha256: str
    frames: int
    width: int
    height: int
    visible: float
    values: Mapping[str, Mapping[str, float]] = field(repr=False)


@dataclass(frozen=True)
class FilmMeasurements:
    """clips: those that could be measured; failures: one error for each other; models: what they are."""

    rows: tuple[str, ...]
    clips: tuple[ClipRecord, ...]
    failures: tuple[InputError, ...]
    sampling: Sampling
    models: Mapping[str, Mapping[str, Any]]

    def estimates(self, *, seed: int = 0) -> dict[str, dict[str, Estimate | None]]:
        """Row → metric → mean over the films with its interval, over films too; None where none has any."""
        found: dict[str, dict[str, Estimate | None]] = {}
        for row in self.rows:
            values = np.array([[clip.values[row][name] for clip in self.clips] for name in FILM_METRICS])
            draws = resampled_means(values, seed)
            known = np.isfinite(values).sum(axis=1)
            found[row] = {name: estimate(draws[:, i], int(known[i])) for i, name in enumerate(FILM_METRICS)}
        return found


def evaluate_clips(
    specs: Sequence[ModelSpec],
    clips: Sequence[Path],
    *,
    sampling: Sampling | None = None,
    jobs: int = 1,
    threads: int = 1,
    on_clip: Callable[[Path], None] | None = None,
) -> FilmMeasurements:
    """Colour the frames of each film one by one, from their lightness alone, and measure all rows.

    jobs: films side by side, each in a process of its own; on_clip: called with each that is done.
    A film that cannot be read is a failure, and the others go on. Raises BadOption for two rows of
    one name and for what `ModelSpec.open` refuses, ModelNotFound, BadModel, MissingExtra.
    """
    sampling = sampling or Sampling()
    opened = [spec.open(threads) for spec in specs]
    rows = (*REFERENCES, *(row for contestant in opened for row in contestant.rows))
    if len(set(rows)) < len(rows):
        raise BadOption("model", "two rows of the table would have one name")
    done: dict[Path, ClipRecord | InputError] = {}
    work = functools.partial(measure_clip, sampling=sampling)
    with closing(each(work, clips, specs=specs, opened=opened, jobs=jobs, threads=threads)) as found:
        for file, outcome in found:
            done[file] = outcome
            if on_clip is not None:
                on_clip(file)
    outcomes = [done[file] for file in clips]
    return FilmMeasurements(
        rows,
        tuple(outcome for outcome in outcomes if isinstance(outcome, ClipRecord)),
        tuple(outcome for outcome in outcomes if isinstance(outcome, InputError)),
        sampling,
        {contestant.name: contestant.about for contestant in opened},
    )


def measure_clip(
    contestants: Sequence[Contestant], file: Path, *, sampling: Sampling
) -> tuple[Path, ClipRecord | InputError]:
    """One film by all contestants, or why not."""
    try:
        checksum = sha256_of(file)
        clip = read_clip(file, frames=sampling.frames, step=sampling.step, side=sampling.side)
        films = _films(contestants, file, clip)
    except InputError as error:
        return file, error
    height, width = clip.frames[0].rgb.shape[:2]
    visible = float(np.mean([motion.visible.mean() for motion in clip.motions]))
    values = {row: _values(row, frames, clip) for row, frames in films.items()}
    return file, ClipRecord(file, checksum, len(clip.frames), width, height, visible, values)


def _films(contestants: Sequence[Contestant], file: Path, clip: Clip) -> dict[str, list[Rendered]]:
    """The frames of each row."""
    films: dict[str, list[Rendered]] = {
        GRAY: [gray_of(read_picture(frame.rgb)) for frame in clip.frames],
        TRUTH: list(clip.frames),
    }
    for contestant in contestants:
        films |= {row: [] for row in contestant.rows}
        for frame in clip.frames:
            for row, result in contestant.color(file, Scene(frame.rgb, frame)).items():
                films[row].append(result)
    return films


def _values(row: str, frames: Sequence[Rendered], clip: Clip) -> dict[str, float]:
    """The truth is not compared with itself."""
    return {
        name: math.nan if metric.compares and row == TRUTH else metric.function(frames, clip)
        for name, metric in FILM_METRICS.items()
    }
