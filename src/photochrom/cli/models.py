"""`photochrom models`."""

from __future__ import annotations

import os

import click

from photochrom.cli.columns import lined_up
from photochrom.cli.console import Console
from photochrom.cli.options import console_options, json_option


@click.command()
@json_option
@console_options
def models(*, as_json: bool, console: Console) -> None:
    """List the models there are: what --model takes, how large each is, what it is good at.

    --json prints each model's card too: data, recipe, figures, limits, licences.
    """
    from photochrom.inference.weights import DEFAULT_MODEL, list_models

    cards = list_models()
    if not cards:
        console.problem("There are no models in this installation.")
        click.get_current_context().exit(1)
    if as_json:
        for card in cards:
            console.record(
                {
                    "name": card.name,
                    "default": card.name == DEFAULT_MODEL,
                    "path": os.fspath(card.path),
                    "parameters": card.parameters,
                    "bytes": card.size,
                    "detail": card.detail,
                    "summary": card.summary,
                    **card.about,
                }
            )
        return
    rows = [("NAME", "PARAMETERS", "SIZE", "DETAIL", "")]
    for card in cards:
        summary = card.summary + (" (default)" if card.name == DEFAULT_MODEL else "")
        size = f"{card.size / 1e6:.1f} MB"
        rows.append((card.name, f"{card.parameters / 1e6:.1f} M", size, str(card.detail), summary.strip()))
    for line in lined_up(rows, words=len(rows[0])):
        console.data(line)
