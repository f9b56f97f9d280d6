"""A run: what it consists of, how it begins, and how it is taken up again."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from photochrom.datasets.batches import Batches
from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import BadConfig, TrainingError
from photochrom.networks import NETWORKS, System
from photochrom.networks.critics import CRITICS
from photochrom.networks.features import features_from
from photochrom.networks.losses import LOSSES, Aids
from photochrom.training import checkpoint
from photochrom.training.config import ADVERSARIAL, Recipe, Stage, to_values
from photochrom.training.files import BEST, LAST, LOG
from photochrom.training.objectives import automatic
from photochrom.training.players import (
    Asking,
    Comparing,
    Judging,
    Player,
    Precision,
    optimizer_of,
    start_normal,
)
from photochrom.training.start import Start, start_from
from photochrom.training.values import from_values, one_of, options_for

# What a checkpoint's tensors depend on; the rest of a recipe may change between two sittings.
SHAPING = ("network", "options", "plays", "critic", "critic_options", "optimizer")

FETCHED = "photochrom pretrained lists what can be fetched"

N = TypeVar("N", bound=nn.Module)


@dataclass
class Run:
    """One run and how far it is. The only thing here that changes as training goes on."""

    recipe: Recipe
    """What decides it."""
    out: Path
    """Folder of its checkpoints and its log."""
    fabric: Fabric
    """Device and processes."""
    precision: Precision
    """How numbers are held."""
    system: System
    """The network that colours: the generator's `plain`."""
    generator: Player
    """The network that colours, as it learns."""
    critic: Player | None
    """The network that it plays against."""
    aids: Aids
    """What losses need beside the batch."""
    average: checkpoint.Average | None
    """The generator's averaged weights, if the recipe averages them."""
    prior: Tensor
    """(K,) float64 on the CPU: how often this process's pictures asked for each bin; empty without bins.
    In float32 a bin stands still at 2^24, which the common ones reach within an hour."""
    classes: tuple[str, ...] = ()
    """Names of the classes of scenes, in the order of their numbers."""
    pictures: int = 1
    """Pictures in an epoch."""
    step: int = 0
    """Steps taken."""
    shown: int = 0
    """Pictures shown by them."""
    seconds: float = 0.0
    """Time spent on them."""
    best: float = math.inf
    """Lowest validation loss so far."""

    @property
    def device(self) -> torch.device:
        """Where the networks live."""
        return self.fabric.device

    @property
    def epochs(self) -> float:
        """Epochs so far."""
        return self.shown / self.pictures

    def count(self, bins: Tensor, shares: Tensor) -> None:
        """Add a batch's targets to the prior."""
        self.prior += _counted(bins, shares, len(self.prior))

    def weights(self) -> dict[str, Tensor]:
        """The generator's weights that are judged: averaged, if the recipe averages them."""
        return self.system.state_dict() if self.average is None else self.average.values

    def save(self, name: str) -> None:
        """Write everything that `take_up` and export need to `out`/`name`. All processes call it."""
        prior = self.prior
        if self.fabric.world_size > 1:
            prior = torch.as_tensor(self.fabric.all_reduce(prior.to(self.device), reduce_op="sum")).cpu()
        if not self.fabric.is_global_zero:
            return
        critic = self.critic
        state = {
            "recipe": to_values(self.recipe),
            "network": self.system.state_dict(),
            "average": {} if self.average is None else self.average.values,
            "optimizer": self.generator.optimizer.state_dict(),
            "critic": {} if critic is None else critic.plain.state_dict(),
            "critic_optimizer": {} if critic is None else critic.optimizer.state_dict(),
            "prior": prior,
            "first_prior": torch.empty(0) if self.aids.prior is None else self.aids.prior,
            "centers": torch.empty(0, 2) if self.system.centers is None else self.system.centers,
            "classes": self.classes,
            "step": self.step,
            "shown": self.shown,
            "seconds": self.seconds,
            "best": self.best if math.isfinite(self.best) else None,
        }
        checkpoint.save(self.out / name, state)


def begin(
    recipe: Recipe, pictures: Sequence[EncodedPicture], out: Path, *, fabric: Fabric, mixed: bool
) -> Run:
    """A new run in the folder `out`; a head of bins starts from how common each colour is.

    Raises TrainingError if `out` holds the checkpoint of another run or the recipe's `start` is none,
    BadConfig for a recipe whose parts do not go together.
    """
    start = _start(recipe)
    if fabric.is_global_zero:
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
    system = build(recipe, centers=None if start is None else start.centers)
    if start is not None:
        start.fill(system, _looks(recipe, pictures))
    elif recipe.backbone:
        system.load_backbone(Path(recipe.backbone))
    elif system.backbone:
        raise BadConfig(
            "backbone", f"{recipe.network} colours by {system.backbone}, frozen: name their file; {FETCHED}"
        )
    classes = tuple(sorted({picture.label for picture in pictures} - {""}))
    prior = torch.zeros(0, dtype=torch.float64)
    first = None
    if system.centers is not None:
        system.to(fabric.device)
        prior = measure_prior(system, Batches(pictures, **batching(recipe, recipe.stages[0])))
        first = system.smoothed(prior)
        if start is None:
            system.start_from(first.to(fabric.device))
    run = _assembled(recipe, system, out, fabric=fabric, mixed=mixed, first_prior=first)
    run.classes, run.pictures = classes, len(pictures)
    run.prior = prior if fabric.is_global_zero else torch.zeros_like(prior)
    _refuse_unknown_scenes(run)
    return run


def take_up(
    recipe: Recipe, pictures: Sequence[EncodedPicture], out: Path, *, fabric: Fabric, mixed: bool
) -> Run:
    """The run in `out` as its last checkpoint has it; the log is cut back to that step.

    Raises TrainingError if there is no checkpoint or it does not fit, BadConfig if the recipe asks
    for another network.
    """
    state = checkpoint.load(out / LAST)
    _refuse_another_network(recipe, from_values(Recipe, state["recipe"]), out)
    torch.manual_seed(recipe.seed)
    first = state["first_prior"]
    # The checkpoint holds every weight, so the file that training began from may be gone.
    run = _assembled(
        recipe, build(recipe, centers=state["centers"]), out, fabric=fabric, mixed=mixed,
        first_prior=first if len(first) else None,
    )  # fmt: skip
    try:
        run.generator.restore(state["network"], state["optimizer"])
        if run.critic is not None:
            run.critic.restore(state["critic"], state["critic_optimizer"])
        if run.average is not None:
            run.average.restore(state["average"] or state["network"])
        run.prior = state["prior"] if fabric.is_global_zero else torch.zeros_like(state["prior"])
        run.step, run.shown, run.seconds = state["step"], state["shown"], state["seconds"]
        run.classes, run.pictures = tuple(state["classes"]), len(pictures)
        run.best = math.inf if state["best"] is None else state["best"]
    except (KeyError, RuntimeError, ValueError) as error:
        raise TrainingError(out / LAST, f"does not fit this network: {error}") from error
    # The best may have been found after the last checkpoint was written.
    if (out / BEST).exists():
        run.best = min(run.best, checkpoint.header(out / BEST)["best"])
    if fabric.is_global_zero:
        _cut_back(out / LOG, run.step)
    return run


def _start(recipe: Recipe) -> Start | None:
    """What the recipe goes on from, of the same network; None if it begins anew."""
    if not recipe.start:
        return None
    file = Path(recipe.start)
    start = start_from(file)
    before = replace(recipe, network=start.network, options=start.options)
    _refuse_another_network(recipe, before, file, names=("network", "options"))
    return start


def _looks(recipe: Recipe, pictures: Sequence[EncodedPicture], *, count: int = 30) -> Iterator[Tensor]:
    """Batches of lightness, (N, 1, H, W), that training never draws."""
    batches = Batches(pictures, **batching(recipe, recipe.stages[0]))
    for step in range(count):
        rgb, label = (torch.from_numpy(part) for part in batches(2**31 + step))
        yield automatic(rgb, label).lightness


def build(recipe: Recipe, *, centers: Tensor | None = None) -> System:
    """The recipe's network with random weights.

    centers: (K, 2) of a checkpoint, for networks that take any bins: the set that others begin with may
    have changed since.
    """
    row = NETWORKS[recipe.network]
    options = options_for(row.build, recipe.options)
    if centers is not None and "centers" in inspect.signature(row.build).parameters:
        options["centers"] = centers
    network = row.build(**options)
    if recipe.init == "normal":
        start_normal(network)
    return network


def on_device(network: N, device: torch.device) -> N:
    """The network moved there, its kernels stored channels last, as the pictures are."""
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    return network.to(device)


def batching(recipe: Recipe, stage: Stage) -> dict[str, Any]:
    """The keyword arguments of Batches for a stage, but for those of the machine."""
    return {
        "batch": stage.batch,
        "sizes": stage.sizes,
        "weights": stage.weights,
        "seed": recipe.seed,
        "framing": recipe.sampling.framing,
    }


@torch.no_grad()
def measure_prior(system: System, batches: Batches, *, count: int = 30) -> Tensor:
    """(K,) float64: the bins of `count` batches that training never draws."""
    assert system.centers is not None
    prior = torch.zeros(len(system.centers), dtype=torch.float64)
    for step in range(count):
        rgb, label = (torch.from_numpy(part).to(system.centers.device) for part in batches(2**31 + step))
        prior += _counted(*system.binned(automatic(rgb, label)), len(prior))
    return prior


def _counted(bins: Tensor, shares: Tensor, count: int) -> Tensor:
    """(count,) float64 on the CPU: the weight that each bin has in one batch."""
    total = torch.zeros(count, device=bins.device).scatter_add_(0, bins.flatten(), shares.flatten())
    return total.cpu().double()


def _assembled(
    recipe: Recipe, system: System, out: Path, *, fabric: Fabric, mixed: bool, first_prior: Tensor | None
) -> Run:
    for stage in recipe.stages:
        for height, width in stage.sizes:
            if height % system.multiple or width % system.multiple:
                reason = f"sides must be multiples of {system.multiple} for this {recipe.network}"
                raise BadConfig("sizes", f"{height}×{width}: {reason}")
    _freeze(system, recipe.frozen)
    precision = Precision(fabric.device, mixed)
    system = on_device(system, fabric.device)
    critic = None
    if recipe.plays:
        row = CRITICS[recipe.critic]
        judge = row.build(channels=system.shown, **options_for(row.build, recipe.critic_options))
        if (recipe.critic_init or recipe.init) == "normal":
            start_normal(judge)
        judge = on_device(judge, fabric.device)
        critic = _player(judge, Judging(judge, precision), recipe, fabric)
    return Run(
        recipe=recipe,
        out=out,
        fabric=fabric,
        precision=precision,
        system=system,
        generator=_player(system, Asking(system, precision), recipe, fabric),
        critic=critic,
        aids=_aids(recipe, first_prior, precision),
        average=checkpoint.Average(system, recipe.ema) if recipe.ema else None,
        prior=torch.zeros(0, dtype=torch.float64),
    )


def _freeze(system: System, parts: Sequence[str]) -> None:
    """Neither weights nor running statistics of these parts change from here on."""
    modules = dict(system.named_modules())
    for part in parts:
        one_of("frozen", part, [name for name in modules if name])
        modules[part].requires_grad_(False).eval()


def _player(plain: nn.Module, called: nn.Module, recipe: Recipe, fabric: Fabric) -> Player:
    wrapped, optimizer = fabric.setup(called, optimizer_of(plain, recipe))
    return Player(plain, wrapped, optimizer)


def _aids(recipe: Recipe, first_prior: Tensor | None, precision: Precision) -> Aids:
    used = {name for stage in recipe.stages for name in recipe.losses_of(stage)} - {ADVERSARIAL}
    if first_prior is None and any(LOSSES[name].aid == "prior" for name in used):
        raise BadConfig("losses", f"one weighs bins by how common they are, and {recipe.network} gives ab")
    features = None
    if any(LOSSES[name].aid == "features" for name in used):
        if not recipe.features:
            raise BadConfig(
                "features", f"the loss wants VGG16's weights or Lite2's: name their file; {FETCHED}"
            )
        network = on_device(features_from(Path(recipe.features)), precision.device)
        features = Comparing(network, precision)
    return Aids(None if first_prior is None else first_prior.to(precision.device), features)


def _refuse_unknown_scenes(run: Run) -> None:
    wanted = any("scene" in run.recipe.losses_of(stage) for stage in run.recipe.stages)
    if wanted and len(run.classes) > run.system.classes:
        raise BadConfig(
            "options.classes", f"the pictures show {len(run.classes)} classes, not {run.system.classes}"
        )


def _refuse_another_network(
    now: Recipe, before: Recipe, out: Path, *, names: Sequence[str] = SHAPING
) -> None:
    for name in names:
        here, there = getattr(now, name), getattr(before, name)
        pairs = [(name, here, there)]
        if name.endswith("options"):
            pairs = [
                (f"{name}.{key}", here.get(key, "left out"), there.get(key, "left out"))
                for key in sorted({*here, *there})
            ]
        for key, mine, its in pairs:
            if json.dumps(mine) != json.dumps(its):
                raise BadConfig(key, f"{mine} now, but {out} was begun with {its}")


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
