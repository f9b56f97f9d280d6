"""One picture to be coloured and judged, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from photochrom.evaluation.rendered import Rendered


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the scene, from its left upper corner; right and bottom are outside."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture to be coloured and judged.

    source: what a colorizer is given, of which it sees the lightness only
    truth: the colours that its result is compared with; None for a black-and-white original
    label: its ImageNet class, 0…999, where the file's name tells
    faces: where skin is, where somebody has marked it
    """

    source: Path | NDArray[Any] = field(repr=False)
    truth: Rendered | None
    label: int | None = None
    faces: tuple[Box, ...] | None = None
