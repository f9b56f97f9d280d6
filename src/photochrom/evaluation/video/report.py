"""What was measured of films, in one dictionary that JSON can hold: built like that of pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import photochrom
from photochrom.evaluation.pictures import digest_of, named
from photochrom.evaluation.provenance import PACKAGES, versions_of
from photochrom.evaluation.video import FILM_METRICS
from photochrom.evaluation.video.run import ClipRecord, FilmMeasurements

FORMAT: Final = 1

# Decimals of a single film's value beyond those that its metric prints.
_SPARE_PLACES: Final = 3


def film_report(
    measured: FilmMeasurements, *, places: Sequence[Path] = (), command: str = "", seed: int = 0
) -> dict[str, Any]:
    """places: below which films are called by their paths; command: as it was typed."""
    names = [film.name for film in named([clip.file for clip in measured.clips], places)]
    checksums = [clip.sha256 for clip in measured.clips]
    return {
        "format": FORMAT,
        "photochrom": photochrom.__version__,
        "versions": versions_of((*PACKAGES, "av", "opencv-python-headless")),
        "command": command,
        "sampling": asdict(measured.sampling),
        "seed": seed,
        "films": len(measured.clips),
        "digest": digest_of(dict(zip(names, checksums, strict=True))),
        "metrics": [
            {
                "name": metric.name,
                "title": metric.title,
                "unit": metric.unit,
                "places": metric.places,
                "better": metric.better,
                "summary": metric.summary,
            }
            for metric in FILM_METRICS.values()
        ],
        "rows": [
            {
                "name": row,
                "metrics": {name: None if of is None else asdict(of) for name, of in estimates.items()},
            }
            for row, estimates in measured.estimates(seed=seed).items()
        ],
        "models": [{"name": name, "about": dict(about)} for name, about in measured.models.items()],
        "files": [_file(name, clip) for name, clip in zip(names, measured.clips, strict=True)],
        "failures": [
            {"file": str(failure.subject), "reason": failure.reason or str(failure)}
            for failure in measured.failures
        ],
    }


def _file(name: str, clip: ClipRecord) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": clip.sha256,
        "frames": clip.frames,
        "width": clip.width,
        "height": clip.height,
        "visible": round(clip.visible, _SPARE_PLACES),
        "values": {
            row: {
                metric: None
                if math.isnan(value)
                else round(value, FILM_METRICS[metric].places + _SPARE_PLACES)
                for metric, value in values.items()
            }
            for row, values in clip.values.items()
        },
    }
