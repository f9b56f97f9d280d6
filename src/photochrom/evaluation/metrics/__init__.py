"""METRICS: everything that is measured of a result. To add one: a function in a file here, a row below."""

from __future__ import annotations

from typing import Final

from photochrom.evaluation.metrics.colorfulness import colorfulness
from photochrom.evaluation.metrics.difference import mean_delta_e_76, mean_delta_e_2000
from photochrom.evaluation.metrics.fidelity import PSNR_CEILING, psnr
from photochrom.evaluation.metrics.metric import Metric

_ROWS: Final = (
    Metric("psnr", "PSNR", "dB", 2, "higher", PSNR_CEILING, ("truth",), psnr, "error of R, G and B"),
    Metric("de2000", "ΔE2000", "", 2, "lower", 0.0, ("truth",), mean_delta_e_2000, "difference as seen"),
    Metric("de76", "ΔE76", "", 2, "lower", 0.0, ("truth",), mean_delta_e_76, "distance in CIELAB"),
    Metric("colorfulness", "colourfulness", "", 1, None, None, (), colorfulness, "Hasler and Süsstrunk"),
)

METRICS: Final[dict[str, Metric]] = {row.name: row for row in _ROWS}
