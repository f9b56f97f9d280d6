"""--hint and --hints: the colours that a person tells on the command line."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from photochrom.errors import BadOption, InputError

if TYPE_CHECKING:
    from photochrom.hints import Hints

Command = TypeVar("Command", bound=Callable[..., Any])
Item = TypeVar("Item")

AUTO: Final = "auto"


@dataclass(frozen=True)
class Told:
    """What was told of pictures."""

    hints: Hints | None = None
    """Of one picture; None if nothing."""
    beside: bool = False
    """Whether sidecars are looked for."""
    saved: bool = False
    """Whether `hints` are written to the picture's sidecar."""

    def of(self, picture: Path | None) -> Hints | None:
        """The hints of a picture; None for a picture without a name. Raises BadOption naming a bad file."""
        from photochrom.hints import Hints
        from photochrom.hints.sidecar import sidecar_of

        if not self.beside or picture is None or not sidecar_of(picture).is_file():
            return self.hints
        return Hints.load(sidecar_of(picture)) + (self.hints or Hints())

    def only_one(self, items: Iterator[Item]) -> Iterator[Item]:
        """The same items. Usage error if hints were told and there are several."""
        if self.hints is None:
            return items
        first = list(itertools.islice(items, 2))
        if len(first) > 1:
            raise click.UsageError(
                "--hint and --hints FILE tell of one picture; for several: --hints auto, and NAME.hints.json "
                "beside each."
            )
        return iter(first)


def hint_options(command: Command) -> Command:
    """--hint, --hints and --save-hints; the command gets `told`."""

    @functools.wraps(command)
    def packed(*args: Any, hint: tuple[str, ...], hints: str | None, save_hints: bool, **kwargs: Any) -> Any:
        told = _told(hint, hints)
        if save_hints and told.hints is None:
            raise click.UsageError("--save-hints writes what --hint and --hints FILE tell: none is given.")
        return command(*args, told=replace(told, saved=save_hints), **kwargs)

    words = click.option(
        "--hint",
        multiple=True,
        metavar="X,Y,COLOUR[,RADIUS]",
        help='A colour told at a place of the one picture, such as 120,80,#8c2f2f or "30%,62%,grey"; pixels '
        "or per cent, and as often as need be. What belongs to the place follows.",
    )
    file = click.option(
        "--hints",
        metavar="FILE|auto",
        type=click.Path(readable=False),
        help="Hints from a file: JSON, or a copy of the picture with colours painted on it. auto takes "
        "NAME.hints.json beside each picture that has one.",
    )
    keep = click.option(
        "--save-hints",
        is_flag=True,
        help="Write what was told to NAME.hints.json beside the picture too, for --hints auto.",
    )
    return words(file(keep(packed)))  # type: ignore[return-value]  # click's parameters hang on it


def _told(words: tuple[str, ...], file: str | None) -> Told:
    if not words and file in (None, AUTO):
        return Told(beside=file == AUTO)
    from photochrom.hints import Hints

    if file == "":
        raise click.UsageError("An empty name: is a variable not set?")
    hints = Hints()
    if file not in (None, AUTO):
        try:
            hints = Hints.load(Path(file))
        except InputError as error:
            raise BadOption("hints", str(error)) from error
    for word in words:
        hints = _with_word(hints, word)
    return Told(hints, beside=file == AUTO)


def _with_word(hints: Hints, word: str) -> Hints:
    parts = [part.strip() for part in word.split(",")]
    if len(parts) not in (3, 4):
        raise BadOption("hint", f"{word!r} is not X,Y,COLOUR or X,Y,COLOUR,RADIUS")
    x, y, color, *radius = parts
    try:
        return hints.point(x, y, color, radius=radius[0] if radius else None)
    except BadOption as error:
        raise BadOption("hint", f"{word!r}: {error.reason}") from error
