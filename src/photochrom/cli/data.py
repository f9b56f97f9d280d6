"""`photochrom data`: pictures made ready for training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from photochrom.cli.console import Console, one_line
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options, json_option
from photochrom.errors import NoPictures, OutputExists, UnwritableOutput

if TYPE_CHECKING:
    from PIL import Image

    from photochrom.datasets.damage import Damage
    from photochrom.datasets.inspection import Inspection
    from photochrom.datasets.pictures import EncodedPicture

_PLACE: Final = click.Path(path_type=Path)

# Groups of pictures that are the same, and pictures of each, that are named in text.
MOST_GROUPS, MOST_MEMBERS = 20, 4

# What `inspect --out` writes.
REPORT, SHEET, HISTOGRAM = "inspection.json", "contact-sheet.png", "ab-histogram.png"


@click.group()
def data() -> None:
    """Look at pictures, divide them and pack them for training.

    PLACE is a folder of pictures, a tar shard or a folder of such, the folder of Kaggle's Image
    Colorization, a list of pictures, an IDX file or a picture. `docs/data.md` describes them.
    """


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

    A picture whose class is known, by its folder or by its name, is called CLASS.NUMBER.jpg. Left out,
    and counted by reason: unreadable, small, grey or tinted pictures, objects on white ground, and what
    resembles a picture of --keep-apart.
    """
    with extra("train"):
        from photochrom.datasets.pictures import label_below
        from photochrom.datasets.screen import Resemblance
        from photochrom.datasets.shards import pack

    there = sorted(out.parent.glob(f"{out.name}-[0-9]*.tar"))
    if there and not overwrite:
        raise OutputExists(there[0], "exists; --overwrite replaces such shards")
    labels = {file: label_below(folder, file) for folder in folders for file in _pictures(folder)}
    files = list(labels)
    apart = Resemblance(_opened(keep_apart)) if keep_apart else None
    with console.progress(len(files)):
        try:
            packed = pack(
                files, out, side=side, kept_apart=apart, label=labels.__getitem__,
                progress=lambda _: console.step(),
            )  # fmt: skip
        except OSError as error:
            raise UnwritableOutput(out, error.strerror or str(error)) from error
    for reason, count in packed.left_out.most_common():
        console.word(f"left out: {count} ({reason})")
    console.word(f"packed: {packed.written}; shards: {len(packed.shards)}")
    for path in packed.shards:
        console.data(str(path))


@data.command()
@click.argument("places", nargs=-1, required=True, metavar="PLACE…", type=_PLACE)
@click.option(
    "--out",
    metavar="DIR",
    type=_PLACE,
    help=f"Write {SHEET}, {HISTOGRAM} and {REPORT} into this folder.",
)
@click.option("--overwrite", is_flag=True, help="Replace them if they are there.")
@json_option
@console_options
def inspect(
    *, places: tuple[Path, ...], out: Path | None, overwrite: bool, as_json: bool, console: Console
) -> None:
    """Say what a set is like: how many pictures of which size, class and colour, and what is wrong.

    Every picture is decoded. Those that are damaged are listed and passed over; so are pictures that
    are the same to the byte, and those that show the same, resized, recompressed or mirrored.
    """
    with extra("train"):
        from photochrom.datasets.inspection import inspect as inspected

    if out is not None and not overwrite:
        _refuse_existing([out / name for name in (REPORT, SHEET, HISTOGRAM)])
    pictures, damaged = _loaded(places)
    with console.progress(len(pictures)):
        found = inspected(pictures, damaged=damaged, progress=console.step)
    if as_json:
        console.record(found.values())
    else:
        for line in _said(found):
            console.data(line)
    if out is not None:
        _draw(found, pictures, out)
        console.word(f"{out}: {SHEET}, {HISTOGRAM}, {REPORT}")


@data.command()
@click.argument("places", nargs=-1, required=True, metavar="PLACE…", type=_PLACE)
@click.option("--out", metavar="DIR", required=True, type=_PLACE, help="Folder of the two lists.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="How many of the pictures to learn from.",
)
@click.option(
    "--seed", metavar="N", type=int, default=0, show_default=True, help="Another gives another split."
)
@click.option("--overwrite", is_flag=True, help="Replace lists that are there.")
@console_options
def split(
    *, places: tuple[Path, ...], out: Path, share: float, seed: int, overwrite: bool, console: Console
) -> None:
    """Divide a set into train.txt, to learn from, and val.txt, to measure with. No file is moved.

    What a picture shows decides its side, not its name: the same content and seed give the same split
    anywhere, and pictures that are the same, to the byte or resized, recompressed or mirrored, stay
    together. `photochrom train NAME --data DIR/train.txt --val DIR/val.txt` takes the lists.
    """
    with extra("train"):
        from photochrom.datasets.split import TRAIN, VAL
        from photochrom.datasets.split import split as divide

    if not overwrite:
        _refuse_existing([out / TRAIN, out / VAL])
    pictures, damaged = _loaded(places)
    with console.progress(len(pictures)):
        try:
            made = divide(
                pictures, out, share=share, seed=seed, damaged=damaged.append, progress=console.step
            )
        except OSError as error:
            raise UnwritableOutput(out, error.strerror or str(error)) from error
    _list_damaged(damaged, console)
    console.word(
        f"{made.train} to learn from, {made.val} to measure with; {made.repeated} stand beside their like"
    )
    for name in (TRAIN, VAL):
        console.data(str(out / name))


@data.command()
@click.argument("places", nargs=-1, required=True, metavar="PLACE…", type=_PLACE)
@click.option("--out", metavar="DIR", required=True, type=_PLACE, help="Folder of the pictures.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the first N pictures.")
@click.option("--overwrite", is_flag=True, help="Replace pictures of these names.")
@console_options
def unpack(
    *, places: tuple[Path, ...], out: Path, limit: int | None, overwrite: bool, console: Console
) -> None:
    """Write the pictures of shards, arrays and IDX files as files of their own.

    Those of Fashion-MNIST become grey PNG of 28×28, which `photochrom colorize` takes as they are.
    """
    with extra("train"):
        from photochrom.datasets.unpack import unpack as write

    pictures, damaged = _loaded(places)
    pictures = pictures[:limit]
    with console.progress(len(pictures)):
        try:
            for path in write(pictures, out, damaged=damaged.append, overwrite=overwrite):
                console.data(str(path))
                console.step()
        except OutputExists:
            raise
        except OSError as error:
            raise UnwritableOutput(out, error.strerror or str(error)) from error
    _list_damaged(damaged, console)


def _loaded(places: Sequence[Path]) -> tuple[list[EncodedPicture], list[Damage]]:
    """All pictures of the places, and what is damaged there."""
    from photochrom.datasets.pictures import load_pictures

    damaged: list[Damage] = []
    return load_pictures(places, damaged=damaged.append, grey=True), damaged


def _list_damaged(damaged: Sequence[Damage], console: Console) -> None:
    for damage in damaged:
        console.problem(one_line(damage.name, damage.reason))


def _refuse_existing(files: Sequence[Path]) -> None:
    for file in files:
        if file.exists():
            raise OutputExists(file, "exists; --overwrite replaces it")


def _draw(found: Inspection, pictures: Sequence[EncodedPicture], out: Path) -> None:
    from photochrom.datasets.drawings import contact_sheet, histogram

    try:
        out.mkdir(parents=True, exist_ok=True)
        contact_sheet(pictures).save(out / SHEET)
        histogram(found.ab).save(out / HISTOGRAM)
        (out / REPORT).write_text(json.dumps(found.values(), indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UnwritableOutput(out, error.strerror or str(error)) from error


def _said(found: Inspection) -> Iterator[str]:
    """An inspection in lines: a table, then what is the same and what is damaged by name."""
    values, count = found.values(), found.pictures

    def of_all(name: str) -> str:
        return f"{found.faults[name]} ({found.faults[name] / max(count, 1):.1%})"

    rows = {
        "pictures": f"{count}, {found.bytes / 1e6:.1f} MB",
        "sets": _counted(found.sources),
        "formats": _counted(found.formats),
        "sizes": _counted(Counter({f"{w}×{h}": n for (w, h), n in found.sizes.items()})),
        "short side": "{least} to {most}, half of them {median:g} or more".format(**values["short_side"])
        if count
        else "",
        "classes": _classes(found),
        "grey": of_all("grey"),
        "tinted": " ".join([of_all("tinted"), _counted(found.tints)]).rstrip(),
        "white ground": of_all("white ground"),
        "mean chroma": f"{found.chroma:.1f}",
        "identical": _repeated(found.identical),
        "alike": _repeated(found.alike),
        "damaged": str(len(found.damaged)),
    }
    for name, text in rows.items():
        if text:
            yield f"{name:<14}{text}"
    for name, groups in (("identical", found.identical), ("alike", found.alike)):
        for group in groups[:MOST_GROUPS]:
            members = [one_line(member) for member in group[:MOST_MEMBERS]]
            more = f" and {len(group) - MOST_MEMBERS} more" if len(group) > MOST_MEMBERS else ""
            yield f"{name}: {' = '.join(members)}{more}"
        if len(groups) > MOST_GROUPS:
            yield f"{name}: {len(groups) - MOST_GROUPS} groups more; --json names them all"
    for damage in found.damaged:
        yield f"damaged: {one_line(damage.name, damage.reason)}"


def _counted(counts: Mapping[str, int], *, most: int = 6) -> str:
    """The commonest with their numbers."""
    common = Counter(counts).most_common()
    words = [f"{one_line(name)} {count}" for name, count in common[:most]]
    return ", ".join([*words, f"{len(common) - most} others"] if len(common) > most else words)


def _classes(found: Inspection) -> str:
    if not found.classes:
        return ""
    (most, largest), (least, smallest) = found.classes.most_common()[0], found.classes.most_common()[-1]
    words = (
        f"{len(found.classes)}, of {smallest} ({one_line(least)}) to {largest} ({one_line(most)}) pictures"
    )
    unknown = found.pictures - found.classes.total()
    return f"{words}; {unknown} of none" if unknown else words


def _repeated(groups: Sequence[Sequence[str]]) -> str:
    beside = sum(len(group) - 1 for group in groups)
    return f"{beside} in {len(groups)} groups, beside one each" if groups else "none"


def _pictures(folder: Path) -> list[Path]:
    from photochrom.datasets.pictures import picture_files

    found = picture_files(folder)
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
