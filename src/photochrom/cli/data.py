"""`photochrom data`: pictures made ready for training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photochrom.cli.console import Console
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options
from photochrom.errors import NoPictures, OutputExists, UnwritableOutput

if TYPE_CHECKING:
    from PIL import Image


@click.group()
def data() -> None:
    """Prepare pictures for training."""


@data.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR…", type=click.Path(path_type=Path))
@click.option(
    "--out",
    metavar="PREFIX",
    required=True,
    type=click.Path(path_type=Path),
    help="Shards are called PREFIX-000000.tar and so on; the name in PREFIX is the name of the source.",
)
@click.option(
    "--side",
    type=click.IntRange(min=64),
    default=224,
    show_default=True,
    help="Longest that the short side of a picture may be, in pixels.",
)
@click.option(
    "--keep-apart",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Pictures to measure with: whatever resembles one is left out. May be given more than once.",
)
@click.option("--overwrite", is_flag=True, help="Replace shards of this name.")
@console_options
def shard(
    *,
    folders: tuple[Path, ...],
    out: Path,
    side: int,
    keep_apart: tuple[Path, ...],
    overwrite: bool,
    console: Console,
) -> None:
    """Pack the pictures below folders into tar shards, which are read faster than files.

    Left out, and counted by reason: unreadable, small, grey or tinted pictures, objects on white
    ground, and what resembles a picture of --keep-apart.
    """
    with extra("train"):
        from photochrom.datasets.screen import Resemblance
        from photochrom.datasets.shards import pack

    there = sorted(out.parent.glob(f"{out.name}-[0-9]*.tar"))
    if there and not overwrite:
        raise OutputExists(there[0], "exists; --overwrite replaces such shards")
    files = [file for folder in folders for file in _pictures(folder)]
    apart = Resemblance(_opened(keep_apart)) if keep_apart else None
    with console.progress(len(files)):
        try:
            packed = pack(files, out, side=side, kept_apart=apart, progress=lambda _: console.step())
        except OSError as error:
            raise UnwritableOutput(out, error.strerror or str(error)) from error
    for reason, count in packed.left_out.most_common():
        console.word(f"left out: {count} ({reason})")
    console.word(f"packed: {packed.written}; shards: {len(packed.shards)}")
    for path in packed.shards:
        console.data(str(path))


def _pictures(folder: Path) -> list[Path]:
    from photochrom.datasets.shards import PICTURE_SUFFIXES

    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        raise NoPictures(folder)
    return found


def _opened(folders: tuple[Path, ...]) -> Iterator[Image.Image]:
    """Every picture; one that cannot be opened stops the work, for it could not be kept apart."""
    from PIL import Image

    for folder in folders:
        for file in _pictures(folder):
            try:
                with Image.open(file) as image:
                    yield image.convert("RGB")
            except (OSError, ValueError, SyntaxError) as error:
                raise NoPictures(file, f"cannot be read, and so not kept apart: {error}") from error
