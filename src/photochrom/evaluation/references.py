"""The rows that every table carries beside the contestants' own: what they are to be compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from photochrom.evaluation.rendered import Rendered, gray_of, through_lab8
from photochrom.evaluation.scene import Scene
from photochrom.evaluation.setting import Setting
from photochrom.images.read import read_picture

GRAY: Final = "grey"
"""No colour at all: a and b are 0."""

LAB8: Final = "truth via 8-bit Lab"
"""The best that a program which stores 8-bit Lab can score."""

TRUTH: Final = "truth"
"""The true colours themselves, by the metrics that need nothing to compare with."""


class References:
    """A contestant that knows the truth. Without truth there is only the grey picture."""

    name: Final = "reference"
    kind: Final = "reference"

    def __init__(self, *, has_truth: bool) -> None:
        self.rows: tuple[str, ...] = (GRAY, LAB8, TRUTH) if has_truth else (GRAY,)
        self.about: Mapping[str, Any] = {}
        self.colorizer: None = None
        self.settings: tuple[Setting, ...] = ()
        self.detail: int | None = None

    def key_of(self, file: Path) -> str:  # noqa: ARG002 (the references of all files are made alike)
        """What the results depend on but for the picture."""
        return hashlib.sha256("\n".join(self.rows).encode()).hexdigest()

    def color(self, file: Path, scene: Scene) -> Mapping[str, Rendered]:  # noqa: ARG002 (as others)
        """The picture of each row. Raises UnreadableImage, ImageTooLarge."""
        pictures = {GRAY: gray_of(read_picture(scene.source))}
        if scene.truth is not None:
            pictures |= {LAB8: through_lab8(scene.truth), TRUTH: scene.truth}
        return pictures


@dataclass(frozen=True)
class ReferenceSpec:
    """What `References` is opened from in each process."""

    has_truth: bool = True
    name: str = "reference"

    def open(self, threads: int | None = None) -> References:  # noqa: ARG002 (there is no network)
        """Ready to colour."""
        return References(has_truth=self.has_truth)
