"""`photochrom evaluate-films`: how much the colours of films flicker, and how far they are from the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from photochrom.cli.columns import lined_up
from photochrom.cli.console import Console
from photochrom.cli.options import Remembered, command_line, console_options, measuring_options

if TYPE_CHECKING:
    from photochrom.evaluation.contestants import ModelSpec
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.card import ModelCard


@click.command("evaluate-films", cls=Remembered)
@click.option(
    "--data",
    "places",
    metavar="DIR",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Folder of films in colour, or one file; may be given more than once.",
)
@click.option(
    "--model",
    "words",
    metavar="[NAME=]MODEL",
    multiple=True,
    default=("flagship",),
    show_default="flagship",
    help="What colours: a model by its name in `photochrom models`, the path of a model card, or the folder "
    "of a training run; may be given more than once.",
)
@click.option(
    "--vividness", type=float, default=1.0, show_default=True, metavar="NUMBER", help="Place of the slider."
)
@click.option(
    "--frames", type=click.IntRange(min=2), default=24, show_default=True, metavar="N", help="Of each film."
)
@click.option(
    "--step",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Take every N-th frame; flicker is measured from one that is taken to the next.",
)
@click.option(
    "--side",
    type=click.IntRange(min=16),
    default=256,
    show_default=True,
    metavar="N",
    help="Frames with a longer short side are reduced to it.",
)
@click.option("--seed", type=int, default=0, help="For the intervals.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Films that are measured side by side, each in a process of its own.",
)
@measuring_options
@console_options
def films(
    *,
    places: tuple[Path, ...],
    words: tuple[str, ...],
    vividness: float,
    detail: int | None,
    frames: int,
    step: int,
    side: int,
    seed: int,
    jobs: int,
    threads: int,
    as_json: bool,
    console: Console,
) -> None:
    """Colour films frame by frame from their lightness alone and measure flicker and error.

    Prints means over the films with 95 % bootstrap intervals, beside those of the grey film and of the
    truth. Every frame is coloured for itself. `docs/metrics.md` says what the figures mean.
    """
    from photochrom.evaluation.report.data import as_json as json_text
    from photochrom.evaluation.video.clip import find_clips
    from photochrom.evaluation.video.report import film_report
    from photochrom.evaluation.video.run import Sampling, evaluate_clips
    from photochrom.images import set_threads

    clips = find_clips(places)
    specs = _specs(words, vividness, detail, console)
    set_threads(threads)

    def on_clip(file: Path) -> None:
        console.begin(file.name)
        console.step()

    with console.progress(len(clips)):
        sampling = Sampling(frames, step, side)
        measured = evaluate_clips(
            specs, clips, sampling=sampling, jobs=min(jobs, len(clips)), threads=threads, on_clip=on_clip
        )
    if measured.clips:
        report = film_report(measured, places=places, command=command_line(), seed=seed)
        click.echo(json_text(report).rstrip("\n") if as_json else "\n".join(_table(report)))
    for failure in measured.failures:
        console.problem(str(failure))
    click.get_current_context().exit(1 if measured.failures else 0)


def _specs(words: Sequence[str], vividness: float, detail: int | None, console: Console) -> list[ModelSpec]:
    """The models. Raises BadOption for a folder of another program's results, and as `find_contestants`."""
    from photochrom.cli.runs import model_of
    from photochrom.errors import BadOption
    from photochrom.evaluation.contestants import ModelSpec, find_contestants
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.pipeline import ColorizeOptions

    ColorizeOptions(vividness=vividness, detail=detail)  # refuses what is out of range before any work

    def settings(card: ModelCard) -> list[Setting]:
        return [Setting(f"vividness {vividness:g}", card.rule(vividness), vividness)]

    def known(what: str) -> str | Path:
        return model_of(what, console)

    found = find_contestants(words, (), settings=settings, detail=detail, resolve=known)
    models = [spec for spec in found if isinstance(spec, ModelSpec)]
    for spec in found:
        if spec not in models:
            raise BadOption("model", f"{spec.name} is a folder of results, and films need a model")
    return models


def _table(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each row, and what they stand on."""
    metrics = report["metrics"]
    head = ["", *(f"{metric['title']} {metric['unit']}".strip() for metric in metrics)]
    body = [
        [row["name"], *(_cell(row["metrics"][metric["name"]], metric["places"]) for metric in metrics)]
        for row in report["rows"]
    ]
    yield from lined_up([head, *body])
    sampling = report["sampling"]
    yield ""
    yield (
        f"{report['films']} films, at most {sampling['frames']} frames of each, {sampling['side']} pixels, "
        f"step {sampling['step']}, seed {report['seed']}; [95 % bootstrap interval over films, where n ≥ 5]"
    )
    yield f"files {report['digest']}"
    yield f"photochrom {report['photochrom']}: {report['command']}"


def _cell(estimate: Mapping[str, Any] | None, places: int) -> str:
    if estimate is None:
        return "–"
    if estimate["low"] is None:
        return f"{estimate['mean']:.{places}f}"
    mean, low, high = (f"{estimate[key]:.{places}f}" for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"
