"""`photochrom bench`: how fast it is here, as multiples of what the files alone cost."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from photochrom.cli.console import Console, one_line
from photochrom.cli.options import console_options

if TYPE_CHECKING:
    from photochrom.evaluation.bench import Case, Cost, Timing

_MEGA = 1e6


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=3, help="Of which the median is taken; 3.")
@click.option("--only", metavar="CASE", multiple=True, help="One case by name; may be given more than once.")
@click.option("--large", is_flag=True, help="Also 250 megapixels: some minutes, 2 GB of disk.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
@console_options
def bench(runs: int, only: tuple[str, ...], large: bool, as_json: bool, console: Console) -> None:
    """Time whole processes, start-up included, on made-up photographs.

    Beside each stands its floor: a process that only decodes and encodes the same file, or for
    start-up an empty Python. Machines differ; the ratio of the two much less.
    """
    import subprocess

    from photochrom.evaluation.bench import time_case

    def announce(title: str, run: int) -> None:
        # Words and no bar: what draws it would weigh on this process, and so on the peaks measured.
        if console.has_bar:
            console.word(f"{title}: run {run} of {runs}")

    timings: list[Timing] = []
    failed = False
    for case in _chosen(only, large=large):
        try:
            timings.append(time_case(case, runs=runs, on_run=announce))
        except (OSError, subprocess.CalledProcessError) as error:
            console.problem(one_line(case.title, _reason(error)))
            failed = True
    if timings:
        click.echo(_json(timings) if as_json else _table(timings))
    if failed:
        click.get_current_context().exit(1)


def _chosen(only: tuple[str, ...], *, large: bool) -> list[Case]:
    from photochrom.evaluation.bench import CASES

    names = [case.name for case in CASES]
    for name in only:
        if name not in names:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(names)}", param_hint="--only")
    if only:
        return [case for case in CASES if case.name in only]
    return [case for case in CASES if large or not case.large]


def _reason(error: Exception) -> str:
    """The last line that a failed process wrote, or how it ended."""
    said = str(getattr(error, "stderr", None) or "").strip().splitlines()
    return said[-1] if said else str(error)


def _json(timings: Sequence[Timing]) -> str:
    from dataclasses import asdict

    cases = [
        {**asdict(timing), "wall_ratio": timing.wall_ratio, "cpu_ratio": timing.cpu_ratio}
        for timing in timings
    ]
    return json.dumps({**_machine(), "cases": cases}, indent=2, ensure_ascii=False)


def _machine() -> dict[str, Any]:
    import os

    from photochrom import __version__

    return {
        "photochrom": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def _table(timings: Sequence[Timing]) -> str:
    head = [
        "",
        "wall s",
        "CPU s",
        "peak MB",
        "floor: wall s",
        "CPU s",
        "peak MB",
        "× wall",
        "× CPU",
    ]
    body = [
        [
            timing.title,
            *_figures(timing.cost),
            *_figures(timing.floor),
            f"{timing.wall_ratio:.1f}",
            "–" if timing.cpu_ratio is None else f"{timing.cpu_ratio:.1f}",
        ]
        for timing in timings
    ]
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    lines = [
        "  ".join(
            text.rjust(width) if i else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [head, *body]
    ]
    machine = _machine()
    about = f"medians of {timings[0].runs}, Python {machine['python']}, {machine['cores']} cores"
    return "\n".join([*(line.rstrip() for line in lines), "", about])


def _figures(cost: Cost) -> list[str]:
    return [
        f"{cost.wall_s:.2f}",
        "–" if cost.cpu_s is None else f"{cost.cpu_s:.2f}",
        "–" if cost.peak_bytes is None else f"{cost.peak_bytes / _MEGA:.0f}",
    ]
