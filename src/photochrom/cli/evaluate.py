"""`photochrom evaluate`: how good the colours are, in figures and on a contact sheet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from photochrom.cli.console import Console
from photochrom.cli.options import console_options, model_options

if TYPE_CHECKING:
    from photochrom.evaluation.rendered import Bytes, Rendered
    from photochrom.evaluation.run import Measurements, Setting
    from photochrom.evaluation.summary import Estimate, Line, Summary
    from photochrom.inference.card import ModelCard


def _numbers(context: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Numbers with commas between them."""
    if value is None:
        return None
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list such as 0.5,1,2", context, param) from None


@click.command()
@click.option(
    "--data",
    "places",
    metavar="DIR",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Folder of colour photographs, or one file; may be given more than once.",
)
@model_options
@click.option("--protocol", default="crop256", help="crop256 or native.")
@click.option(
    "--vividness",
    callback=_numbers,
    metavar="NUMBERS",
    help="Places of the slider, such as 0.5,1,2; 1 by default.",
)
@click.option(
    "--tau",
    callback=_numbers,
    metavar="NUMBERS",
    help="How much rare colours are favoured: several, in place of --vividness.",
)
@click.option("--temperature", callback=_numbers, metavar="NUMBERS", help="Each with each tau; 1 by default.")
@click.option("--detail", type=int, help="Short side at which the network looks.")
@click.option("--limit", type=click.IntRange(min=1), help="Draw so many of the pictures at random.")
@click.option("--seed", type=int, default=0, help="For --limit and for the intervals.")
@click.option("--no-truth", is_flag=True, help="The pictures are black-and-white: nothing to compare with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
@click.option(
    "--sheet",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a contact sheet: input, each setting, truth.",
)
@click.option("--sheet-pictures", type=click.IntRange(min=1), default=12, help="How many are on it.")
@click.option("--overwrite", is_flag=True, help="Replace the sheet if there is one.")
@console_options
def evaluate(
    places: tuple[Path, ...],
    model: str,
    protocol: str,
    vividness: tuple[float, ...] | None,
    tau: tuple[float, ...] | None,
    temperature: tuple[float, ...] | None,
    detail: int | None,
    limit: int | None,
    seed: int,
    threads: int | None,
    no_truth: bool,
    as_json: bool,
    sheet: Path | None,
    sheet_pictures: int,
    overwrite: bool,
    console: Console,
) -> None:
    """Colour the pictures of DIR from their lightness alone and compare with their own colours.

    Prints means over the pictures with 95 % bootstrap intervals, beside those of the grey picture
    and of the truth itself stored as 8-bit Lab. `docs/models.md` says what the figures mean.
    """
    from photochrom.evaluation import run
    from photochrom.evaluation.protocol import protocol_named
    from photochrom.images import set_threads
    from photochrom.inference.pipeline import ColorizeOptions, Colorizer

    chosen = protocol_named(protocol)
    ColorizeOptions(detail=detail)  # refuses what is out of range before any work
    _check_sheet(sheet, overwrite=overwrite)
    files = run.find_pictures(places, limit=limit, seed=seed)
    if threads is not None:
        set_threads(threads)
    colorizer = Colorizer(model, threads=threads)
    about = {
        "model": colorizer.card.name,
        "protocol": chosen.name,
        "detail": detail or colorizer.card.detail,
        "seed": seed,
    }
    strips: list[list[Bytes]] = []
    with console.progress(len(files)):
        measured = run.evaluate(
            colorizer,
            _counted(files, console),
            protocol=chosen,
            settings=_settings(colorizer.card, vividness, tau, temperature),
            detail=detail,
            has_truth=not no_truth,
            on_picture=_keeper(strips, files, sheet_pictures) if sheet else None,
        )
    _report(measured, about, as_json=as_json)
    if sheet is not None and strips:
        columns = _write_sheet(strips, measured.rows, sheet, truth=not no_truth, overwrite=overwrite)
        console.word(f"{sheet}: {len(strips)} pictures, each {columns}")
    if measured.failures:
        for failure in measured.failures:
            console.problem(str(failure))
        click.get_current_context().exit(1)


def _check_sheet(sheet: Path | None, *, overwrite: bool) -> None:
    """Refuse now what would be refused after an hour of work."""
    from photochrom.errors import OutputExists
    from photochrom.images.formats import writable

    if sheet is not None:
        writable(sheet.suffix)
        if sheet.exists() and not overwrite:
            raise OutputExists(sheet)


def _counted(files: Sequence[Path], console: Console) -> Iterator[Path]:
    """The files; the bar moves on as each is done with."""
    for file in files:
        console.begin(file.name)
        yield file
        console.step()


def _settings(
    card: ModelCard,
    vividness: tuple[float, ...] | None,
    tau: tuple[float, ...] | None,
    temperature: tuple[float, ...] | None,
) -> list[Setting]:
    from photochrom.evaluation.run import Setting, rules_of

    explicit = tau is not None or temperature is not None
    places = vividness or (() if explicit else (1.0,))
    settings = [Setting(f"vividness {place:g}", card.rule(place)) for place in places]
    if explicit:
        settings += rules_of(tau or (0.0,), temperature or (1.0,))
    return list(dict.fromkeys(settings))


def _keeper(
    strips: list[list[Bytes]], files: Sequence[Path], count: int
) -> Callable[[Path, Mapping[str, Rendered]], None]:
    """What keeps the cells of some pictures, spread evenly over the files."""
    from photochrom.evaluation.run import LAB8
    from photochrom.evaluation.sheet import CELL_SIDE, cell, spread

    wanted = set(spread(files, count))

    def keep(file: Path, pictures: Mapping[str, Rendered]) -> None:
        if file in wanted:
            shown = [picture for row, picture in pictures.items() if row != LAB8]
            strips.append([cell(picture.rgb, CELL_SIDE) for picture in shown])

    return keep


def _write_sheet(
    strips: list[list[Bytes]], rows: Sequence[str], target: Path, *, truth: bool, overwrite: bool
) -> str:
    """Write it, and say what its columns are."""
    from photochrom.evaluation.run import GRAY, LAB8, TRUTH
    from photochrom.evaluation.sheet import contact_sheet, write_sheet

    write_sheet(contact_sheet(strips), target, overwrite=overwrite)
    settings = [row for row in rows if row not in (GRAY, LAB8)]
    return " | ".join(["input", *settings, *([TRUTH] if truth else [])])


def _report(measured: Measurements, about: Mapping[str, Any], *, as_json: bool) -> None:
    """The figures on stdout; nothing if there are none."""
    from photochrom.evaluation.summary import summarize

    if measured.files:
        summary = summarize(measured, seed=about["seed"])
        click.echo(_json(summary, measured, about) if as_json else _table(summary, about))


def _json(summary: Summary, measured: Measurements, about: Mapping[str, Any]) -> str:
    from photochrom import __version__

    report = {
        "photochrom": __version__,
        **about,
        **summary.as_dict(),
        "files": [str(file) for file in measured.files],
        "failures": [str(failure) for failure in measured.failures],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _table(summary: Summary, about: Mapping[str, Any]) -> str:
    from photochrom.evaluation.run import TRUTH

    compared = "psnr" in summary.lines[0].metrics
    head = ["", "PSNR dB", "gain over grey dB", "ΔE2000", "ΔE76"] if compared else [""]
    head += ["colourfulness", *(["of truth", "ΔCF"] if compared else [])]
    body = [[line.name, *_cells(line, compared=compared)] for line in summary.lines]
    if compared:
        blank = [""] * 4
        body.append([TRUTH, *blank, _value(summary.truth["colorfulness"], 1), "", ""])
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in [head, *body]]
    words = ", ".join(f"{name} {value}" for name, value in about.items())
    return "\n".join([*lines, "", f"{summary.pictures} pictures, {words}; [95 % bootstrap interval]"])


def _cells(line: Line, *, compared: bool) -> list[str]:
    color = line.metrics["colorfulness"]
    if not compared:
        return [_interval(color, 1)]
    return [
        _interval(line.metrics["psnr"], 2),
        _interval(line.gain["psnr"], 2, sign="+"),
        _interval(line.metrics["de2000"], 2),
        _value(line.metrics["de76"], 2),
        _value(color, 1),
        _interval(line.colorfulness_ratio, 2),
        _value(line.colorfulness_difference, 1, sign="+"),
    ]


def _value(estimate: Estimate | None, places: int, *, sign: str = "") -> str:
    return "–" if estimate is None else f"{estimate.mean:{sign}.{places}f}"


def _interval(estimate: Estimate | None, places: int, *, sign: str = "") -> str:
    if estimate is None:
        return "–"
    low, high = f"{estimate.low:{sign}.{places}f}", f"{estimate.high:{sign}.{places}f}"
    return f"{_value(estimate, places, sign=sign)} [{low}, {high}]"


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names to the left, figures to the right."""
    return [
        text.rjust(width) if i else text.ljust(width)
        for i, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
