"""PROPERTIES: what is found out about a model rather than a result. To add one: a file here, a row below."""

from __future__ import annotations

from typing import Final

from photochrom.evaluation.properties import calibration, hints, stability
from photochrom.evaluation.properties.property import Property

_ROWS: Final = (
    Property(
        "stability",
        "size stability",
        "mean ΔE2000 between results of the network looking at 192, 256, 384 and 512 pixels, mirrored, and "
        "of copies of 192 and 512 pixels",
        "sizes",
        False,
        stability.measure,
        stability.gather,
    ),
    Property(
        "hints",
        "hint efficiency",
        "PSNR in dB after 0 to 50 simulated clicks, at random places and where Photochrom suggests them",
        "hints",
        True,
        hints.measure,
        hints.gather,
    ),
    Property(
        "calibration",
        "calibration",
        "whether colours that the network holds to be likely are as likely as it says",
        "logits",
        True,
        calibration.measure,
        calibration.gather,
    ),
)

PROPERTIES: Final[dict[str, Property]] = {row.name: row for row in _ROWS}
