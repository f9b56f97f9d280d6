"""FILM_METRICS: everything that is measured of a coloured film. To add one: a function, a row below."""

from __future__ import annotations

from typing import Final

from photochrom.evaluation.video.measures import consistency, difference, fidelity, warp_error
from photochrom.evaluation.video.metric import FilmMetric

_ROWS: Final = (
    FilmMetric("psnr", "PSNR", "dB", 2, "higher", True, fidelity, "error of R, G and B, mean of the frames"),
    FilmMetric("de2000", "ΔE2000", "", 2, "lower", True, difference, "difference as seen"),
    FilmMetric(
        "warp", "warp error of ab", "", 2, None, False, warp_error, "change of colour along the true motion"
    ),
    FilmMetric("cdc", "CDC", "", 5, None, False, consistency, "change of the histograms of R, G and B"),
)

FILM_METRICS: Final[dict[str, FilmMetric]] = {row.name: row for row in _ROWS}
