"""A run: what it consists of, how it begins, and how it is taken up again."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from photochrom.color.bins import gamut_bins, mix_prior
from photochrom.datasets.batches import Batches
from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import BadConfig, TrainingError
from photochrom.networks import NETWORKS
from photochrom.networks.ab_targets import AbTargets
from photochrom.networks.flagship import Flagship
from photochrom.networks.pretrained import load_lite2
from photochrom.training import checkpoint
from photochrom.training.config import Recipe, Stage, from_values, to_values
from photochrom.training.files import BEST, LAST, LOG
from photochrom.training.objectives import automatic

# What a checkpoint's tensors depend on; the rest of a recipe may change between two sittings.
SHAPING = ("network", "dim", "blocks", "widths")


@dataclass
class Run:
    """One run and how far it is. The only thing here that changes as training goes on."""

    recipe: Recipe
    """What decides it."""
    out: Path
    """Folder of its checkpoints and its log."""
    fabric: Fabric
    """Device and precision."""
    targets: AbTargets
    """The bins, on the device."""
    plain: Flagship
    """The network itself: parameters, state."""
    average: checkpoint.Average
    """Its averaged weights, which are what is exported."""
    prior: Tensor
    """(K,) float64 on the CPU: how often each bin was asked for. In float32 a bin stands still at
    2^24, which the common ones reach within an hour."""
    network: nn.Module = field(init=False)
    """The network as Fabric wraps it, to be called."""
    optimizer: torch.optim.Optimizer = field(init=False)
    """AdamW over encoder and decoder."""
    step: int = 0
    """Steps taken."""
    seconds: float = 0.0
    """Time spent on them."""
    best: float = math.inf
    """Lowest validation loss so far."""

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return self.fabric.device

    def count(self, index: Tensor, weight: Tensor) -> None:
        """Add a batch's targets to the prior."""
        self.prior += _counted(index, weight, len(self.prior))

    def save(self, name: str) -> None:
        """Write everything that `take_up` and export need to `out`/`name`."""
        state = {
            "recipe": to_values(self.recipe),
            "network": self.plain.state_dict(),
            "average": self.average.values,
            "optimizer": self.optimizer.state_dict(),
            "prior": self.prior,
            "centers": self.targets.centers.cpu(),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
        }
        checkpoint.save(self.out / name, state)


def begin(recipe: Recipe, pictures: Sequence[EncodedPicture], out: Path, *, fabric: Fabric) -> Run:
    """A new run in the folder `out`, its head starting from how common each colour is.

    Raises TrainingError if `out` holds the checkpoint of another run.
    """
    for name in (LAST, BEST):
        if (out / name).exists():
            raise TrainingError(
                out, f"holds a run already ({name}): go on with it by --resume, or name another --out"
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / LOG).write_text("", "utf8")
    except OSError as error:
        raise TrainingError(out, error.strerror or str(error)) from error
    torch.manual_seed(recipe.seed)
    run = _assembled(recipe, out, torch.tensor(gamut_bins().centers.tolist()), fabric=fabric)
    run.prior = measure_prior(run.targets, Batches(pictures, **batching(recipe, recipe.stages[0])))
    start = torch.from_numpy(mix_prior(run.prior.numpy())).log().float()
    run.plain.decoder.head.load_state_dict({"weight": run.plain.decoder.head.weight, "bias": start})
    run.average = checkpoint.Average(run.plain, recipe.ema)
    return run


def take_up(recipe: Recipe, out: Path, *, fabric: Fabric) -> Run:
    """The run in `out` as its last checkpoint has it; the log is cut back to that step.

    Raises TrainingError if there is no checkpoint or it does not fit, BadConfig if the recipe asks
    for another network.
    """
    state = checkpoint.load(out / LAST)
    before = from_values(Recipe, state["recipe"])
    for name in SHAPING:
        if getattr(recipe, name) != getattr(before, name):
            raise BadConfig(
                name, f"{getattr(recipe, name)} now, but {out} was begun with {getattr(before, name)}"
            )
    # The checkpoint holds every weight, so the file that training began from may be gone.
    torch.manual_seed(recipe.seed)
    run = _assembled(dataclasses.replace(recipe, encoder_weights=""), out, state["centers"], fabric=fabric)
    run.recipe = recipe
    settings = [(group["peak"], group["weight_decay"]) for group in run.optimizer.param_groups]
    try:
        run.plain.load_state_dict(state["network"])
        run.optimizer.load_state_dict(state["optimizer"])
        run.average.values = {name: value.to(run.device) for name, value in state["average"].items()}
        run.prior.copy_(state["prior"])
        run.step, run.seconds, run.best = state["step"], state["seconds"], state["best"]
    except (KeyError, RuntimeError, ValueError) as error:
        raise TrainingError(out / LAST, f"does not fit this network: {error}") from error
    for group, (peak, decay) in zip(run.optimizer.param_groups, settings, strict=True):
        group["peak"], group["weight_decay"] = peak, decay
    # The best may have been found after the last checkpoint was written.
    if (out / BEST).exists():
        run.best = min(run.best, checkpoint.load(out / BEST)["best"])
    _cut_back(out / LOG, run.step)
    return run


def build(recipe: Recipe, *, bins: int) -> Flagship:
    """The recipe's network with its starting weights."""
    if recipe.network not in NETWORKS:
        raise BadConfig("network", f"{recipe.network!r} is not one of {', '.join(NETWORKS)}")
    network = Flagship(bins=bins, dim=recipe.dim, blocks=recipe.blocks, widths=recipe.widths)
    if recipe.encoder_weights:
        load_lite2(network.encoder, Path(recipe.encoder_weights))
    return network


def on_device(network: Flagship, device: torch.device) -> Flagship:
    """The network moved there, its kernels stored channels last, as the pictures are."""
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    return network.to(device)


def batching(recipe: Recipe, stage: Stage) -> dict[str, Any]:
    """The keyword arguments of Batches for a stage."""
    return {"batch": stage.batch, "sizes": stage.sizes, "weights": stage.weights, "seed": recipe.seed}


@torch.no_grad()
def measure_prior(targets: AbTargets, batches: Batches, *, count: int = 30) -> Tensor:
    """(K,) float64: the bins of `count` batches that training never draws."""
    prior = torch.zeros(len(targets.centers), dtype=torch.float64)
    for step in range(count):
        rgb = torch.from_numpy(batches(2**31 + step)).to(targets.centers.device)
        batch = automatic(rgb, targets)
        prior += _counted(batch.index, batch.weight, len(prior))
    return prior


def _counted(index: Tensor, weight: Tensor, bins: int) -> Tensor:
    """(bins,) float64 on the CPU: the weight that each bin has in one batch."""
    total = torch.zeros(bins, device=index.device).scatter_add_(0, index.flatten(), weight.flatten())
    return total.cpu().double()


def _assembled(recipe: Recipe, out: Path, centers: Tensor, *, fabric: Fabric) -> Run:
    plain = on_device(build(recipe, bins=len(centers)), fabric.device)
    run = Run(
        recipe=recipe,
        out=out,
        fabric=fabric,
        targets=AbTargets(centers).to(fabric.device),
        plain=plain,
        average=checkpoint.Average(plain, recipe.ema),
        prior=torch.zeros(len(centers), dtype=torch.float64),
    )
    run.network, run.optimizer = fabric.setup(plain, _optimizer(plain, recipe))
    return run


def _optimizer(network: Flagship, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; the pretrained encoder learns more slowly, vectors (norms, biases) do not decay."""
    groups = []
    for part, peak in ((network.encoder, recipe.encoder_rate), (network.decoder, recipe.rate)):
        for decays in (True, False):
            chosen = [p for p in part.parameters() if (p.ndim > 1) == decays]
            decay = recipe.weight_decay if decays else 0.0
            groups.append({"params": chosen, "peak": peak, "lr": peak, "weight_decay": decay})
    return torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True)


def _cut_back(log: Path, step: int) -> None:
    """Drop the lines of a log beyond `step`, and one that a kill tore; those steps are taken again."""
    kept = []
    for line in log.read_text("utf8").splitlines() if log.exists() else []:
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if values["step"] <= step:
            kept.append(line + "\n")
    partial = log.with_name(log.name + ".part")
    partial.write_text("".join(kept), "utf8")
    partial.replace(log)
