"""`photochrom colorize`, and what a bare `photochrom PATH…` does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from photochrom.cli.console import Console, is_terminal
from photochrom.cli.options import (
    FormatName,
    best_option,
    colorize_options,
    console_options,
    json_option,
    model_options,
    palette_options,
)
from photochrom.cli.told import hint_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photochrom.batch.plan import Job, Trouble
    from photochrom.cli.told import Told
    from photochrom.cli.work import Work
    from photochrom.images.formats import Format
    from photochrom.inference.palette import Palette
    from photochrom.inference.pipeline import ColorizeOptions

PIPE = "-"


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(readable=False, allow_dash=True)
)
@click.option(
    "-o",
    "--out",
    metavar="FILE|DIR",
    type=click.Path(readable=False, allow_dash=True),
    help="Where results go: a file for one picture; a folder if it is one, ends in a slash, or there are "
    "several pictures; - for a pipe. Folders are made. Without it: beside each picture.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into folders below the folders given.")
@click.option(
    "--format",
    "form",
    type=FormatName(),
    metavar="FORMAT",
    help="jpg, png, tif, webp or avif. Without it: the picture's own; png where that is only read (avif "
    "for HEIC, tif for JPEG 2000).",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="For formats with loss. Without it: the format's own.",
)
@click.option("--compare", is_flag=True, help="Write before | after too, as NAME.compare.EXT.")
@click.option(
    "--confidence",
    metavar="FILE|DIR",
    type=click.Path(readable=False),
    help="Write a map of how far colours are expected to be off too: violet 0, green 15, yellow 30 ΔE2000 "
    "and more. As with -o: a file for one picture, or a folder; there as NAME.EXT.confidence.png, or "
    "NAME.confidence.png of a PNG.",
)
@click.option(
    "--suggest",
    type=click.IntRange(1, 50),
    metavar="N",
    help="Print the N places, 1 to 50, where a hint would help most: x,y in pixels, expected ΔE2000, how "
    "much of the picture it would help, and likely colours; with --json as suggestions.",
)
@click.option(
    "--alternatives",
    type=click.IntRange(1, 12),
    metavar="N",
    help="Write up to N colourings, 1 to 12, that differ visibly, likeliest first: NAME.color.1.EXT …, and "
    "all of them on a sheet, NAME.EXT.alternatives.png, or NAME.alternatives.png of a PNG.",
)
@colorize_options
@palette_options
@click.option(
    "--reference",
    metavar="FILE",
    help="A picture in colour of the same things; its colours go to where they are seen again.",
)
@hint_options
@model_options
@best_option
@click.option("--overwrite", is_flag=True, help="Replace results that exist; never the picture itself.")
@click.option("--skip-existing", is_flag=True, help="Pass over pictures whose result exists.")
@click.option("--dry-run", is_flag=True, help="Only say which results would be written.")
@json_option
@console_options
@click.pass_context
def colorize(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    out: str | None,
    recursive: bool,
    form: Format | None,
    quality: int | None,
    compare: bool,
    confidence: str | None,
    suggest: int | None,
    alternatives: int | None,
    options: ColorizeOptions,
    palette: Palette | None,
    reference: str | None,
    told: Told,
    model: str,
    threads: int | None,
    best: bool,
    overwrite: bool,
    skip_existing: bool,
    dry_run: bool,
    as_json: bool,
    console: Console,
) -> None:
    """Colour photographs.

    PATH is a file, a folder, a pattern such as "scans/**/*.tif", or - for a picture from a pipe,
    which goes to a pipe unless -o names a file.

    The result of NAME.EXT is NAME.color.EXT beside it, or NAME.EXT.color.png where EXT cannot be
    written (avif for HEIC, tif for JPEG 2000); below -o DIR in the same tree, and with several PATHs
    each folder under its own name. Folders are read without their hidden files and without results
    made before. A result that exists is an error unless --overwrite or --skip-existing is given.

    The paths of results go to stdout, and below each what --suggest suggests; all else goes to stderr.
    Programs read --json.

    \b
    photochrom grandmother.jpg
    photochrom shoebox/ --recursive -o coloured/ --skip-existing
    photochrom wedding.jpg --hint 30%,62%,#8c2f2f --hint 52%,40%,grey
    curl -s https://example.org/old.jpg | photochrom - > new.jpg
    """  # noqa: D301 (click's mark for lines that stay as they are)
    from photochrom.cli.work import Wishes, Work

    if overwrite and skip_existing:
        raise click.UsageError("--overwrite and --skip-existing contradict each other.")
    if told.saved and skip_existing:
        raise click.UsageError("--save-hints and --skip-existing contradict each other.")
    if "" in (*paths, out, confidence, reference):
        raise click.UsageError("An empty name: is a variable not set?")
    if told.saved and PIPE in (*paths, out):
        raise click.UsageError("--save-hints writes beside a picture, and a pipe has no place.")
    if PIPE in paths and len(paths) > 1:
        raise click.UsageError("- stands alone: one picture comes from a pipe (a file: ./-).")
    wishes = Wishes(
        options=options,
        told=told,
        model=model,
        threads=threads,
        best=best,
        form=form,
        quality=quality,
        compare=compare,
        confidence=confidence,
        suggest=suggest,
        alternatives=alternatives,
        overwrite=overwrite,
        skip_existing=skip_existing,
        dry_run=dry_run,
        as_json=as_json,
        palette=palette,
        reference=reference,
    )
    ctx.exit(_run(Work(wishes, console), paths, out=out, recursive=recursive))


def _run(work: Work, paths: tuple[str, ...], *, out: str | None, recursive: bool) -> int:
    """Choose the way of working: to a pipe, from one, or through files. Returns the exit code."""
    from photochrom.batch.plan import plan

    wishes = work.wishes
    if out == PIPE or (PIPE in paths and out is None):
        more = (wishes.as_json, wishes.compare, wishes.confidence, wishes.suggest, wishes.alternatives)
        if len(paths) > 1 or any(more):
            raise click.UsageError(
                "A pipe takes one picture, and neither --json nor --compare, --confidence, --suggest or "
                "--alternatives."
            )
        if is_terminal(sys.stdout):
            raise click.UsageError("The picture would go to the terminal: add -o FILE, or > FILE.")
        return work.to_pipe(None if PIPE in paths else paths[0])
    if PIPE in paths and out is not None:
        return work.from_pipe(out)

    def planned() -> Iterator[Job | Trouble]:
        return plan(paths, out=out, form=wishes.form, recursive=recursive, confidence=wishes.confidence)

    total = sum(1 for _ in planned()) if work.console.has_bar else 0
    return work.through(wishes.told.only_one(planned()), total=total)
