"""What a row of METRICS says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.scene import Scene


@dataclass(frozen=True)
class Metric:
    """One row of `METRICS`: a number for each picture, of which tables print the mean.

    name: in JSON, CSV and on the command line
    title: in tables
    unit: "" for a bare number
    places: decimals worth printing
    better: which way is better; None where only nearness to the truth's own value is
    best: the value of a picture compared with itself; None where there is no such value
    takes: fields of `Scene` that `function` is given after the result
    function: of one picture
    summary: a line for people
    backbone: the network that must have been prepared for it; "" if none
    """

    name: str
    title: str
    unit: str
    places: int
    better: Literal["lower", "higher"] | None
    best: float | None
    takes: tuple[str, ...]
    function: Callable[..., float]
    summary: str
    backbone: str = ""

    @property
    def needs_truth(self) -> bool:
        """Whether it compares with the true colours."""
        return "truth" in self.takes

    def measure(self, result: Rendered, scene: Scene) -> float:
        """The value for one picture; NaN where the scene does not know what it takes.

        ValueError if the truth is of another size than the result.
        """
        known = [getattr(scene, name) for name in self.takes]
        if any(value is None for value in known):
            return math.nan
        if self.needs_truth and scene.truth is not None and scene.truth.rgb.shape != result.rgb.shape:
            raise ValueError(f"{self.name} needs a truth of the size of the result")
        return self.function(result, *known)
