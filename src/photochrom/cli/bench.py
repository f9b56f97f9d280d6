"""`photochrom bench`: how fast it is here, as multiples of what the files alone cost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from photochrom.cli.console import Console, one_line
from photochrom.cli.options import console_options, model_options
from photochrom.cli.runs import model_of

if TYPE_CHECKING:
    from photochrom.evaluation.bench.cases import Case
    from photochrom.evaluation.bench.compare import Comparison
    from photochrom.evaluation.bench.report import Report
    from photochrom.evaluation.bench.timing import Program, Timing

_FILE: Final = click.Path(path_type=Path)

T = TypeVar("T")


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=3, help="Of which the median is taken; 3.")
@click.option("--only", metavar="CASE", multiple=True, help="One case by name; may be given more than once.")
@click.option("--large", is_flag=True, help="Also 250 megapixels: some minutes, 2 GB of disk.")
@click.option(
    "--provider",
    "providers",
    metavar="NAME",
    multiple=True,
    help="What a loaded model runs on, as cpu or cuda; may be given more than once. Without it: all there "
    "are, in turn.",
)
@model_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the tables.")
@click.option("--save", metavar="FILE", type=_FILE, help="Keep the figures as JSON, to compare with later.")
@click.option("--overwrite", is_flag=True, help="Replace the file of --save if there is one.")
@click.option("--note", default="", metavar="TEXT", help="What a reader of the figures should know.")
@click.option("--compare", "baseline", metavar="FILE", type=_FILE, help="Compare with figures kept before.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=1),
    default=1.25,
    show_default=True,
    metavar="FACTOR",
    help="Up to so many times the figure kept before is no loss.",
)
@console_options
def bench(
    *,
    runs: int,
    only: tuple[str, ...],
    large: bool,
    providers: tuple[str, ...],
    model: str,
    threads: int | None,
    as_json: bool,
    save: Path | None,
    overwrite: bool,
    note: str,
    baseline: Path | None,
    tolerance: float,
    console: Console,
) -> None:
    """Time whole processes, loaded models and networks alone, on made-up photographs.

    Beside each stands its floor, if it has one: a process that only decodes and encodes the same
    files, or for start-up an empty Python. Machines differ; the ratio of the two much less.

    With --compare the exit code is 1 if something takes more time or memory than before: its median
    by more than the tolerance, and every run more than each run before.
    """
    from photochrom.evaluation.bench.compare import compare
    from photochrom.evaluation.bench.report import Report, check_target
    from photochrom.evaluation.bench.timing import Program, installation

    cases = _chosen(only, large=large)
    before = None if baseline is None else Report.read(baseline)
    if save is not None:
        check_target(save, overwrite=overwrite)
    model = _model(model, console)
    here = _tried("bench", lambda: installation(model), console)
    if here is None:
        click.get_current_context().exit(1)
    program = Program(model=model, threads=threads)
    chosen = _providers(providers, here["providers"])
    work = list(_work(cases, program, chosen, takes_hints=here["takes_hints"], console=console))
    timings = _timed(work, runs=runs, console=console)
    report = Report.of_here(here, timings, threads=threads, note=note)
    if save is not None and timings:
        report.write(save, overwrite=overwrite)
    comparison = None if before is None else compare(before, report, tolerance=tolerance)
    if timings:
        click.echo(_json(report, comparison) if as_json else _text(report, comparison))
    for change in () if comparison is None else comparison.worse:
        console.problem(one_line(change.label, f"{change.factor:.2f} times what it was"))
    if len(timings) < len(work) or (comparison is not None and comparison.worse):
        click.get_current_context().exit(1)


def _model(what: str, console: Console) -> str:
    """The model's name or its card's path. Raises as `model_of`."""
    if not Path(what).is_dir():
        return what
    # In a process of its own, since to export a run loads PyTorch, and that would be in every peak.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return str(apart.submit(model_of, what, console).result())


def _chosen(only: tuple[str, ...], *, large: bool) -> list[Case]:
    from photochrom.evaluation.bench.cases import CASES

    _check_names("--only", only, [case.name for case in CASES])
    if only:
        return [case for case in CASES if case.name in only]
    return [case for case in CASES if large or not case.large]


def _providers(wanted: tuple[str, ...], present: Sequence[str]) -> list[str]:
    """Those to be timed, the best first."""
    _check_names("--provider", wanted, present)
    return [name for name in present if not wanted or name in wanted]


def _check_names(option: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(known)}", param_hint=option)


def _work(
    cases: Sequence[Case], program: Program, providers: Sequence[str], *, takes_hints: bool, console: Console
) -> Iterator[tuple[Case, Program]]:
    """Each case with what it is to time: for a loaded model, with each provider in turn."""
    from dataclasses import replace

    for case in cases:
        if case.kind not in ("loaded", "network"):
            yield case, program
        elif case.act == "edit" and not takes_hints:
            console.word(one_line(case.title, "left out, since the model takes no hints"))
        else:
            for provider in providers:
                title = case.title if len(providers) == 1 else f"{case.title}, {provider}"
                yield replace(case, title=title), replace(program, provider=provider)


def _timed(work: Sequence[tuple[Case, Program]], *, runs: int, console: Console) -> list[Timing]:
    """Those that did not fail."""
    from photochrom.evaluation.bench import timing

    def announce(title: str, run: int) -> None:
        # Words and no bar: what draws it would weigh on this process, and so on the peaks measured.
        if console.has_bar:
            console.word(f"{title}: run {run} of {runs}")

    timings = []
    for case, program in work:
        one = partial(timing.time_case, case, program, runs=runs, on_run=announce)
        timed = _tried(case.title, one, console)
        if timed is not None:
            timings.append(timed)
    return timings


def _tried(subject: str, work: Callable[[], T], console: Console) -> T | None:
    """What `work` returns; None if a process of its fails, with a line that says why."""
    try:
        return work()
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        console.problem(one_line(subject, _reason(error)))
        return None


def _reason(error: Exception) -> str:
    """The last line that a failed process wrote, or how it ended."""
    said = str(getattr(error, "stderr", None) or "").strip().splitlines()
    return said[-1] if said else str(error)


def _json(report: Report, comparison: Comparison | None) -> str:
    values = report.as_dict()
    if comparison is not None:
        values["comparison"] = comparison.as_dict()
    return json.dumps(values, indent=2, ensure_ascii=False)


def _text(report: Report, comparison: Comparison | None) -> str:
    from photochrom.cli.speeds import comparison_text, report_text

    texts = [report_text(report)]
    if comparison is not None:
        texts.append(comparison_text(comparison))
    return "\n\n".join(texts)
