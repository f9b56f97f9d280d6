"""`photochrom evaluate`: how good the colours are, in figures, on a page and on a contact sheet."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from photochrom.cli.console import Console
from photochrom.cli.options import Remembered, best_option, command_line, console_options, measuring_options

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import ModelSpec
    from photochrom.evaluation.measurements import Failure, Measurements
    from photochrom.evaluation.pictures import Picture
    from photochrom.evaluation.record import Plan
    from photochrom.evaluation.results import ResultsSpec
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.card import ModelCard


def _numbers(context: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Numbers with commas between them."""
    if value is None:
        return None
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list such as 0.5,1,2", context, param) from None


def _names(_context: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Names with commas between them."""
    return None if value is None else tuple(part.strip() for part in value.split(",") if part.strip())


@dataclass(frozen=True)
class Wishes:
    """The options, as they were given."""

    models: tuple[str, ...]
    places: tuple[Path, ...]
    out: Path | None
    metrics: tuple[str, ...] | None
    properties: tuple[str, ...] | None
    protocol: str
    vividness: tuple[float, ...] | None
    tau: tuple[float, ...] | None
    temperature: tuple[float, ...] | None
    detail: int | None
    best: bool
    limit: int | None
    seed: int
    no_truth: bool
    faces: Path | None
    jobs: int | None
    threads: int
    as_json: bool
    sheet: Path | None
    sheet_pictures: int
    overwrite: bool


@click.command(cls=Remembered)
@click.option(
    "--model",
    "models",
    metavar="[NAME=]MODEL",
    multiple=True,
    default=("flagship",),
    show_default="flagship",
    help="What colours: a model by its name in `photochrom models`, the path of a model card, the folder "
    "of a training run, or a folder of pictures that another program has coloured; may be given more than "
    "once.",
)
@click.option(
    "--data",
    "places",
    metavar="DIR",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Folder of colour photographs, or one file; may be given more than once.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the report here: a page, JSON, CSV and the pictures it shows. The same command again "
    "measures only what is not there yet.",
)
@click.option(
    "--metrics",
    metavar="NAMES",
    callback=_names,
    help="Such as psnr,de2000, or all; without it, all that work without a network that is not prepared. "
    "`photochrom metrics` lists them.",
)
@click.option(
    "--properties",
    metavar="NAMES",
    callback=_names,
    help="What is found out of the models themselves: stability, hints, calibration, or all; at vividness 1 "
    "if that is among the settings, or else at the first that gives any colour. None without it, since each "
    "takes many looks at every picture.",
)
@click.option("--protocol", default="crop256", show_default=True, help="crop256 or native.")
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
@click.option("--limit", type=click.IntRange(min=1), help="Draw so many of the pictures at random.")
@click.option("--seed", type=int, default=0, help="For --limit and for the intervals.")
@click.option("--no-truth", is_flag=True, help="The pictures are black-and-white: nothing to compare with.")
@click.option(
    "--faces",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="JSON that says where faces are, for what is measured of skin.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that measure side by side. Without it: as many as are worth their start.",
)
@measuring_options
@best_option
@click.option(
    "--sheet",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a contact sheet: input, each setting, truth.",
)
@click.option("--sheet-pictures", type=click.IntRange(min=1), default=12, help="How many are on it.")
@click.option("--overwrite", is_flag=True, help="Replace the sheet if there is one.")
@console_options
def evaluate(*, console: Console, **options: Any) -> None:
    """Colour the pictures of DIR from their lightness alone and compare with their own colours.

    Prints means over the pictures with 95 % bootstrap intervals, beside those of the grey picture
    and of the truth itself stored as 8-bit Lab. A picture that one model has no result for is left out
    for all of them, and named. `docs/evaluation.md` says what the figures mean.
    """
    from photochrom.cli.interrupts import Interrupts

    wishes = Wishes(**options)
    context = click.get_current_context()
    interrupts = Interrupts()
    try:
        with interrupts, interrupts.at_once():
            failures = _run(wishes, console, command_line(), heed=interrupts.heed)
            interrupts.heed()
    except KeyboardInterrupt:
        kept = f" What is measured is kept in {wishes.out}: the same command goes on." if wishes.out else ""
        console.problem(f"Interrupted.{kept}")
        context.exit(interrupts.exit_code)
    context.exit(1 if failures else 0)


def _run(wishes: Wishes, console: Console, command: str, *, heed: Callable[[], None]) -> int:
    """All of it; how many failures there were. heed: raises where an interruption has been put off."""
    from photochrom.cli.outputs import Done, write_out
    from photochrom.evaluation.pictures import find_pictures
    from photochrom.evaluation.report.data import Asked
    from photochrom.evaluation.run import evaluate as measure
    from photochrom.images import set_threads

    _check_sheet(wishes)
    plan = _plan(wishes, console)
    data = _data(wishes, console)
    drawn = set(find_pictures(wishes.places, limit=wishes.limit, seed=wishes.seed))
    pictures = [picture for picture in data if picture.file in drawn]
    specs = _specs(wishes, data, console)
    _say_what_is_lacking(specs, plan, console)
    asked = Asked(command, plan, wishes.seed, wishes.limit)
    set_threads(wishes.threads)

    def on_picture(name: str) -> None:
        heed()
        console.begin(name)
        console.step()

    with console.progress(len(pictures)):
        measured = measure(
            specs,
            pictures,
            plan=plan,
            jobs=wishes.jobs,
            threads=wishes.threads,
            out=wishes.out,
            on_picture=on_picture,
        )
    extra = _extra(specs)
    if measured.files:
        listed = dataclasses.replace(measured, failures=(*measured.failures, *extra))
        write_out(Done(listed, asked, specs, pictures, wishes), console)
    for failure in extra:
        console.word(str(failure))
    for failure in measured.failures:
        console.problem(str(failure))
    _say_what_is_left_out(measured, specs, len(pictures), console)
    return len(measured.failures)


def _say_what_is_left_out(
    measured: Measurements, specs: Sequence[ModelSpec | ResultsSpec], count: int, console: Console
) -> None:
    """A word on pictures and contestants that are in no row."""
    present = {entry.name for entry in measured.entries}
    for spec in specs:
        if spec.name not in present:
            console.word(f"{spec.name}: has no result at all, and so no row")
    lost = count - len(measured.files)
    if lost:
        console.word(f"{lost} of {count} pictures are in no row, for not all rows have them")


def _extra(specs: Sequence[ModelSpec | ResultsSpec]) -> list[Failure]:
    """Results of other programs that are no picture's. They are told, but nothing has failed by them."""
    from photochrom.evaluation.measurements import Failure
    from photochrom.evaluation.pictures import named
    from photochrom.evaluation.results import ResultsSpec

    found: list[Failure] = []
    for spec in specs:
        if isinstance(spec, ResultsSpec):
            names = [result.name for result in named(spec.extra, [spec.folder])]
            errors = spec.check(()).extra
            found += [Failure(name, spec.name, error) for name, error in zip(names, errors, strict=True)]
    return found


def _plan(wishes: Wishes, console: Console) -> Plan:
    """What is to be measured. A word on what is left out because its network is not prepared."""
    from photochrom.evaluation.protocol import protocol_named
    from photochrom.evaluation.record import Plan
    from photochrom.evaluation.selection import choose_metrics, choose_properties

    chosen = choose_metrics(wishes.metrics, has_truth=not wishes.no_truth)
    if chosen.unprepared:
        names = ", ".join(chosen.unprepared)
        console.word(f"left out: {names}; `photochrom metrics prepare` makes ready what they look through")
    return Plan(
        protocol_named(wishes.protocol),
        chosen.metrics,
        chosen.set_metrics,
        choose_properties(wishes.properties or ()),
        has_truth=not wishes.no_truth,
    )


def _specs(wishes: Wishes, data: Sequence[Picture], console: Console) -> list[ModelSpec | ResultsSpec]:
    """The contestants. data: all pictures there are, among which another program's results are looked for."""
    from photochrom.cli.runs import model_of
    from photochrom.evaluation.contestants import find_contestants
    from photochrom.inference.pipeline import ColorizeOptions

    ColorizeOptions(detail=wishes.detail)  # refuses what is out of range before any work
    settings = functools.partial(_settings, wishes=wishes)
    known = functools.partial(model_of, console=console)
    return find_contestants(
        wishes.models, data, settings=settings, detail=wishes.detail, best=wishes.best, resolve=known
    )


def _say_what_is_lacking(specs: Sequence[ModelSpec | ResultsSpec], plan: Plan, console: Console) -> None:
    """A word on each property that a model cannot be asked for."""
    from photochrom.evaluation.contestants import ModelSpec
    from photochrom.evaluation.properties import PROPERTIES
    from photochrom.inference.weights import find_model

    models = [spec for spec in specs if isinstance(spec, ModelSpec)] if plan.properties else []
    for spec in models:
        card = find_model(spec.model)
        for name in plan.properties:
            reason = PROPERTIES[name].lacking(card, has_truth=plan.has_truth)
            if reason is not None:
                console.word(f"{spec.name}: {reason}")


def _settings(card: ModelCard, *, wishes: Wishes) -> list[Setting]:
    """How a model's colours are chosen."""
    from photochrom.evaluation.setting import Setting, rules_of

    explicit = wishes.tau is not None or wishes.temperature is not None
    places = wishes.vividness or (() if explicit else (1.0,))
    settings = [Setting(f"vividness {place:g}", card.rule(place), place) for place in places]
    if explicit:
        settings += rules_of(wishes.tau or (0.0,), wishes.temperature or (1.0,))
    return list(dict.fromkeys(settings))


def _data(wishes: Wishes, console: Console) -> list[Picture]:
    """All pictures there are. A word on faces that are in none of them."""
    from photochrom.evaluation.faces import read_faces, strangers
    from photochrom.evaluation.pictures import find_pictures, named

    faces = {} if wishes.faces is None else read_faces(wishes.faces)
    pictures = named(find_pictures(wishes.places), wishes.places, faces=faces)
    if wishes.faces is not None:
        unknown = strangers(faces, [picture.name for picture in pictures], file=wishes.faces)
        if unknown:
            count = f"{len(unknown)} of its {len(faces)} names"
            console.word(f"{wishes.faces}: {count} are of no picture, as {unknown[0]!r}")
    return pictures


def _check_sheet(wishes: Wishes) -> None:
    """Refuse now what would be refused after an hour of work."""
    from photochrom.errors import OutputExists
    from photochrom.images.formats import writable

    if wishes.sheet is not None:
        writable(wishes.sheet.suffix)
        if wishes.sheet.exists() and not wishes.overwrite:
            raise OutputExists(wishes.sheet)
