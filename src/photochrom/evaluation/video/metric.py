"""What a row of FILM_METRICS says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.video.clip import Clip


@dataclass(frozen=True)
class FilmMetric:
    """One row of `FILM_METRICS`: a number for each film.

    name: in JSON; title, unit: in tables, with `places` decimals
    better: which way is better; None where only nearness to the truth's own value is
    compares: whether it is the distance from the truth, which the truth itself has none of
    function: of a result's frames and the film they are of
    summary: a line for people
    """

    name: str
    title: str
    unit: str
    places: int
    better: Literal["lower", "higher"] | None
    compares: bool
    function: Callable[[Sequence[Rendered], Clip], float]
    summary: str
