"""The table of `photochrom evaluate`: what a terminal of 100 columns has room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from photochrom.cli.columns import in_blocks
from photochrom.evaluation.selection import ALL

Report = Mapping[str, Any]
Estimate = Mapping[str, Any] | None
Column = tuple[str, list[str]]

_NONE: Final = "–"
_WIDTH: Final = 100
# More pairs than these are for the page.
_MOST_PAIRS: Final = 6


def table(report: Report, *, metrics: Sequence[str] | None = None) -> str:
    """A line for each row, what the rows stand on, and how the contestants compare with each other.

    metrics: those that were asked for by name, or ("all",), which all are printed, in as many tables as
    that takes; None: a choice of what was measured.
    """
    measured = {metric["name"]: metric for metric in report["metrics"]}
    if metrics is not None and tuple(metrics) == (ALL,):
        metrics = tuple(measured)
    wanted = [measured[name] for name in measured if metrics is None or name in metrics]
    columns = list(_choice(report, measured) if metrics is None else _all(report, wanted))
    names = ["", *(row["name"] for row in report["rows"])]
    blocks = in_blocks(names, [[title, *cells] for title, cells in columns], width=_WIDTH)
    unknown = [f"{name}: no picture has a value" for name in metrics or () if name not in measured]
    blocks += [unknown, list(_pairs(report, wanted)), list(_properties(report)), list(_foot(report))]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _all(report: Report, metrics: Sequence[Mapping[str, Any]]) -> Iterator[Column]:
    """Title and cells of each metric, with intervals."""
    for metric in metrics:
        ones = [row["metrics"].get(metric["name"]) for row in report["rows"]]
        yield _title(metric, ones, report), [_interval(one, metric["places"]) for one in ones]


def _choice(report: Report, measured: Mapping[str, Mapping[str, Any]]) -> Iterator[Column]:
    """Title and cells, of those that were measured, of what says most."""
    rows = report["rows"]
    perceptual = next((name for name in measured if name.startswith("lpips")), "")
    for name in ("psnr", "de2000", perceptual, "fid", "colorfulness"):
        if name not in measured:
            continue
        metric, ones = measured[name], [row["metrics"].get(name) for row in rows]
        places = {perceptual: 3, "fid": 1}.get(name, metric["places"])
        yield _title(metric, ones, report), [_value(one, places) for one in ones]
        if name == "psnr":
            gain = [_interval(row["gain"].get(name), metric["places"], sign="+") for row in rows]
            yield f"gain over grey {metric['unit']}", gain
        if name == "colorfulness" and any(row["colorfulness_ratio"] for row in rows):
            yield "of truth", [_value(row["colorfulness_ratio"], 2) for row in rows]


def _title(metric: Mapping[str, Any], ones: Sequence[Estimate], report: Report) -> str:
    """With its unit, and how many pictures it is of where these are not all, or where it hangs on that."""
    counts = sorted({one["n"] for one in ones if one})
    words = f"{metric['title']} {metric['unit']}".strip()
    if not metric["set"] and counts == [report["pictures"]]:
        return words
    return f"{words}, n {'–'.join(map(str, dict.fromkeys([counts[0], counts[-1]])))}" if counts else words


def _pairs(report: Report, metrics: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Whether one contestant really is better than another, by the first metric that can say so."""
    own = {row["name"] for row in report["rows"] if row["kind"] != "reference"}
    pairs = [pair for pair in report["pairs"] if {pair["a"], pair["b"]} <= own]
    if len(pairs) > _MOST_PAIRS:
        return
    for pair in pairs:
        for metric in metrics:
            one = pair["metrics"].get(metric["name"])
            if one is not None:
                words = f"{_interval(one, metric['places'], sign='+')} {metric['unit']}".rstrip()
                yield f"{pair['a']} over {pair['b']}: {metric['title']} {words}, better on {one['share']:.0%}"
                break


def _properties(report: Report) -> Iterator[str]:
    """The figures among what was found out of each model; curves are for the page."""
    main = {model["name"]: model["row"] for model in report["models"]}
    for name, of in report["properties"].items():
        for model, found in of.items():
            figures = ", ".join(_figures(found))
            if figures:
                yield f"{name} of {main[model]}: {figures}"


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
    yield ", ".join([*words, f"seed {report['seed']}"]) + "; [95 % bootstrap interval, where n ≥ 5]"
    yield f"files {report['digest']}"
    yield f"photochrom {report['photochrom']}: {report['command']}"


def _value(estimate: Estimate, places: int, *, sign: str = "") -> str:
    return _NONE if not estimate else f"{estimate['mean']:{sign}.{places}f}"


def _interval(estimate: Estimate, places: int, *, sign: str = "") -> str:
    if not estimate or estimate["low"] is None:
        return _value(estimate, places, sign=sign)
    low, high = f"{estimate['low']:{sign}.{places}f}", f"{estimate['high']:{sign}.{places}f}"
    return f"{_value(estimate, places, sign=sign)} [{low}, {high}]"
