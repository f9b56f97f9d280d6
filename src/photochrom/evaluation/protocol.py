"""PROTOCOLS: which pixels go in and which are compared. All are deterministic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from photochrom.errors import BadOption
from photochrom.evaluation.rendered import from_samples, truth_of
from photochrom.evaluation.scene import Scene
from photochrom.images.door import reading

_CROP_SIDE: Final = 256


@dataclass(frozen=True)
class Protocol:
    """One row of `PROTOCOLS`. summary: one line; prepare: a file's scene."""

    name: str
    summary: str
    prepare: Callable[[Path], Scene]


def _crop256(path: Path) -> Scene:
    image = truth_of(path)
    side = min(image.width, image.height)
    with reading(str(path)):
        square = image.crop((image.width - side) // 2, (image.height - side) // 2, side, side)
        small = square.resize(_CROP_SIDE / side, kernel="lanczos3")
        rgb = np.asarray(small.numpy())
    return Scene(rgb, from_samples(rgb))


def _native(path: Path) -> Scene:
    return Scene(path, from_samples(truth_of(path).numpy()))


_ROWS: Final = (
    Protocol(
        "crop256",
        "centre square of the short side, reduced to 256 × 256 by Lanczos; its exact lightness in",
        _crop256,
    ),
    Protocol("native", "the file as it is through the whole pipeline, compared at full size", _native),
)

PROTOCOLS: Final[dict[str, Protocol]] = {row.name: row for row in _ROWS}


def protocol_named(name: str) -> Protocol:
    """A row of `PROTOCOLS`. Raises BadOption naming those there are."""
    if name not in PROTOCOLS:
        raise BadOption("protocol", f"{name!r} is not one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
