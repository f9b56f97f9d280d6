"""What commands say: data on stdout for programs, words on stderr for people, a bar for terminals."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from photochrom.errors import PhotochromError, UnwritableOutput

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

VERBOSE: Final = "photochrom.verbose"
"""Key of the click context's `meta` that says whether -v was given."""

INTERRUPTED: Final = 130
"""128 + SIGINT, as shells say it."""


def one_line(subject: str | os.PathLike[str], text: str = "") -> str:
    """Subject and text, a colon between them, on one line that any terminal can show."""
    return str(PhotochromError(subject, text))


def unexpected(subject: str | os.PathLike[str], error: Exception, *, verbose: bool) -> str:
    """The line for an error that nobody foresaw; with `verbose`, the traceback below it."""
    if isinstance(error, MemoryError):
        return one_line(subject, "not enough memory")
    if isinstance(error, OSError) and error.strerror:
        file = f" ({error.filename})" if error.filename else ""
        line = one_line(subject, f"{error.strerror}{file}")
    else:
        line = one_line(subject, f"unexpected {type(error).__name__}: {error}; -v shows where")
    return "\n".join([line, *traceback.format_exception(error)]) if verbose else line


class Console:
    """The three voices of a command: `problem` always, `word` unless quiet, `detail` if verbose."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._bar: tuple[Progress, TaskID] | None = None

    def problem(self, text: str) -> None:
        """Say what went wrong."""
        if self._bar is None:
            click.echo(text, err=True)
        else:
            _above(self._bar[0], text)

    def word(self, text: str) -> None:
        """Say what a person may like to know."""
        if not self.quiet:
            self.problem(text)

    def detail(self, text: str) -> None:
        """Say what a person asked to see with -v."""
        if self.verbose:
            self.problem(text)

    def data(self, line: str) -> None:
        """Give one line of result; a file name's bytes come out as they are on the disk."""
        if self._bar is not None and is_terminal(sys.stdout):
            _above(self._bar[0], one_line(line))
        else:
            _out(os.fsencode(line))

    def record(self, values: Mapping[str, Any]) -> None:
        """Give one result as a JSON object on a line, in ASCII."""
        _out(json.dumps(values).encode())

    @property
    def has_bar(self) -> bool:
        """Whether `progress` would show a bar: somebody watches, and did not ask for quiet."""
        return not self.quiet and is_terminal(sys.stderr)

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """Show a bar of `total` steps on a terminal, if there are several; nothing elsewhere."""
        if not self.has_bar or total < 2:
            yield
            return
        from rich import progress as parts
        from rich.console import Console as Terminal

        bar = parts.Progress(
            parts.TextColumn("{task.description}", markup=False),
            parts.BarColumn(),
            parts.MofNCompleteColumn(),
            parts.TimeRemainingColumn(),
            console=Terminal(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with bar:
            self._bar = (bar, bar.add_task("", total=total))
            try:
                yield
            finally:
                self._bar = None

    def begin(self, what: str | os.PathLike[str]) -> None:
        """Name on the bar what is being worked on."""
        if self._bar is not None:
            bar, task = self._bar
            bar.update(task, description=one_line(what)[-40:])

    def step(self) -> None:
        """Move the bar on by one."""
        if self._bar is not None:
            bar, task = self._bar
            bar.advance(task)


def _out(line: bytes) -> None:
    try:
        click.echo(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwritableOutput("standard output", error.strerror or str(error)) from error


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody watches it. A stream that was closed is None."""
    return stream is not None and stream.isatty()


def _above(bar: Progress, text: str) -> None:
    bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
