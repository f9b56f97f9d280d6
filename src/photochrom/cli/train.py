"""`photochrom train`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import click

from photochrom.cli.console import INTERRUPTED, Console
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options

Report = Callable[[dict[str, Any]], None]

_FOLDER: Final = click.Path(path_type=Path)


@click.command()
@click.argument("name")
@click.argument("more", nargs=-1, metavar="[DIR]…", type=_FOLDER)
@click.option(
    "--data",
    multiple=True,
    metavar="DIR",
    type=_FOLDER,
    help="Pictures in colour: a folder of pictures, a folder of tar shards, or a shard. Several may follow.",
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
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint of --out.")
@click.option("--out", metavar="RUN", type=_FOLDER, help="Folder of the run. Without it: runs/NAME.")
@console_options
@click.pass_context
def train(
    ctx: click.Context,
    *,
    name: str,
    more: tuple[Path, ...],
    data: tuple[Path, ...],
    val: tuple[Path, ...],
    recipe: Path | None,
    overrides: tuple[str, ...],
    minutes: float | None,
    steps: int | None,
    device: str,
    precision: str,
    resume: bool,
    out: Path | None,
    console: Console,
) -> None:
    """Train the network NAME, such as flagship.

    The run's folder receives last.ckpt every few minutes, best.ckpt and log.jsonl. Ctrl-C saves and
    stops; even after a kill --resume goes on from the last checkpoint. `photochrom export` makes a
    model of the run.
    """
    if not data:
        raise click.UsageError("Missing option '--data': the pictures to learn from.", ctx)
    if minutes is None and steps is None:
        raise click.UsageError("Say how long: --minutes N or --steps N.", ctx)
    run = Path("runs", name) if out is None else out
    with extra("train"):
        from photochrom.datasets.pictures import load_pictures
        from photochrom.training.config import load_recipe
        from photochrom.training.files import LAST
        from photochrom.training.loop import Budget, Precision
        from photochrom.training.loop import train as run_loop

    settings = load_recipe(recipe, overrides=overrides if recipe else (f'network="{name}"', *overrides))
    if settings.network != name:
        raise click.UsageError(f"The recipe is for the network {settings.network!r}, not {name!r}.", ctx)
    limits: dict[str, Any] = {"minutes": minutes, "steps": steps}
    budget = Budget(**{key: value for key, value in limits.items() if value is not None})
    console.word("reading the pictures …")
    pictures, validation = load_pictures([*data, *more]), load_pictures(val) if val else []
    console.word(f"{len(pictures)} pictures to learn from, {len(validation)} to measure with")
    try:
        with _progress(console) as report:
            checkpoint = run_loop(
                settings,
                pictures,
                run,
                budget=budget,
                validation=validation,
                device=device,
                precision=cast("Precision", precision),
                resume=resume,
                report=report,
            )
    except KeyboardInterrupt:
        last = run / LAST
        if last.exists():
            console.problem(f"Stopped; {last} is kept. The same command with --resume goes on from it.")
        else:
            console.problem(f"Stopped before the first checkpoint; {run} holds nothing to resume.")
        ctx.exit(INTERRUPTED)
    console.word(f"done; a model of it: photochrom export {run} --out DIR")
    console.data(str(checkpoint))


def sentence(line: Mapping[str, Any], *, left: float | None = None) -> str:
    """A report of the loop in words. `left`: seconds that the run will still take."""
    words = [f"step {line['step']}", f"{line['progress']:.1%}"]
    for key, text in (
        ("loss", "loss {:.4g}"),
        ("pictures_per_second", "{:.3g} pictures a second"),
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
