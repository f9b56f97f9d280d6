"""The one loop. Read it top to bottom to know what happens in a run."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.datasets.batches import Batches
from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import BadConfig, Diverged, TrainingError
from photochrom.training.config import Recipe
from photochrom.training.files import BEST, LAST, LOG
from photochrom.training.interruption import Interruption
from photochrom.training.objectives import Sample, flagship_loss, sample
from photochrom.training.run import Run, batching, begin, take_up
from photochrom.training.validation import held_out, validate

# Others scale the loss, and the gradient's norm with it.
Precision = Literal["bf16-mixed", "32-true"]


@dataclass(frozen=True)
class Budget:
    """How long to train and how often to stop for breath."""

    minutes: float = math.inf
    """Minutes of training, those before a resume included."""
    steps: int = 2**62
    """Steps in all."""
    save_every: float = 5.0
    """Minutes between checkpoints; 0: every step."""
    validate_every: float = 15.0
    """Minutes between validations, which do not count as training; 0: every step."""
    log_every: int = 50
    """Steps between lines of the log."""

    def __post_init__(self) -> None:
        if math.isinf(self.minutes) and self.steps >= 2**62:
            raise BadConfig("budget", "give minutes or steps")
        for name in ("minutes", "steps", "log_every"):
            if not getattr(self, name) > 0:
                raise BadConfig(name, f"must be above 0, not {getattr(self, name)}")
        for name in ("save_every", "validate_every"):
            if not getattr(self, name) >= 0:
                raise BadConfig(name, f"must be 0 or more, not {getattr(self, name)}")

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
    precision: Precision = "bf16-mixed",
    resume: bool = False,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> Path:
    """Train until the budget is spent; returns the checkpoint to export: the best, else the last.

    `out` receives last.ckpt, best.ckpt (lowest validation loss) and log.jsonl, whose lines `report`
    gets too. With `resume` the run goes on from last.ckpt as if it had not stopped. Ctrl-C saves
    last.ckpt, then raises KeyboardInterrupt. Raises BadConfig, NoPictures, Diverged and, for a folder
    that holds a run or none, a full disk or too large a batch, TrainingError.
    """
    fabric = _connected(device, precision)
    run = take_up(recipe, out, fabric=fabric) if resume else begin(recipe, pictures, out, fabric=fabric)
    judged = held_out(validation)
    saved = validated = run.seconds
    meter = _Meter(run.seconds)
    with _feed(run, pictures, budget) as feed, _log(run, budget, report) as note, Interruption() as stop:
        clock = time.monotonic()
        while (progress := budget.progress(run.step, run.seconds)) < 1:
            for group in run.optimizer.param_groups:
                group["lr"] = group["peak"] * rate_at(progress, run.step, recipe.warmup)

            if judged and run.step and run.seconds - validated >= budget.validate_every * 60:
                note(**_judge(run, judged))
                validated, clock = run.seconds, time.monotonic()  # validation is not training time
            if stop.asked or run.seconds - saved >= budget.save_every * 60:
                run.save(LAST)
                saved = run.seconds
                stop.heed()

            rgb = next(feed)
            with _out_of_memory_explained(rgb):
                batch = _drawn(run, rgb)
                loss = flagship_loss(run.network, batch)
                run.optimizer.zero_grad()
                run.fabric.backward(loss)
                norm = nn.utils.clip_grad_norm_(run.plain.parameters(), recipe.clip)
                _refuse_divergence(run, norm)
                run.optimizer.step()
                run.step += 1
                run.average.update(run.plain, run.step)

            meter.add(loss, len(rgb))
            now = time.monotonic()
            run.seconds, clock = run.seconds + now - clock, now
            if run.step % budget.log_every == 0:
                note(**meter.read(run.seconds))

        if judged:
            note(**_judge(run, judged))
        run.save(LAST)
    return out / (BEST if judged else LAST)


class _Meter:
    """Mean loss and pictures a second since the line of the log before."""

    def __init__(self, seconds: float) -> None:
        self._start(seconds)

    def _start(self, seconds: float) -> None:
        self._losses: list[Tensor] = []
        self._pictures = 0
        self._since = seconds

    def add(self, loss: Tensor, pictures: int) -> None:
        """One step. The loss stays on its device until it is read."""
        self._losses.append(loss.detach())
        self._pictures += pictures

    def read(self, seconds: float) -> dict[str, float]:
        """The figures of a line; counting starts anew."""
        loss = float(torch.stack(self._losses).mean())
        rate = self._pictures / max(seconds - self._since, 1e-9)
        self._start(seconds)
        return {"loss": round(loss, 4), "pictures_per_second": round(rate, 1)}


def rate_at(progress: float, step: int, warmup: int) -> float:
    """Share of the peak rate: a linear rise over `warmup` steps, then half a cosine down to 1 %."""
    return min(1.0, (step + 1) / max(warmup, 1)) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def _connected(device: str, precision: Precision) -> Fabric:
    if precision not in ("bf16-mixed", "32-true"):
        raise BadConfig("precision", f"{precision!r} is not one of bf16-mixed, 32-true")
    try:
        return Fabric(accelerator=device, devices=1, precision=precision)
    except Exception as error:  # Lightning's own classes share no base but this
        raise BadConfig("device", f"{device!r} cannot be used: {error}") from error


def _feed(
    run: Run, pictures: Sequence[EncodedPicture], budget: Budget
) -> contextlib.closing[Generator[Tensor]]:
    """The batch of the run's step, (N, H, W, 3) bytes on its device, each time one is asked for."""

    def stages() -> Generator[Tensor]:
        while True:
            stage = run.recipe.stage_at(budget.progress(run.step, run.seconds))
            with contextlib.closing(
                Batches(pictures, **batching(run.recipe, stage)).ahead(run.step)
            ) as ahead:
                for rgb in ahead:
                    yield torch.from_numpy(rgb).to(run.device, non_blocking=True)
                    if run.recipe.stage_at(budget.progress(run.step, run.seconds)) is not stage:
                        break

    return contextlib.closing(stages())


def _drawn(run: Run, rgb: Tensor) -> Sample:
    """What the step shows and asks, counted into the prior.

    Drawn from (seed, step) alone, so that a resumed run needs no generator's state.
    """
    generator = torch.Generator(run.device).manual_seed(run.recipe.seed * 1_000_003 + run.step)
    batch = sample(rgb, run.targets, run.recipe, generator)
    run.count(batch.index, batch.weight)
    return batch


@contextlib.contextmanager
def _log(
    run: Run, budget: Budget, report: Callable[[dict[str, Any]], None] | None
) -> Iterator[Callable[..., None]]:
    """A function that writes a line of figures to the log and reports it."""
    with (run.out / LOG).open("a", encoding="utf8") as log:

        def note(**line: float) -> None:
            log.write(json.dumps({"step": run.step, "minutes": round(run.seconds / 60, 2), **line}) + "\n")
            log.flush()
            if report is not None:
                report({"step": run.step, "progress": budget.progress(run.step, run.seconds), **line})

        yield note


def _judge(run: Run, judged: Sequence[Any]) -> dict[str, float]:
    """Figures of the averaged weights; saved as the best if they are."""
    figures = validate(run, judged)
    if figures["validation_loss"] < run.best:
        run.best = figures["validation_loss"]
        run.save(BEST)
    return figures


def _refuse_divergence(run: Run, norm: Tensor) -> None:
    """A step whose gradient is no number is never taken: weights stay those of the last good one."""
    if not bool(torch.isfinite(norm)):
        last = run.out / LAST
        good = f"last good checkpoint: {last}" if last.exists() else "no checkpoint was written yet"
        raise Diverged(run.out, f"the loss is no number at step {run.step}; {good}")


@contextlib.contextmanager
def _out_of_memory_explained(rgb: Tensor) -> Iterator[None]:
    """Turns a graphics card's lack of memory into a TrainingError that says what to try."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        count, height, width, _ = rgb.shape
        cure = f"try batch = {count // 2}" if count > 1 else "try smaller sizes"
        raise TrainingError(
            "batch", f"{count} pictures of {height}×{width} do not fit into the device's memory; {cure}"
        ) from error
