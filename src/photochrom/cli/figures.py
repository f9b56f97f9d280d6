"""The table of `photochrom evaluate`: what a terminal of 100 columns has room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Report = Mapping[str, Any]
Estimate = Mapping[str, Any] | None

_NONE: Final = "–"
# More pairs than these are for the page.
_MOST_PAIRS: Final = 6


def table(report: Report) -> str:
    """A line for each row, what the rows stand on, and how the contestants compare with each other."""
    columns = list(_columns(report))
    head = ["", *(title for title, _ in columns)]
    body = [[row["name"], *(cells[i] for _, cells in columns)] for i, row in enumerate(report["rows"])]
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in [head, *body]]
    blocks = [lines, list(_pairs(report)), list(_properties(report)), list(_foot(report))]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _columns(report: Report) -> Iterator[tuple[str, list[str]]]:
    """Title and cells, of those that were measured."""
    rows, measured = report["rows"], [metric["name"] for metric in report["metrics"]]
    if "psnr" in measured:
        yield "PSNR dB", [_value(row["metrics"].get("psnr"), 2) for row in rows]
        yield "gain over grey dB", [_interval(row["gain"].get("psnr"), 2, sign="+") for row in rows]
    if "de2000" in measured:
        yield "ΔE2000", [_value(row["metrics"].get("de2000"), 2) for row in rows]
    perceptual = next((name for name in measured if name.startswith("lpips")), None)
    if perceptual is not None:
        yield "LPIPS", [_value(row["metrics"].get(perceptual), 3) for row in rows]
    if "fid" in measured:
        yield "FID", [_value(row["metrics"].get("fid"), 1) for row in rows]
    if "colorfulness" in measured:
        yield "colourfulness", [_value(row["metrics"].get("colorfulness"), 1) for row in rows]
        if any(row["colorfulness_ratio"] for row in rows):
            yield "of truth", [_value(row["colorfulness_ratio"], 2) for row in rows]


def _pairs(report: Report) -> Iterator[str]:
    """Whether one contestant really is better than another, by PSNR."""
    own = {row["name"] for row in report["rows"] if row["kind"] != "reference"}
    pairs = [pair for pair in report["pairs"] if {pair["a"], pair["b"]} <= own]
    if len(pairs) > _MOST_PAIRS:
        return
    for pair in pairs:
        psnr = pair["metrics"].get("psnr")
        if psnr is not None:
            gap = _interval(psnr, 2, sign="+")
            yield f"{pair['a']} over {pair['b']}: {gap} dB, better on {psnr['share']:.0%}"


def _properties(report: Report) -> Iterator[str]:
    """The figures among what was found out of each model; curves are for the page."""
    for name, of in report["properties"].items():
        for model, found in of.items():
            figures = ", ".join(_figures(found))
            if figures:
                yield f"{name} of {model}: {figures}"


def _figures(found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if isinstance(value, Mapping) and "mean" in value:
            yield f"{name} {_interval(value, 2)}"
        elif isinstance(value, list) and value and isinstance(value[0], Mapping) and "mean" in value[0]:
            yield f"{name} {_value(value[0], 2)} … {_value(value[-1], 2)}"
        elif isinstance(value, int | float) and name != "n":
            yield f"{name} {value:.3f}"


def _foot(report: Report) -> Iterator[str]:
    models = ", ".join(model["name"] for model in report["models"])
    words = [f"{report['pictures']} pictures", f"model {models}", f"protocol {report['protocol']['name']}"]
    yield ", ".join([*words, f"seed {report['seed']}"]) + "; [95 % bootstrap interval]"
    yield f"files {report['digest']}"
    yield f"photochrom {report['photochrom']}: {report['command']}"


def _value(estimate: Estimate, places: int, *, sign: str = "") -> str:
    return _NONE if not estimate else f"{estimate['mean']:{sign}.{places}f}"


def _interval(estimate: Estimate, places: int, *, sign: str = "") -> str:
    if not estimate or estimate["low"] is None:
        return _value(estimate, places, sign=sign)
    low, high = f"{estimate['low']:{sign}.{places}f}", f"{estimate['high']:{sign}.{places}f}"
    return f"{_value(estimate, places, sign=sign)} [{low}, {high}]"


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names to the left, figures to the right."""
    return [
        text.rjust(width) if i else text.ljust(width)
        for i, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
