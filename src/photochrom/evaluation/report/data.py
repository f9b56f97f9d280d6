"""report.json: everything that an evaluation found out, in one dictionary that JSON can hold.

The same measurements give the same report, to the byte: no date, no times, nothing of the machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import photochrom
from photochrom.evaluation.atomic import write_atomically
from photochrom.evaluation.measurements import Measurements
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS, SetMetric
from photochrom.evaluation.metrics.histogram import AB_EDGES
from photochrom.evaluation.metrics.metric import Metric
from photochrom.evaluation.pictures import digest_of
from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.provenance import versions_of
from photochrom.evaluation.record import Plan
from photochrom.evaluation.references import TRUTH
from photochrom.evaluation.report.shown import ERRORS_UP_TO
from photochrom.evaluation.summary import Line, Summary

FORMAT: Final = 1
FILE: Final = "report.json"

# Decimals of a single picture's value beyond those that its metric prints.
_SPARE_PLACES: Final = 3
_SHARE_PLACES: Final = 6


@dataclass(frozen=True)
class Asked:
    """What was asked for. command: as it was typed; limit: of the pictures that were drawn by `seed`."""

    command: str
    plan: Plan
    seed: int = 0
    limit: int | None = None


def report_of(
    measured: Measurements, summary: Summary, asked: Asked, *, shown: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The report, as docs/evaluation.md describes it. shown: of `report.shown.draw`."""
    protocol = asked.plan.protocol
    return {
        "format": FORMAT,
        "photochrom": photochrom.__version__,
        "versions": versions_of(),
        "command": asked.command,
        "protocol": {"name": protocol.name, "summary": protocol.summary},
        "seed": asked.seed,
        "limit": asked.limit,
        "pictures": summary.pictures,
        "digest": digest_of(dict(zip(measured.names, measured.sha256, strict=True))),
        "metrics": _metrics(summary),
        "rows": _rows(measured, summary),
        "pairs": [asdict(pair) for pair in summary.pairs],
        "models": [
            {
                "name": one.name,
                "kind": one.kind,
                "rows": list(one.rows),
                "row": one.row,
                "setting": one.setting,
                "about": dict(one.about),
            }
            for one in measured.entries
        ],
        "properties": {
            name: {
                model: PROPERTIES[name].gather(pictures, seed=asked.seed) for model, pictures in of.items()
            }
            for name, of in measured.properties.items()
        },
        "histograms": _histograms(measured),
        "files": _files(measured),
        "failures": [
            {"file": one.picture, "model": one.contestant, "reason": one.error.reason or str(one.error)}
            for one in measured.failures
        ],
        "errors_up_to": ERRORS_UP_TO,
        "shown": list(shown),
    }


def as_json(report: Mapping[str, Any]) -> str:
    """The text of report.json. ValueError for what JSON has no word for."""
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(report: Mapping[str, Any], out: Path) -> Path:
    """Write OUT/report.json. Raises UnwritableOutput."""
    write_atomically(out / FILE, as_json(report).encode())
    return out / FILE


def _metrics(summary: Summary) -> list[dict[str, Any]]:
    """Those that any row has a value of, in the order of the tables."""
    known = {name for line in summary.lines for name in line.metrics} | summary.truth.keys()
    listed = [
        *(_metric(row, unit=row.unit, of_set=False) for row in METRICS.values()),
        *(_metric(row, unit="", of_set=True) for row in SET_METRICS.values()),
    ]
    return [row for row in listed if row["name"] in known]


def _metric(row: Metric | SetMetric, *, unit: str, of_set: bool) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.title,
        "unit": unit,
        "places": row.places,
        "better": row.better,
        "summary": row.summary,
        "set": of_set,
    }


def _rows(measured: Measurements, summary: Summary) -> list[dict[str, Any]]:
    owners = {
        row: (entry, place)
        for entry in measured.entries
        for row, place in zip(entry.rows, entry.vividness or (None,) * len(entry.rows), strict=True)
    }
    rows = []
    lines = [*summary.lines]
    if summary.truth:
        lines.append(Line(TRUTH, summary.truth, {}, None, None, None))
    for line in lines:
        entry, place = owners.get(line.name, (None, None))
        values = asdict(line)
        rows.append(
            {
                "name": values.pop("name"),
                "model": None if entry is None else entry.name,
                "kind": "reference" if entry is None else entry.kind,
                "vividness": place,
                **values,
            }
        )
    return rows


def _histograms(measured: Measurements) -> dict[str, Any]:
    shares = {row: np.round(of, _SHARE_PLACES) for row, of in measured.histograms.items()}
    return {
        "edges": AB_EDGES.tolist(),
        "a": {row: of[0].tolist() for row, of in shares.items()},
        "b": {row: of[1].tolist() for row, of in shares.items()},
    }


def _files(measured: Measurements) -> list[dict[str, Any]]:
    rows = {row: {name: of[i] for name, of in measured.values.items()} for i, row in enumerate(measured.rows)}
    if measured.truth:
        rows[TRUTH] = dict(measured.truth)
    return [
        {
            "name": measured.names[i],
            "sha256": measured.sha256[i],
            "values": {
                row: {name: _rounded(values[i], METRICS[name].places) for name, values in of.items()}
                for row, of in rows.items()
            },
        }
        for i in range(len(measured.files))
    ]


def _rounded(value: float, places: int) -> float | None:
    return None if math.isnan(value) else round(float(value), places + _SPARE_PLACES)
