"""What `photochrom evaluate` gives back: figures on stdout, a report's folder, a contact sheet."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from photochrom.cli.console import Console

if TYPE_CHECKING:
    from photochrom.cli.evaluate import Wishes
    from photochrom.evaluation.contestants import ModelSpec
    from photochrom.evaluation.measurements import Measurements
    from photochrom.evaluation.pictures import Picture
    from photochrom.evaluation.report.data import Asked
    from photochrom.evaluation.results import ResultsSpec

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """What was measured, and what it takes to colour some of it again for looking at."""

    measured: Measurements
    asked: Asked
    specs: Sequence[ModelSpec | ResultsSpec]
    pictures: Sequence[Picture]
    wishes: Wishes

    def again(self, work: Callable[..., T], items: Sequence[Any]) -> list[T]:
        """`work(contestants, item)` for each item, the references before the other contestants."""
        from photochrom.evaluation.references import ReferenceSpec
        from photochrom.evaluation.workers import choose_jobs, in_order

        present = {entry.name for entry in self.measured.entries}
        own = [spec for spec in self.specs if spec.name in present]
        specs = (ReferenceSpec(has_truth=self.asked.plan.has_truth), *own)
        jobs = choose_jobs(len(items), self.wishes.jobs)
        return in_order(work, items, specs=specs, jobs=jobs, threads=self.wishes.threads)


def write_out(done: Done, console: Console) -> None:
    """The figures on stdout; the report and the sheet, where they are asked for."""
    from photochrom.cli.figures import table
    from photochrom.evaluation.report.data import as_json, report_of
    from photochrom.evaluation.summary import summarize

    out = done.wishes.out
    summary = summarize(done.measured, seed=done.wishes.seed)
    shown = _draw(done, out) if out is not None else ()
    report = report_of(done.measured, summary, done.asked, shown=shown)
    click.echo(
        as_json(report).rstrip("\n") if done.wishes.as_json else table(report, metrics=done.wishes.metrics)
    )
    if out is not None:
        console.word(f"{_write(report, out)}: the report")
    if done.wishes.sheet is not None:
        columns, count = _write_sheet(done, done.wishes.sheet)
        console.word(f"{done.wishes.sheet}: {count} pictures, each {columns}")


def _draw(done: Done, out: Path) -> list[dict[str, Any]]:
    """The pictures of the page, into its folder."""
    from photochrom.evaluation.report.shown import choose, clear, draw

    choices = choose(done.measured, done.pictures)
    shown = done.again(functools.partial(draw, plan=done.asked.plan, out=out), choices)
    clear(out, keep=shown)
    return shown


def _write(report: dict[str, Any], out: Path) -> Path:
    """The report's files; the page last, so that it is never newer than its figures."""
    from photochrom.evaluation.report.data import write_json
    from photochrom.evaluation.report.page import write_page
    from photochrom.evaluation.report.tables import write_tables

    write_json(report, out)
    write_tables(report, out)
    return write_page(report, out)


def _write_sheet(done: Done, target: Path) -> tuple[str, int]:
    """Write it; what its columns are, and how many pictures are on it."""
    from photochrom.evaluation.references import GRAY, LAB8, TRUTH
    from photochrom.evaluation.sheet import contact_sheet, spread, strip, write_sheet

    files = set(spread(done.measured.files, done.wishes.sheet_pictures))
    chosen = [picture for picture in done.pictures if picture.file in files]
    strips = done.again(functools.partial(strip, plan=done.asked.plan), chosen)
    write_sheet(contact_sheet(strips), target, overwrite=done.wishes.overwrite)
    settings = [row for row in done.measured.rows if row not in (GRAY, LAB8)]
    return " | ".join(["input", *settings, *([TRUTH] if done.asked.plan.has_truth else [])]), len(strips)
