"""The one loop. Read it top to bottom to know what happens in a run."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from photochrom.color.bins import gamut_bins
from photochrom.datasets.batches import Batches, centre_crop
from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import BadConfig, Diverged
from photochrom.networks import NETWORKS
from photochrom.networks.ab_targets import AbTargets
from photochrom.networks.flagship import Flagship
from photochrom.networks.pretrained import load_lite2
from photochrom.networks.torch_color import lab_to_srgb, srgb_to_lab
from photochrom.training import checkpoint
from photochrom.training.config import Recipe, Stage, to_values
from photochrom.training.objectives import automatic, flagship_loss, sample

LAST = "last.ckpt"
BEST = "best.ckpt"
LOG = "log.jsonl"
VALIDATION_SIDE = 256
VALIDATION_PICTURES = 96


@dataclass(frozen=True)
class Budget:
    """How long to train and how often to stop for breath."""

    minutes: float = math.inf
    """Minutes of training, those before a resume included."""
    steps: int = 2**62
    """Steps in all."""
    save_every: float = 5.0
    """Minutes between checkpoints."""
    validate_every: float = 15.0
    """Minutes between validations."""
    log_every: int = 50
    """Steps between lines of the log."""

    def progress(self, step: int, seconds: float) -> float:
        """0…1: whichever of steps and minutes is further on."""
        return min(1.0, max(step / self.steps, seconds / 60 / self.minutes))


def train(
    recipe: Recipe,
    pictures: Sequence[EncodedPicture],
    out: Path,
    *,
    budget: Budget,
    validation: Sequence[EncodedPicture] = (),
    device: str = "auto",
    precision: str = "bf16-mixed",
    resume: bool = False,
    report: Callable[[dict[str, Any]], None] = lambda line: None,
) -> Path:
    """Train until the budget is spent; returns the checkpoint to export.

    `out` receives last.ckpt, best.ckpt (lowest validation loss) and log.jsonl. With `resume` the run
    goes on from last.ckpt as if it had not stopped. Raises Diverged, NoPictures, BadConfig.
    """
    if math.isinf(budget.minutes) and budget.steps >= 2**62:
        raise BadConfig("budget", "give minutes or steps")
    fabric = Fabric(accelerator=device, devices=1, precision=precision)  # type: ignore[arg-type]
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)

    state = checkpoint.load(out / LAST) if resume else None
    centers = state["centers"] if state else torch.tensor(gamut_bins().centers)
    targets = AbTargets(centers).to(fabric.device)
    plain = build(recipe, bins=len(targets.centers)).to(fabric.device, memory_format=torch.channels_last)
    prior = torch.zeros(len(targets.centers), device=fabric.device)
    step, seconds, best, stage_index = 0, 0.0, math.inf, -1
    if state is None:
        measure_prior(prior, targets, Batches(pictures, **_batching(recipe, recipe.stages[0])))
        plain.decoder.head.bias.data.copy_((prior / prior.sum() * 0.98 + 0.02 / len(prior)).log())
    average = checkpoint.Average(plain, recipe.ema)
    network, optimizer = fabric.setup(plain, _optimizer(plain, recipe))
    if state is not None:
        plain.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        average.values = {name: value.to(fabric.device) for name, value in state["average"].items()}
        prior.copy_(state["prior"])
        step, seconds, best = state["step"], state["seconds"], state["best"]

    def save(name: str) -> None:
        state = {
            "recipe": to_values(recipe), "network": plain.state_dict(), "average": average.values,
            "optimizer": optimizer.state_dict(), "prior": prior.cpu(), "centers": targets.centers.cpu(),
            "step": step, "seconds": seconds, "best": best,
        }  # fmt: skip
        checkpoint.save(out / name, state)

    log = (out / LOG).open("a", encoding="utf8")

    def note(**line: Any) -> None:
        log.write(json.dumps({"step": step, "minutes": round(seconds / 60, 2), **line}) + "\n")
        log.flush()
        report({"step": step, "progress": budget.progress(step, seconds), **line})

    held_out = [centre_crop(p.data, VALIDATION_SIDE) for p in validation[:VALIDATION_PICTURES]]
    losses: list[Tensor] = []
    saved = validated = seconds
    mark, mark_seconds = step, seconds
    batches = iter(())
    clock = time.monotonic()
    while (progress := budget.progress(step, seconds)) < 1:
        stage = recipe.stage_at(progress)
        if recipe.stages.index(stage) != stage_index:
            stage_index = recipe.stages.index(stage)
            batches = Batches(pictures, **_batching(recipe, stage)).ahead(step, step + 2**31)
            mark, mark_seconds = step, seconds
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate_at(progress, step, recipe.warmup)

        rgb = torch.from_numpy(next(batches)).to(fabric.device, non_blocking=True)
        generator = torch.Generator(fabric.device).manual_seed(recipe.seed * 1_000_003 + step)
        batch = sample(rgb, targets, recipe, generator)
        _count(prior, batch.index, batch.weight)
        network.train()
        loss = flagship_loss(network, batch)
        optimizer.zero_grad()
        fabric.backward(loss)
        # A step whose gradient is no number is never taken: the weights stay those of the last good one.
        norm = nn.utils.clip_grad_norm_(plain.parameters(), recipe.clip)
        if not bool(torch.isfinite(norm)):
            raise Diverged(out, f"the loss is no number at step {step}; last good checkpoint: {out / LAST}")
        optimizer.step()
        step += 1
        average.update(plain, step)
        losses.append(loss.detach())

        now = time.monotonic()
        seconds, clock = seconds + now - clock, now
        if step % budget.log_every == 0:
            rate = (step - mark) * stage.batch / max(seconds - mark_seconds, 1e-9)
            note(loss=round(float(torch.stack(losses).mean()), 4), pictures_per_second=round(rate, 1))
            losses, mark, mark_seconds = [], step, seconds
        if seconds - saved >= budget.save_every * 60:
            save(LAST)
            saved = seconds
        if held_out and seconds - validated >= budget.validate_every * 60:
            figures = validate(fabric, recipe, average, targets, held_out)
            note(**figures)
            if figures["validation_loss"] < best:
                best = figures["validation_loss"]
                save(BEST)
            validated = seconds
            clock = time.monotonic()  # validation is not training time

    if held_out:
        note(**validate(fabric, recipe, average, targets, held_out))
    save(LAST)
    log.close()
    return out / LAST


def build(recipe: Recipe, *, bins: int) -> Flagship:
    """The recipe's network with its starting weights."""
    if recipe.network not in NETWORKS:
        raise BadConfig("network", f"{recipe.network!r} is not one of {', '.join(NETWORKS)}")
    network = Flagship(bins=bins, dim=recipe.dim, blocks=recipe.blocks, widths=recipe.widths)
    if recipe.encoder_weights:
        load_lite2(network.encoder, Path(recipe.encoder_weights))
    return network


def rate_at(progress: float, step: int, warmup: int) -> float:
    """Share of the peak rate: a linear rise over `warmup` steps, then half a cosine down to 1 %."""
    return min(1.0, (step + 1) / max(warmup, 1)) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


@torch.no_grad()
def validate(
    fabric: Fabric, recipe: Recipe, average: checkpoint.Average, targets: AbTargets, pictures: list[NDArray[np.uint8]]
) -> dict[str, float]:
    """Loss of the averaged weights without help, and PSNR of their mean colour over that of grey."""
    network = build(recipe, bins=len(targets.centers)).to(fabric.device, memory_format=torch.channels_last)
    network.load_state_dict(average.values)
    network.eval()
    losses, gains = [], []
    for picture in pictures:
        rgb = torch.from_numpy(picture)[None].to(fabric.device)
        batch = automatic(rgb, targets)
        with fabric.autocast():
            logits = network(batch.lightness, batch.hints, batch.wishes)
        losses.append(float(flagship_loss(lambda *_, logits=logits: logits, batch)))  # type: ignore[arg-type]
        truth = rgb.permute(0, 3, 1, 2).float() / 255
        lightness = srgb_to_lab(truth)[:, :1]
        ab = targets.mean(logits, 0.7)
        ab = nn.functional.interpolate(ab, size=truth.shape[2:], mode="bicubic", align_corners=False)
        error = [
            float(((lab_to_srgb(torch.cat([lightness, chroma], 1)).clamp(0, 1) - truth) ** 2).mean())
            for chroma in (ab, torch.zeros_like(ab))
        ]
        gains.append(10 * math.log10((error[1] + 1e-8) / (error[0] + 1e-8)))
    return {"validation_loss": round(float(np.mean(losses)), 4), "gain_over_grey_db": round(float(np.mean(gains)), 3)}


@torch.no_grad()
def measure_prior(prior: Tensor, targets: AbTargets, batches: Batches, *, count: int = 30) -> None:
    """Count the bins of a few batches, so that the head starts from how common colours are."""
    for step in range(count):
        rgb = torch.from_numpy(batches(2**31 + step)).to(prior.device)
        batch = automatic(rgb, targets)
        _count(prior, batch.index, batch.weight)


def _count(prior: Tensor, index: Tensor, weight: Tensor) -> None:
    prior.scatter_add_(0, index.flatten(), weight.flatten())


def _batching(recipe: Recipe, stage: Stage) -> dict[str, Any]:
    return {"batch": stage.batch, "sizes": stage.sizes, "weights": stage.weights, "seed": recipe.seed}


def _optimizer(network: Flagship, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; the pretrained encoder learns more slowly, vectors (norms, biases) do not decay."""
    groups = []
    for part, peak in ((network.encoder, recipe.encoder_rate), (network.decoder, recipe.rate)):
        for decays in (True, False):
            chosen = [p for p in part.parameters() if (p.ndim > 1) == decays]
            decay = recipe.weight_decay if decays else 0.0
            groups.append({"params": chosen, "peak": peak, "lr": peak, "weight_decay": decay})
    return torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True)
