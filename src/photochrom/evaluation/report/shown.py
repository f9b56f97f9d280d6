"""The pictures that a report shows: which ones, and the files that it shows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from photochrom.color.difference import delta_e_2000
from photochrom.evaluation.atomic import write_atomically
from photochrom.evaluation.measurements import Measurements
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.pictures import Picture
from photochrom.evaluation.record import Plan, colored
from photochrom.evaluation.references import GRAY, TRUTH
from photochrom.evaluation.rendered import Bytes, Rendered, image_of
from photochrom.evaluation.sheet import reduced, spread
from photochrom.images.read import read_picture
from photochrom.images.write import encode_picture

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import Contestant

FOLDER: Final = "shown"
INPUT: Final = "input"
SIDE: Final = 384
"""Pixels of the longer side at most."""

ERRORS_UP_TO: Final = 30.0
"""ΔE2000 of the brightest colour of an error map."""

_EVEN: Final = 6
_MOST: Final = 30
_QUALITY: Final = 82
# Black over violet and orange to pale yellow, each step lighter than the last: five colours of the
# map "inferno" by Nathaniel Smith and Stéfan van der Walt (2015), CC0.
_MAP: Final = np.array([[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]], np.float64)


@dataclass(frozen=True)
class Choice:
    """One picture to be shown. number: its place in the report, from 1; why: in words, for people."""

    number: int
    picture: Picture
    why: tuple[str, ...]


def choose(measured: Measurements, pictures: Sequence[Picture]) -> list[Choice]:
    """Each metric's best, worst and median picture by the first contestant's main row, and some others.

    pictures: among which are those measured. The others are evenly spread. At most 30, in the order of
    the files; where there would be more, the last metrics go short. A picture is there once, with all
    its reasons.
    """
    count = len(measured.files)
    reasons: dict[int, list[str]] = {}
    even = spread(range(count), _EVEN)
    for place, reason in _extremes(measured):
        if place in reasons or len(reasons.keys() | set(even) | {place}) <= _MOST:
            reasons.setdefault(place, []).append(reason)
    for place in even:
        reasons.setdefault(place, []).append("evenly spread")
    by_name = {picture.name: picture for picture in pictures}
    return [
        Choice(number, by_name[measured.names[i]], tuple(reasons[i]))
        for number, i in enumerate(sorted(reasons), 1)
    ]


def _extremes(measured: Measurements) -> Iterator[tuple[int, str]]:
    """Place of a picture, and what it is an example of."""
    if not measured.entries:
        return
    row = measured.entries[0].row
    for name, values in measured.values.items():
        metric, of = METRICS[name], values[measured.rows.index(row)]
        known = np.flatnonzero(np.isfinite(of))
        if metric.better is None or not len(known):
            continue
        order = known[np.argsort(of[known], kind="stable")]
        best, worst = (order[-1], order[0]) if metric.better == "higher" else (order[0], order[-1])
        yield int(best), f"best {metric.title}: {row}"
        yield int(worst), f"worst {metric.title}: {row}"
        yield int(order[(len(order) - 1) // 2]), f"median {metric.title}: {row}"


def draw(contestants: Sequence[Contestant], choice: Choice, *, plan: Plan, out: Path) -> dict[str, Any]:
    """Write a picture's files below OUT/shown; what report.json has under "shown".

    Raises what colouring raises, UnwritableOutput.
    """
    pictures = colored(contestants, choice.picture, plan=plan)
    truth = pictures.pop(TRUTH, None)
    stem = f"{choice.number:02d}-{re.sub(r'[^0-9A-Za-z]+', '-', Path(choice.picture.name).stem)[:40]}"
    named = {INPUT: pictures.pop(GRAY), **pictures}
    files = [INPUT, *(f"row{i}" for i in range(1, len(named)))]
    images = {
        row: _write(picture.rgb, out, f"{stem}-{file}")
        for (row, picture), file in zip(named.items(), files, strict=True)
    }
    errors: dict[str, str] = {}
    if truth is not None:
        images[TRUTH] = _write(truth.rgb, out, f"{stem}-truth")
        for (row, picture), file in list(zip(named.items(), files, strict=True))[1:]:
            errors[row] = _write(error_map(picture, truth), out, f"{stem}-error-{file}")
    return {"file": choice.picture.name, "why": list(choice.why), "images": images, "errors": errors}


def clear(out: Path, *, keep: Sequence[Mapping[str, Any]]) -> None:
    """Remove from OUT/shown what an earlier run has left there. keep: of `draw`."""
    names = {name for one in keep for of in ("images", "errors") for name in one[of].values()}
    for file in (out / FOLDER).glob("*.webp"):
        if f"{FOLDER}/{file.name}" not in names:
            file.unlink(missing_ok=True)


def error_map(result: Rendered, truth: Rendered) -> Bytes:
    """ΔE2000 of each pixel as a colour, from black at 0 to pale yellow at 30 and above. (H, W, 3)."""
    drawn = np.empty(truth.rgb.shape, np.uint8)
    places = np.linspace(0, ERRORS_UP_TO, len(_MAP))
    for rows in truth.blocks():
        error = delta_e_2000(result.lab[rows], truth.lab[rows])
        for channel in range(3):
            drawn[rows, :, channel] = np.rint(np.interp(error, places, _MAP[:, channel]))
    return drawn


def _write(rgb: Bytes, out: Path, stem: str) -> str:
    small = reduced(rgb, SIDE)
    data = encode_picture(image_of(small), read_picture(small), ".webp", quality=_QUALITY, note=None)
    name = f"{FOLDER}/{stem}.webp"
    write_atomically(out / name, data)
    return name
