"""Options that several commands share, each set a decorator."""

from __future__ import annotations

import ast
import functools
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from photochrom.cli.console import VERBOSE, Console

Command = TypeVar("Command", bound=Callable[..., Any])

_HOME: Final = "photochrom.inference.pipeline"
_WORDS: Final = "photochrom.words"
_KINDS: Final[dict[str, type]] = {"float": float, "int | None": int, "int": int, "bool": bool}


@dataclass(frozen=True)
class Setting:
    """One field of ColorizeOptions; `help` is the docstring below it."""

    name: str
    kind: type
    default: Any
    help: str


@functools.cache
def colorize_settings() -> tuple[Setting, ...]:
    """The fields of ColorizeOptions, from its source: importing it loads numpy and libvips.

    `photochrom colorize --help` is to be as quick as `photochrom --help`.
    """
    spec = find_spec(_HOME)
    if spec is None or spec.origin is None:
        raise ImportError(_HOME)
    module = ast.parse(Path(spec.origin).read_text("utf8"))
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    settings = []
    for field, below in pairwise(classes["ColorizeOptions"].body):
        if isinstance(field, ast.AnnAssign) and field.value is not None and isinstance(below, ast.Expr):
            name, kind = ast.unparse(field.target), _KINDS[ast.unparse(field.annotation)]
            default, text = ast.literal_eval(field.value), ast.literal_eval(below.value)
            settings.append(Setting(name, kind, default, text))
    return tuple(settings)


def colorize_options(command: Command) -> Command:
    """One option for each field of ColorizeOptions; the command gets `options`, built and checked."""

    @functools.wraps(command)
    def packed(*args: Any, **kwargs: Any) -> Any:
        from photochrom.inference.pipeline import ColorizeOptions

        values = {setting.name: kwargs.pop(setting.name) for setting in colorize_settings()}
        return command(*args, options=ColorizeOptions(**values), **kwargs)

    for setting in reversed(colorize_settings()):
        option = click.option(
            f"--{setting.name.replace('_', '-')}",
            is_flag=setting.kind is bool,
            type=setting.kind,
            default=setting.default,
            show_default=setting.default is not None and setting.kind is not bool,
            help=setting.help,
        )
        packed = option(packed)
    return packed  # type: ignore[return-value]  # click's parameters hang on it, its call is the same


def palette_options(command: Command) -> Command:
    """--palette and --palette-strength; the command gets `palette`, read and checked, or None."""

    @functools.wraps(command)
    def packed(*args: Any, palette: str | None, palette_strength: float, **kwargs: Any) -> Any:
        if palette is None:
            if palette_strength != 1:
                raise click.UsageError(
                    "--palette-strength says how much a --palette counts, and there is none."
                )
            return command(*args, palette=None, **kwargs)
        from photochrom.inference.palette import palette_of

        return command(*args, palette=palette_of(palette, strength=palette_strength), **kwargs)

    strength = click.option(
        "--palette-strength",
        type=float,
        default=1.0,
        show_default=True,
        help="How much the palette counts: from 0, not at all, to 2.",
    )
    palette = click.option(
        "--palette",
        metavar="COLORS|FILE",
        help='Colours to paint with: up to 16, as in "#8c2f2f,tan", or a picture whose colours they are.',
    )
    return palette(strength(packed))  # type: ignore[return-value]


def model_options(command: Command) -> Command:
    """--model and --threads: what a Colorizer is made with."""
    threads = click.option(
        "--threads",
        type=click.IntRange(min=1, max=256),
        metavar="N",
        help="Processor threads to use. Without it: all there are, within reason.",
    )
    model = click.option(
        "--model",
        default="flagship",
        show_default=True,
        metavar="NAME|FILE",
        help="A model by its name in `photochrom models`, or the path of a model card or of a training run.",
    )
    return model(threads(command))


def best_option(command: Command) -> Command:
    """--best, of commands that colour pictures or judge models."""
    option = click.option(
        "--best",
        is_flag=True,
        help="Look at the mirror image too and take the mean: a little better, slower.",
    )
    return option(command)


def measuring_options(command: Command) -> Command:
    """--detail, --threads and --json, as the last `as_json`: of commands that colour and measure."""
    detail = click.option("--detail", type=int, metavar="N", help="Short side at which the network looks.")
    threads = click.option(
        "--threads",
        type=click.IntRange(min=1, max=256),
        default=1,
        show_default=True,
        metavar="N",
        help="Processor threads of each process.",
    )
    report = click.option(
        "--json", "as_json", is_flag=True, help="Print the report as JSON in place of the table."
    )
    return detail(threads(report(command)))


def console_options(command: Command) -> Command:
    """-q and -v; the command gets `console`."""

    @functools.wraps(command)
    def packed(*args: Any, quiet: bool, verbose: bool, **kwargs: Any) -> Any:
        if quiet and verbose:
            raise click.UsageError("-q and -v contradict each other.")
        click.get_current_context().meta[VERBOSE] = verbose
        return command(*args, console=Console(quiet=quiet, verbose=verbose), **kwargs)

    loud = click.option("-v", "--verbose", is_flag=True, help="Say more, and where an error arose.")
    calm = click.option("-q", "--quiet", is_flag=True, help="Say nothing but what failed.")
    return calm(loud(packed))  # type: ignore[return-value]


def json_option(command: Command) -> Command:
    """--json; the command gets `as_json`."""
    option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line on stdout.")
    return option(command)


class Remembered(click.Command):
    """A command that keeps the words of its call, for a report is to say the exact command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; the words are kept before it takes them apart."""
        ctx.meta[_WORDS] = [self.name or "", *args]
        return super().parse_args(ctx, args)


def command_line() -> str:
    """The command that is running, a `Remembered` one, as it could be typed again."""
    words = shlex.join(["photochrom", *click.get_current_context().meta[_WORDS]])
    # Bytes of names that are no UTF-8 become escapes, for JSON has no word for them.
    return words.encode("utf8", "backslashreplace").decode("utf8")


class FormatName(click.ParamType):  # type: ignore[type-arg]  # generic in click from 8.4 on
    """A format that can be written, by its name or suffix; the value is its row of FORMATS."""

    name = "format"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The row. Usage error for a format that is unknown or only read."""
        from photochrom.errors import UnsupportedFormat
        from photochrom.images.formats import writable

        if not isinstance(value, str):
            return value
        try:
            return writable(value)
        except UnsupportedFormat as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 (click's signature)
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[click.shell_completion.CompletionItem]:
        """Suffixes without their dots."""
        from photochrom.images.formats import FORMATS

        suffixes = (row.suffixes[0].lstrip(".") for row in FORMATS.values() if row.saver)
        return [
            click.shell_completion.CompletionItem(suffix)
            for suffix in suffixes
            if suffix.startswith(incomplete.lower().lstrip("."))
        ]
