"""METRICS: everything that is measured of a result. To add one: a function here, a row below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from photochrom.evaluation.metrics.colorfulness import colorfulness
from photochrom.evaluation.metrics.difference import mean_delta_e_76, mean_delta_e_2000
from photochrom.evaluation.metrics.fidelity import PSNR_CEILING, psnr
from photochrom.evaluation.rendered import Rendered


@dataclass(frozen=True)
class Metric:
    """One row of `METRICS`.

    name: as tables and JSON have it
    unit: "" for a bare number
    better: which way is better; None where only nearness to the truth's own value is
    best: the value of a picture compared with itself; None where there is no such value
    needs_truth: whether `function` takes the truth after the result
    function: of one picture
    """

    name: str
    unit: str
    better: Literal["lower", "higher"] | None
    best: float | None
    needs_truth: bool
    function: Callable[..., float]

    def measure(self, result: Rendered, truth: Rendered | None) -> float:
        """The value for one picture. ValueError if the truth is needed and missing or of another size."""
        if not self.needs_truth:
            return self.function(result)
        if truth is None or truth.rgb.shape != result.rgb.shape:
            raise ValueError(f"{self.name} needs a truth of the size of the result")
        return self.function(result, truth)


_ROWS: Final = (
    Metric("psnr", "dB", "higher", PSNR_CEILING, True, psnr),
    Metric("de2000", "", "lower", 0.0, True, mean_delta_e_2000),
    Metric("de76", "", "lower", 0.0, True, mean_delta_e_76),
    Metric("colorfulness", "", None, None, False, colorfulness),
)

METRICS: Final[dict[str, Metric]] = {row.name: row for row in _ROWS}
