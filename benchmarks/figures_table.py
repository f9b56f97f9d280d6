"""The tables of docs/evaluation.md as Markdown: `python benchmarks/figures_table.py report/report.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Each a table that a page has room for: metric → its heading.
GROUPS: tuple[Mapping[str, str], ...] = (
    {"psnr": "PSNR, dB", "gain": "over grey, dB", "ssim": "SSIM", "de2000": "ΔE2000", "de76": "ΔE76"},
    {
        "lpips_alex": "LPIPS (Alex)",
        "lpips_vgg": "LPIPS (VGG)",
        "fid": "FID",
        "semantic": "semantic",
        "recovered": "gap given back",
    },
    {
        "colorfulness": "colourfulness",
        "ratio": "of the truth's",
        "colorfulness_error": "mean of differences",
        "colorfulness_abs": "abs variant",
    },
    {"auc": "AuC, %", "auc_balanced": "balanced, %", "hist_a": "histogram a", "hist_b": "histogram b"},
    {
        "red_blobs": "red blobs",
        "bleeding": "bleeding, %",
        "clipped": "clipped, %",
        "skin": "ΔE2000 of skin",
    },
)


def main() -> None:
    report = json.loads(Path(sys.argv[1]).read_text("utf8"))
    places = {metric["name"]: metric["places"] for metric in report["metrics"]}
    for group in GROUPS:
        rows = [[row["name"], *(cell(row, name, places) for name in group)] for row in report["rows"]]
        print_table(["", *group.values()], [row for row in rows if set(row[1:]) != {""}])
    for title, lines in properties(report["properties"]):
        print_table(title, lines)
    print(f"n = {report['pictures']}; files `{report['digest']}`; `{report['command']}`")


def cell(row: Mapping[str, Any], name: str, places: Mapping[str, int]) -> str:
    if name == "gain":
        return estimate(row["gain"].get("psnr"), 2, sign="+")
    if name == "ratio":
        return estimate(row["colorfulness_ratio"], 2)
    if name == "recovered":
        return estimate(row["semantic_recovered"], 2)
    return estimate(row["metrics"].get(name), places.get(name, 2))


def estimate(value: Mapping[str, Any] | None, places: int, *, sign: str = "") -> str:
    if value is None:
        return ""
    mean = f"{value['mean']:{sign}.{places}f}"
    if value["low"] is None:
        return mean
    return f"{mean} [{value['low']:{sign}.{places}f}, {value['high']:{sign}.{places}f}]"


def properties(found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Sequence[str], list[list[str]]]]:
    for model, of in found.get("stability", {}).items():
        lone = [name for name in ("mirrored", "copies") if name in of]
        head = ["size stability, ΔE2000", "mean", *of["pairs"], *lone]
        pairs = [f"{value:.2f}" for value in of["pairs"].values()]
        yield head, [[model, estimate(of["mean"], 2), *pairs, *(f"{of[name]:.2f}" for name in lone)]]
    for model, of in found.get("hints", {}).items():
        head = ["PSNR in dB after clicks", *map(str, of["clicks"])]
        lines = [
            [f"{model}, {places}", *(estimate(one, 2) for one in of[places])]
            for places in ("random", "asked")
        ]
        yield head, lines
    for model, of in found.get("calibration", {}).items():
        head = ["calibration", "ECE", *(f"{one['wanted']:.0%} set holds, %" for one in of["coverage"])]
        sets = [f"{100 * one['got']:.1f} ({one['bins']:.1f} bins)" for one in of["coverage"]]
        yield head, [[model, f"{of['ece']:.3f}", *sets]]


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
        print(f"| {' | '.join(row)} |")
    print()


if __name__ == "__main__":
    main()
