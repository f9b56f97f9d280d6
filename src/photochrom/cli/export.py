"""`photochrom export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from photochrom.cli.console import Console
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options
from photochrom.errors import BadConfig, OutputExists


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="DIR", required=True, type=click.Path(path_type=Path), help="Where the model goes."
)
@click.option("--name", default="", help="What the model will be called. Without it: as its network is.")
@click.option(
    "--with",
    "others",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An earlier checkpoint of the run to average the weights with; may be given more than once.",
)
@click.option(
    "--about",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A TOML file with what the card should say: summary, data, licences, figures, vividness.",
)
@click.option(
    "--weights",
    type=click.Choice(["float16", "int8"]),
    default="float16",
    show_default=True,
    help="How a flagship's large weights are stored; int8 halves the file. Others keep float32.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0.1, 10),
    default=1.0,
    show_default=True,
    help="What a flagship's logits are divided by: above 1 where it is too sure of itself.",
)
@click.option("--overwrite", is_flag=True, help="Replace a model of this name.")
@console_options
def export(
    *,
    run: Path,
    out: Path,
    name: str,
    others: tuple[Path, ...],
    about: Path | None,
    weights: str,
    temperature: float,
    overwrite: bool,
    console: Console,
) -> None:
    """Turn a training run, or one of its checkpoints, into a model: ONNX graphs and a card.

    Of a run the best checkpoint is taken, or the last if nothing was measured. The graphs are
    compared with PyTorch before the card is written. `photochrom PATH --model DIR` then uses it.
    """
    with extra("train"):
        from photochrom.training.export import export as write_model
        from photochrom.training.export import network_of
        from photochrom.training.files import checkpoint_of

    checkpoint = checkpoint_of(run) if run.is_dir() else run
    name = name or network_of(checkpoint)
    card = out / f"{name}.json"
    if card.exists() and not overwrite:
        raise OutputExists(card, "exists; --overwrite replaces the model")
    card_values = None if about is None else _table(about)
    written = write_model(
        checkpoint,
        out,
        others=others,
        name=name,
        about=card_values,
        in_bytes=weights == "int8",
        temperature=temperature,
    )
    console.word(
        f"{written.bytes / 1e6:.1f} MB; the answers differ from PyTorch's by {written.worst:.2g} at most"
    )
    console.data(str(written.card))


def _table(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        values = tomllib.loads(file.read_text("utf8"))
        json.dumps(values, allow_nan=False)  # as the card will be written; TOML has dates and JSON none
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise BadConfig(file, str(error)) from error
    return values
