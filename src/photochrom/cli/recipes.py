"""`photochrom recipes`."""

from __future__ import annotations

from pathlib import Path

import click

from photochrom.cli.columns import lined_up
from photochrom.cli.console import Console
from photochrom.cli.extras import extra
from photochrom.cli.options import console_options


@click.command()
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--recipe", metavar="FILE", type=click.Path(path_type=Path), help="A TOML file of yours.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting that beats the recipe's."
)
@console_options
def recipes(*, name: str | None, recipe: Path | None, overrides: tuple[str, ...], console: Console) -> None:
    """List the recipes that `train` knows; with NAME print one, and what each of its settings does.

    What is printed is a recipe itself:

    \b
    photochrom recipes pix2pix > mine.toml
    photochrom train pix2pix --recipe mine.toml --data DIR --minutes 20
    """  # noqa: D301 (click's mark for lines that stay as they are)
    with extra("train"):
        from photochrom.training import described
        from photochrom.training.config import load_recipe, recipe_file

    if name is None and recipe is None:
        rows = [(name, network, words) for name, (network, words) in described.recipes().items()]
        for line in lined_up([("RECIPE", "NETWORK", ""), *rows], words=3):
            console.data(line)
        return
    file = recipe if recipe is not None else recipe_file(name or "")
    console.data(described.as_toml(load_recipe(file, overrides=overrides)).rstrip("\n"))
