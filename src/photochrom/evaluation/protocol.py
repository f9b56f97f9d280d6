"""PROTOCOLS: which pixels go in and which are compared. All are deterministic."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from photochrom.errors import BadOption
from photochrom.evaluation.imagenet import label_of
from photochrom.evaluation.rendered import Bytes, from_samples, truth_of
from photochrom.evaluation.scene import Box, Scene
from photochrom.images.door import reading

if TYPE_CHECKING:
    import pyvips

_CROP_SIDE: Final = 256

Faces = Sequence[Box]


class Prepare(typing.Protocol):
    """What makes a file's scene."""

    def __call__(self, path: Path, faces: Faces | None = None) -> Scene:
        """faces: in pixels of the file, upright. Raises UnreadableImage, ImageTooLarge."""


@dataclass(frozen=True)
class Protocol:
    """One row of `PROTOCOLS`. summary: one line."""

    name: str
    summary: str
    prepare: Prepare


def _crop256(path: Path, faces: Faces | None = None) -> Scene:
    image = truth_of(path)
    rgb = centre_crop(image, str(path))
    left, top, side = _centre_square(image.width, image.height)
    moved = _moved(faces, left=left, top=top, scale=_CROP_SIDE / side, size=(_CROP_SIDE, _CROP_SIDE))
    return Scene(rgb, from_samples(rgb), label_of(path), moved)


def centre_crop(image: pyvips.Image, name: str) -> Bytes:
    """The centre square of an image in memory as `crop256` compares it: (256, 256, 3).

    Raises UnreadableImage with this name.
    """
    left, top, side = _centre_square(image.width, image.height)
    with reading(name):
        small = image.crop(left, top, side, side).resize(_CROP_SIDE / side, kernel="lanczos3")
        return np.asarray(small.numpy())


def _centre_square(width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side."""
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, side


def _native(path: Path, faces: Faces | None = None) -> Scene:
    image = truth_of(path)
    moved = _moved(faces, left=0, top=0, scale=1, size=(image.width, image.height))
    return Scene(path, from_samples(image.numpy()), label_of(path), moved)


def _moved(
    faces: Faces | None, *, left: int, top: int, scale: float, size: tuple[int, int]
) -> tuple[Box, ...] | None:
    """What is left of the boxes in a scene that begins at (left, top); None if nothing is."""
    width, height = size
    moved = [
        Box(
            left=max(0.0, (box.left - left) * scale),
            top=max(0.0, (box.top - top) * scale),
            right=min(float(width), (box.right - left) * scale),
            bottom=min(float(height), (box.bottom - top) * scale),
        )
        for box in faces or ()
    ]
    return tuple(box for box in moved if box.left < box.right and box.top < box.bottom) or None


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
