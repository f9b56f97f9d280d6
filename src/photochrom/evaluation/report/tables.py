"""summary.csv and pictures.csv: the figures of a report for spreadsheets and statistics programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from photochrom.evaluation.atomic import write_atomically

SUMMARY: Final = "summary.csv"
PICTURES: Final = "pictures.csv"

_ESTIMATE: Final = ("mean", "low", "high", "n")
_OF_COLOR: Final = ("colorfulness_ratio", "colorfulness_difference", "semantic_recovered")


def write_tables(report: Mapping[str, Any], out: Path) -> None:
    """Write OUT/summary.csv, one line a row of the table, and OUT/pictures.csv, one a picture and row.

    UTF-8, commas, a point in numbers; what was not measured is empty. Raises UnwritableOutput.
    """
    write_atomically(out / SUMMARY, _text(_summary(report)))
    write_atomically(out / PICTURES, _text(_pictures(report)))


def _summary(report: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    names = [metric["name"] for metric in report["metrics"]]
    groups = [(f"{name}", "metrics", name) for name in names]
    groups += [(f"{name}_gain", "gain", name) for name in names]
    figures = [f"{title}_{part}" for title, _, _ in groups for part in _ESTIMATE]
    figures += [f"{name}_{part}" for name in _OF_COLOR for part in _ESTIMATE]
    yield ["row", "model", "kind", "vividness", *figures]
    for row in report["rows"]:
        estimates = [row[kind].get(name) for _, kind, name in groups] + [row[name] for name in _OF_COLOR]
        cells = [(one or {}).get(part) for one in estimates for part in _ESTIMATE]
        yield [row["name"], row["model"], row["kind"], row["vividness"], *cells]


def _pictures(report: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    names = [metric["name"] for metric in report["metrics"] if not metric["set"]]
    yield ["file", "sha256", "row", *names]
    for file in report["files"]:
        for row, values in file["values"].items():
            yield [file["name"], file["sha256"], row, *(values.get(name) for name in names)]


def _text(lines: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue().encode()
