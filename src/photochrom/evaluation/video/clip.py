"""A film as it is compared: its true frames in memory, small, and the motion between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from photochrom.errors import UnreadableImage
from photochrom.evaluation.rendered import Bytes, Rendered, image_of
from photochrom.evaluation.video.motion import Motion, motion_between
from photochrom.video.frames import SUFFIXES, read_frames

# Below it optical flow finds nothing to match.
_LEAST_SIDE: Final = 16


@dataclass(frozen=True, eq=False)
class Clip:
    """frames: the truth, at least two and all of one size."""

    frames: tuple[Rendered, ...] = field(repr=False)

    @cached_property
    def motions(self) -> tuple[Motion, ...]:
        """From each frame but the last to the next, found on the lightness of the truth."""
        lightness = [frame.lab[..., 0] for frame in self.frames]
        return tuple(motion_between(before, after) for before, after in pairwise(lightness))


def find_clips(places: Iterable[Path]) -> list[Path]:
    """The films among `places` and below those that are folders, in order of their paths.

    Raises UnreadableImage for a folder without any.
    """
    found: set[Path] = set()
    for place in places:
        below = [file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()]
        if place.is_dir() and not below:
            raise UnreadableImage(place, "holds no films")
        found.update(below if place.is_dir() else [place])
    return sorted(found)


def read_clip(path: Path, *, frames: int, step: int, side: int) -> Clip:
    """At most `frames` frames, every `step`th, reduced by Lanczos to a short side of `side` pixels at most.

    Raises UnreadableImage for what is no film, too small, or a single frame; MissingExtra.
    """
    found = [_reduced(rgb, side) for rgb in read_frames(path, most=frames, step=step)]
    if len(found) < 2:
        raise UnreadableImage(path, "holds a single frame, and what is measured is between frames")
    if min(found[0].shape[:2]) < _LEAST_SIDE:
        raise UnreadableImage(path, f"has frames of fewer than {_LEAST_SIDE} pixels a side")
    if any(rgb.shape != found[0].shape for rgb in found):
        raise UnreadableImage(path, "changes its size on the way")
    return Clip(tuple(Rendered(rgb) for rgb in found))


def _reduced(rgb: Bytes, side: int) -> Bytes:
    short = min(rgb.shape[:2])
    if short <= side:
        return rgb
    return np.asarray(image_of(rgb).resize(side / short, kernel="lanczos3").numpy(), np.uint8)
