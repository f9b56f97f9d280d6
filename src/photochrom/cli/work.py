"""Going through a plan: one picture after another, and no failure ends the rest."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from photochrom.batch.plan import Job, Trouble
from photochrom.cli.console import Console, is_terminal, one_line, unexpected
from photochrom.cli.interrupts import Interrupts
from photochrom.cli.outcomes import DONE, FAILED, PLANNED, SKIPPED, Outcome, already, done, failed, in_words
from photochrom.cli.runs import model_of
from photochrom.cli.told import Told
from photochrom.errors import BadOption, OutputExists, PhotochromError, UnsupportedFormat, UnwritableOutput
from photochrom.hints.sidecar import sidecar_of
from photochrom.images.door import set_threads
from photochrom.images.formats import Format, writable
from photochrom.images.names import alternative_of, comparison_of, sheet_of
from photochrom.images.read import DEFAULT_LIMITS
from photochrom.inference.palette import Palette
from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Result
from photochrom.inference.result import save_sheet

STANDARD_INPUT: Final = "standard input"
STANDARD_OUTPUT: Final = "standard output"

COLOR, COMPARISON, CONFIDENCE, SHEET, HINTS = "color", "compare", "confidence", "alternatives", "hints"
"""What a file of a job is."""

T = TypeVar("T")


@dataclass(frozen=True)
class Wishes:
    """The options of `photochrom colorize`, but for which pictures and where to."""

    options: ColorizeOptions
    told: Told
    model: str
    threads: int | None
    best: bool
    form: Format | None
    quality: int | None
    compare: bool
    confidence: str | None
    suggest: int | None
    alternatives: int | None
    overwrite: bool
    skip_existing: bool
    dry_run: bool
    as_json: bool
    palette: Palette | None = None
    """Colours that every picture is painted with."""
    reference: str | None = None
    """A picture in colour, looked at once when the model is loaded."""


class Work:
    """Colours pictures by the same wishes, tells the console, and counts.

    Each way of working returns the exit code. The model is loaded for the first picture that needs
    it; if that fails the error goes to the caller, for every picture would meet it.
    """

    def __init__(self, wishes: Wishes, console: Console) -> None:
        self.wishes = wishes
        self.console = console
        self.led_by: dict[str, Any] = {} if wishes.palette is None else {"palette": wishes.palette}
        """What leads the colours of every picture: keyword arguments of `Colorizer.__call__`."""
        self.counts: Counter[str] = Counter()
        self.interrupts = Interrupts()
        self.interrupted = False

    @cached_property
    def colorizer(self) -> Colorizer:
        """The model, loaded on first use."""
        if self.wishes.threads is not None:
            set_threads(self.wishes.threads)
        model = model_of(self.wishes.model, self.console)
        colorizer = Colorizer(model, threads=self.wishes.threads, best=self.wishes.best)
        for option in ("palette", "confidence", "suggest", "alternatives"):
            if getattr(self.wishes, option) is not None:
                colorizer.card.check_able(option)
        self.console.detail(f"model {colorizer.card.name}, {colorizer.provider}, threads {colorizer.threads}")
        if self.wishes.reference is not None:
            detail = self.wishes.options.detail
            self.led_by["reference"] = colorizer.reference(self.wishes.reference, detail=detail)
        return colorizer

    def through(self, items: Iterator[Job | Trouble], *, total: int) -> int:
        """Colour what a plan lists; `total` is the length of the bar, if there is one."""
        with self._summed_up(), self.console.progress(total):
            for item in items:
                self.interrupts.heed()
                if isinstance(item, Trouble):
                    self._tell(failed(item.path, item.error))
                else:
                    self.console.begin(item.source)
                    self._one(item, item.source)
                self.console.step()
            self.interrupts.heed()
        return self._exit_code()

    def from_pipe(self, out: str) -> int:
        """Colour the picture from stdin into the file `out`."""
        target, maps = _file_named("out", out), self.wishes.confidence
        place = None if maps is None else _file_named("confidence", maps)
        if self.wishes.form not in (None, writable(target.suffix)):
            raise BadOption("out", f"{out} is not the name of a file in the format asked for")
        with self._summed_up():
            data = b"" if self.wishes.dry_run else self._standard_input()
            self._one(Job(Path(STANDARD_INPUT), target, place), data)
        return self._exit_code()

    def to_pipe(self, path: str | None) -> int:
        """Colour a file, or the picture from stdin, to stdout; not a byte is written if it fails."""
        name = STANDARD_INPUT if path is None else path
        with self._summed_up():
            if self.wishes.dry_run:
                self._tell(Outcome(PLANNED, name, f"{name} → {STANDARD_OUTPUT}"))
            else:
                colorizer = self.colorizer
                source = self._standard_input() if path is None else Path(path)
                self._tell(self._safely(name, lambda: self._send(colorizer, source, name)))
        return self._exit_code()

    def _one(self, job: Job, source: Path | bytes) -> None:
        name = os.fspath(job.source)
        outcome = self._safely(name, lambda: self._settled(job, name))
        if outcome is None:
            colorizer = self.colorizer
            outcome = self._safely(name, lambda: self._write(colorizer, job, source))
        self._tell(outcome)

    def _settled(self, job: Job, name: str) -> Outcome | None:
        """The outcome where there is nothing to compute: skipped, or only planned."""
        targets = self._missing(job)
        if not targets:
            return already(name, next(iter(self._kinds(job))))
        if self.wishes.dry_run:
            return Outcome(PLANNED, name, f"{name} → {targets[0]}", tuple(targets))
        return None

    def _missing(self, job: Job) -> list[Path]:
        """The files to write for a job. Raises OutputExists, or UnwritableOutput for the picture itself."""
        kinds = self._kinds(job)
        targets = list(kinds)
        there = [target for target in targets if os.path.lexists(target)]
        for target in there:
            if _same(target, job.source):
                raise UnwritableOutput(target, "is the picture being read, and that is never replaced")
        if self.wishes.overwrite:
            return targets
        if there and not self.wishes.skip_existing:
            reason = "exists; --overwrite replaces such results, --skip-existing passes over them"
            raise OutputExists(there[0], reason)
        if sheet_of(job.target) in there:
            # Written after them, however many alternatives there were.
            targets = [target for target in targets if not isinstance(kinds[target], int)]
        return [target for target in targets if target not in there]

    def _kinds(self, job: Job) -> dict[Path, str | int]:
        """The files of a job, and what each is, an alternative by its number.

        Raises BadOption for two of the same name.
        """
        count = self.wishes.alternatives
        files: list[tuple[Path, str | int]] = [(job.target, COLOR)]
        if count is not None:
            files = [(alternative_of(job.target, number), number) for number in range(1, count + 1)]
            files.append((sheet_of(job.target), SHEET))
        if self.wishes.compare:
            files.append((comparison_of(job.target), COMPARISON))
        if job.confidence is not None:
            files.append((job.confidence, CONFIDENCE))
        if self.wishes.told.saved:
            files.append((sidecar_of(job.source), HINTS))
        taken: dict[str, str | int] = {}
        for path, kind in files:
            place = os.path.abspath(path)  # noqa: PTH100 (Path.absolute keeps "..", and resolve asks the disk)
            if place in taken:
                what = "its comparison" if taken[place] == COMPARISON else "the coloured picture"
                raise BadOption(str(kind), f"{path} is where {what} goes")
            taken[place] = kind
        return dict(files)

    def _write(self, colorizer: Colorizer, job: Job, source: Path | bytes) -> Outcome:
        started, name = time.perf_counter(), os.fspath(job.source)
        with self.interrupts.at_once():
            results = self._colored(colorizer, source, name)
            suggested = results[0].suggest(self.wishes.suggest) if self.wishes.suggest else []
        # Again, and not only before: in between, another program may have written one of them.
        kinds = self._kinds(job)
        missing = self._missing(job)
        targets = [
            target
            for target, kind in kinds.items()
            if target in missing and not (isinstance(kind, int) and kind > len(results))
        ]
        for target in tuple(targets):
            _make_folder(target.parent)
            try:
                self._save(results, target, kinds[target])
            except OutputExists:
                # Another program works through the same pictures, and was quicker.
                if not self.wishes.skip_existing:
                    raise
                targets.remove(target)
        if not targets:
            return already(name, next(iter(kinds)))
        for target, kind in kinds.items():
            if isinstance(kind, int) and kind > len(results) and os.path.lexists(target):
                self.console.word(one_line(name, f"{target} is left from an earlier run"))
        told = done(results[0], name, tuple(targets), str(next(iter(kinds))), started)
        return replace(told, suggestions=tuple(suggested))

    def _colored(self, colorizer: Colorizer, source: Path | bytes, name: str) -> list[Result]:
        """The result, or as many alternatives as there are."""
        hints = self.wishes.told.of(source if isinstance(source, Path) else None)
        words = {"options": self.wishes.options, "name": name, **self.led_by}
        if hints:
            words["hints"] = hints
        count = self.wishes.alternatives
        try:
            if count is None:
                return [colorizer(source, **words)]
            results = colorizer.alternatives(source, count, **words)
        except BadOption as error:
            if hints:
                raise BadOption(name, str(error)) from error
            raise
        if len(results) < count:
            self.console.word(one_line(name, f"{len(results)} of {count} colourings differ visibly"))
        return results

    def _save(self, results: list[Result], target: Path, kind: str | int) -> None:
        """Write one file. An interrupt that comes after its name has been given is put off."""
        before = _identity(target)
        quality, overwrite = self.wishes.quality, self.wishes.overwrite
        try:
            with self.interrupts.at_once():
                if kind == CONFIDENCE:
                    results[0].save_confidence(target, overwrite=overwrite)
                elif kind == HINTS:
                    hints = self.wishes.told.of(results[0].picture.path)
                    assert hints is not None  # it is told.saved
                    hints.save(target, overwrite=overwrite)
                elif kind == SHEET:
                    save_sheet(results, target, overwrite=overwrite)
                elif kind == COMPARISON:
                    results[0].save_comparison(target, quality=quality, overwrite=overwrite)
                else:
                    result = results[kind - 1 if isinstance(kind, int) else 0]
                    result.save(target, quality=quality, overwrite=overwrite)
        except KeyboardInterrupt:
            if _identity(target) == before:
                raise

    def _send(self, colorizer: Colorizer, source: Path | bytes, name: str) -> Outcome:
        started = time.perf_counter()
        with self.interrupts.at_once():
            (result,), form = self._colored(colorizer, source, name), self.wishes.form
            suffix = result.picture.output_suffix if form is None else form.suffixes[0]
            encoded = result.encode(suffix, quality=self.wishes.quality)
        if sys.stdout is None:
            raise UnwritableOutput(STANDARD_OUTPUT, "is closed")
        stdout = sys.stdout.buffer
        try:
            with self.interrupts.at_once():
                stdout.write(encoded)
                stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UnwritableOutput(STANDARD_OUTPUT, error.strerror or str(error)) from error
        return done(result, name, (), STANDARD_OUTPUT, started)

    def _standard_input(self) -> bytes:
        """What comes through the pipe, up to a byte more than a picture may have."""
        if sys.stdin is None or is_terminal(sys.stdin):
            raise click.UsageError("- reads a picture from a pipe, and there is none: photochrom - < FILE")
        with self.interrupts.at_once():
            return sys.stdin.buffer.read(DEFAULT_LIMITS.max_bytes + 1)

    def _safely(self, name: str, work: Callable[[], T]) -> T | Outcome:
        """What `work` returns, or the failure that it ended in."""
        try:
            return work()
        except BrokenPipeError:
            raise
        except PhotochromError as error:
            return failed(name, error)
        except Exception as error:  # noqa: BLE001 (one picture must not end the rest)
            line = unexpected(name, error, verbose=self.console.verbose)
            return Outcome(FAILED, name, line, facts={"reason": line.splitlines()[0]})

    def _tell(self, outcome: Outcome) -> None:
        self.counts[outcome.status] += 1
        if outcome.status == FAILED:
            self.console.problem(outcome.line)
        else:
            self.console.detail(outcome.line)
        for warning in outcome.warnings:
            self.console.word(one_line(outcome.source, warning))
        if self.wishes.as_json:
            self.console.record(
                {"status": outcome.status, "input": outcome.source, **outcome.facts}
                | ({"outputs": [os.fspath(path) for path in outcome.targets]} if outcome.targets else {})
                | ({"warnings": list(outcome.warnings)} if outcome.warnings else {})
                | ({"suggestions": list(map(asdict, outcome.suggestions))} if self.wishes.suggest else {})
            )
        elif outcome.status in (DONE, PLANNED):
            for path in outcome.targets:
                self.console.data(os.fspath(path))
            for suggestion in outcome.suggestions:
                self.console.data(in_words(suggestion))

    @contextmanager
    def _summed_up(self) -> Iterator[None]:
        """End with the line that counts, on Ctrl-C too."""
        try:
            with self.interrupts:
                yield
        except KeyboardInterrupt:
            self.interrupted = True
            self.console.problem("Interrupted; the same command with --skip-existing does the rest.")
        verb, status = ("to colour", PLANNED) if self.wishes.dry_run else ("coloured", DONE)
        counts = self.counts
        self.console.word(f"{counts[status]} {verb}, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")

    def _exit_code(self) -> int:
        return self.interrupts.exit_code if self.interrupted else int(self.counts[FAILED] > 0)


def _file_named(option: str, name: str) -> Path:
    """The file that an option names for a picture from a pipe. Raises BadOption for no such name."""
    file = Path(name)
    if name.endswith(("/", os.sep)) or file.is_dir():
        raise BadOption(option, f"{name} is a folder; a picture from a pipe has no name, so give a file")
    try:
        writable(file.suffix)
    except UnsupportedFormat as error:
        raise BadOption(option, str(error)) from error
    return file


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(folder, error.strerror or str(error)) from error


def _same(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return False


def _identity(path: Path) -> tuple[int, int] | None:
    """What changes when a file is replaced; None where there is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
