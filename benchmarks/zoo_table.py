"""Tables of docs/zoo.md as Markdown: `python benchmarks/zoo_table.py RUN...`, folders of `train`.

The figures of the pictures are those of `photochrom evaluate`; here is what the runs were: size, work, speed,
and of those with a critic how their losses went.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from photochrom.networks import NETWORKS
from photochrom.training import checkpoint
from photochrom.training.config import Recipe
from photochrom.training.files import LAST, LOG
from photochrom.training.run import build
from photochrom.training.values import from_values

SIDE = 256
LOSSES = ("loss_D_fake", "loss_D_real", "loss_D", "loss_G_GAN", "loss_G_L1", "loss_G")
EPOCHS = 5
"""Epochs between two rows of the losses, each a mean over the epoch that ends there."""


def main() -> None:
    runs = [Path(argument) for argument in sys.argv[1:]]
    print("| run | parameters | frozen | as published | GMACs | pictures a second | shown | epochs |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for run in runs:
        print("| " + " | ".join(row(run)) + " |")
    for run in runs:
        lines = list(losses(run))
        if lines:
            print(f"\n{run.name}\n\n| epoch | " + " | ".join(f"`{name}`" for name in LOSSES) + " |")
            print("|--:" * (len(LOSSES) + 1) + "|")
            print("\n".join(lines))


def row(run: Path) -> list[str]:
    state = checkpoint.load(run / LAST)
    recipe = from_values(Recipe, state["recipe"])
    system = build(recipe, centers=state["centers"])
    learnt, frozen = (
        sum(value.numel() for value in system.parameters() if value.requires_grad is trained)
        for trained in (True, False)
    )
    published = NETWORKS[recipe.network].published[0][1]
    rates = [line["step_pictures_per_second"] for line in log(run) if "step_pictures_per_second" in line]
    return [
        f"`{run.name}`",
        f"{learnt:,}",
        f"{frozen:,}" if frozen else "",
        f"{published:,}" if published != learnt else "",
        f"{macs(system) / 1e9:.2f}",
        f"{statistics.median(rates):.0f}",
        f"{state['shown']:,}",
        f"{log(run)[-1]['epoch']:.1f}",
    ]


@torch.no_grad()
def macs(system: torch.nn.Module) -> int:
    """Multiplications with addition for a square of SIDE pixels."""
    counter = FlopCounterMode(display=False)
    with counter:
        system.eval()(torch.full((1, 1, SIDE, SIDE), 50.0))
    return counter.get_total_flops() // 2


def losses(run: Path) -> Iterator[str]:
    lines = [line for line in log(run) if LOSSES[0] in line]
    last = int(lines[-1]["epoch"]) if lines else 0
    for end in range(EPOCHS, last + 1, EPOCHS):
        inside = [line for line in lines if end - 1 < line["epoch"] <= end]
        means = (statistics.mean(line[name] for line in inside) for name in LOSSES)
        yield f"| {end} | " + " | ".join(f"{mean:.5f}" for mean in means) + " |"


def log(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / LOG).read_text("utf8").splitlines()]


if __name__ == "__main__":
    main()
