"""`photochrom train`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from photochrom.cli.console import INTERRUPTED, Console, one_line
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options

if TYPE_CHECKING:
    from photochrom.training.config import Recipe

Report = Callable[[dict[str, Any]], None]

LIMITS: Final = ("epochs", "minutes", "steps")
"""Options that say how long, each a field of the loop's budget."""

LOOKS: Final = 8
"""Validations that a run has at least: as many columns has its sample grid."""

_FOLDER: Final = click.Path(path_type=Path)


@click.command()
@click.argument("name")
@click.argument("more", nargs=-1, metavar="[DIR]…", type=_FOLDER)
@click.option(
    "--data",
    multiple=True,
    metavar="DIR",
    type=_FOLDER,
    help="Pictures in colour: a folder of pictures or tar shards, a shard, a list as `data split` writes "
    "it, or the arrays of Kaggle's Image Colorization. Several may follow.",
)
@click.option(
    "--val",
    multiple=True,
    metavar="DIR",
    type=_FOLDER,
    help="Pictures to measure with, kept out of training. May be given more than once.",
)
@click.option("--recipe", metavar="FILE", type=_FOLDER, help="A TOML file of settings, as in configs/.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting that beats the recipe's."
)
@click.option("--backbone", metavar="FILE", type=_FOLDER, help="Weights of the network's pretrained part.")
@click.option(
    "--start",
    metavar="RUN|FILE|NAME",
    help="Weights to go on from: a run's folder, a checkpoint, or a flagship by its name or card.",
)
@click.option("--batch", type=click.IntRange(min=1), help="Pictures a step and a process, in every stage.")
@click.option("--epochs", type=click.FloatRange(min=0, min_open=True), help="How many epochs in all.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="How long, resumed time included."
)
@click.option("--steps", type=click.IntRange(min=1), help="How many steps in all.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True
)
@click.option(
    "--precision",
    type=click.Choice(["bf16-mixed", "32-true"]),
    default="bf16-mixed",
    show_default=True,
    help="How numbers are held.",
)
@click.option(
    "--devices", type=click.IntRange(min=1), default=1, show_default=True, help="Processes on a computer."
)
@click.option(
    "--num-nodes", "nodes", type=click.IntRange(min=1), default=1, show_default=True, help="Computers."
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint of --out.")
@click.option("--out", metavar="RUN", type=_FOLDER, help="Folder of the run. Without it: runs/NAME.")
@console_options
@click.pass_context
def train(ctx: click.Context, /, *, name: str, out: Path | None, console: Console, **words: Any) -> None:
    """Train a network of the zoo by the recipe NAME, such as pix2pix, or by the one of --recipe.

    The run's folder receives its last checkpoint every few minutes, the best one, log.jsonl, events for
    TensorBoard, and curves and samples as pictures. Ctrl-C saves and stops; even after a kill --resume
    goes on from the last checkpoint. `photochrom export` makes a model of the run.
    """
    if not words["data"]:
        raise click.UsageError("Missing option '--data': the pictures to learn from.", ctx)
    if all(words[limit] is None for limit in LIMITS):
        raise click.UsageError("Say how long: --epochs N, --minutes N or --steps N.", ctx)
    run = Path("runs", name) if out is None else out
    # Processes that train together each run this command; one of them speaks.
    leads = int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))) == 0
    try:
        with extra("train"):
            checkpoint = _trained(ctx, name, run, words, console if leads else Console(quiet=True))
    except KeyboardInterrupt:
        if leads:
            console.problem(_how_to_go_on(run))
        ctx.exit(INTERRUPTED)
    if leads:
        console.word(f"done; a model of it: photochrom export {run} --out DIR")
        console.data(str(checkpoint))


def _trained(ctx: click.Context, name: str, run: Path, words: Mapping[str, Any], console: Console) -> Path:
    """Read the pictures and run the loop; `words` are the command's other options by name."""
    if words["devices"] * words["nodes"] > 1:
        # Else each process warns that PyTorch looked for parameters that no loss reaches, and found none.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from photochrom.datasets.damage import Damage
    from photochrom.datasets.pictures import load_pictures
    from photochrom.training.loop import Budget, Machine
    from photochrom.training.loop import train as run_loop

    def passed_over(damage: Damage) -> None:
        console.problem(one_line(damage.name, f"{damage.reason}; passed over"))

    settings = _settings(ctx, name, words)
    console.word("reading the pictures …")
    pictures = load_pictures([*words["data"], *words["more"]], damaged=passed_over)
    validation = load_pictures(words["val"], damaged=passed_over) if words["val"] else []
    console.word(f"{len(pictures)} pictures to learn from, {len(validation)} to measure with")
    with _progress(console) as report:
        return run_loop(
            settings,
            pictures,
            run,
            budget=Budget(looks=LOOKS, **{key: words[key] for key in LIMITS if words[key] is not None}),
            validation=validation,
            machine=Machine(**{key: words[key] for key in ("device", "precision", "devices", "nodes")}),
            resume=words["resume"],
            measure_loader=True,
            report=report,
            damaged=passed_over,
        )


def _how_to_go_on(run: Path) -> str:
    from photochrom.training.files import LAST

    last = run / LAST
    if last.exists():
        return f"Stopped; {last} is kept. The same command with --resume goes on from it."
    return f"Stopped before the first checkpoint; {run} holds nothing to resume."


def _settings(ctx: click.Context, name: str, words: Mapping[str, Any]) -> Recipe:
    """The recipe, and what the command says in its place."""
    from photochrom.training.config import load_recipe, recipe_file

    file = words["recipe"] or recipe_file(name)
    settings = load_recipe(file, overrides=words["overrides"])
    if words["recipe"] and settings.network != name:
        raise click.UsageError(f"The recipe is for the network {settings.network!r}, not {name!r}.", ctx)
    if words["backbone"]:
        settings = replace(settings, backbone=str(words["backbone"]))
    if words["start"]:
        settings = replace(settings, start=str(_weights_of(words["start"])))
    if words["batch"]:
        stages = tuple(replace(stage, batch=words["batch"]) for stage in settings.stages)
        settings = replace(settings, stages=stages)
    return settings


def _weights_of(what: str) -> Path:
    """The checkpoint or the card that --start names. Raises BadOption, BadModel."""
    from photochrom.errors import BadOption, ModelNotFound
    from photochrom.inference.weights import find_model
    from photochrom.training.files import checkpoint_of

    path = Path(what)
    if path.is_dir() and checkpoint_of(path).is_file():
        return checkpoint_of(path)
    if path.is_file() and path.suffix != ".json":
        return path
    try:
        return find_model(what).path
    except ModelNotFound as error:
        raise BadOption("start", f"{what}: neither a run, a checkpoint nor a model") from error


def sentence(line: Mapping[str, Any], *, left: float | None = None) -> str:
    """A report of the loop in words. `left`: seconds that the run will still take."""
    words = [f"step {line['step']}", f"{line['progress']:.1%}"]
    for key, text in (
        ("loss", "loss {:.4g}"),
        ("loss_D", "critic {:.4g}"),
        ("loss_G", "generator {:.4g}"),
        ("pictures_per_second", "{:.3g} pictures a second"),
        ("step_pictures_per_second", "the step alone {:.3g}"),
        ("loader_pictures_per_second", "the loader alone {:.3g} pictures a second"),
        ("validation_loss", "validation loss {:.4g}"),
        ("gain_over_grey_db", "{:+.2f} dB over grey"),
    ):
        if key in line:
            words.append(text.format(line[key]))
    if left is not None:
        words.append(f"{left / 60:.0f} min left" if left >= 60 else f"{left:.0f} s left")
    return ", ".join(words)


def time_left(progress: float, *, first: float, seconds: float) -> float | None:
    """Seconds until progress is 1, if it goes on as from `first` to `progress` in `seconds`."""
    return None if progress <= first else (1 - progress) * seconds / (progress - first)


@contextmanager
def _progress(console: Console) -> Iterator[Report]:
    """What the loop reports to: a bar on a terminal, a line a report elsewhere."""
    started, first = time.monotonic(), -1.0

    def left(line: Mapping[str, Any]) -> float | None:
        nonlocal started, first
        if first < 0:
            started, first = time.monotonic(), line["progress"]
        return time_left(line["progress"], first=first, seconds=time.monotonic() - started)

    if not console.has_bar:
        yield lambda line: console.word(sentence(line, left=left(line)))
        return
    from rich import progress as parts
    from rich.console import Console as Terminal

    terminal = Terminal(stderr=True, file=sys.stderr)
    bar = parts.Progress(
        parts.BarColumn(), parts.TextColumn("{task.description}", markup=False), console=terminal
    )
    with bar:
        task = bar.add_task("starting", total=1.0)

        def show(line: dict[str, Any]) -> None:
            if "validation_loss" in line:
                terminal.print(sentence(line), highlight=False)
            else:
                bar.update(task, completed=line["progress"], description=sentence(line, left=left(line)))

        yield show
