"""The one loop: `train` sets it up, `_loop` is it, `_step` is one step. Read them to know what happens."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor

from photochrom.datasets.batches import Batches, Pictures
from photochrom.datasets.damage import Damage, once, unheard
from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import BadConfig, TrainingError
from photochrom.networks.batch import Prediction
from photochrom.training.config import ADVERSARIAL, Recipe, Stage
from photochrom.training.files import BEST, LAST
from photochrom.training.interruption import Interruption
from photochrom.training.journal import Note, journal
from photochrom.training.objectives import needed, sample, smaller_look
from photochrom.training.rates import Meter, loader_rate
from photochrom.training.run import Run, batching, begin, take_up
from photochrom.training.samples import ROWS, add_column
from photochrom.training.turns import critics_turn, generators_turn
from photochrom.training.validation import held_out, judge

# Others scale the loss, and the gradient's norm with it.
Precision = Literal["bf16-mixed", "32-true"]


@dataclass(frozen=True)
class Budget:
    """How long to train and how often to stop for breath."""

    minutes: float = math.inf
    """Minutes of training, those before a resume included."""
    steps: int = 2**62
    """Steps in all."""
    epochs: float = math.inf
    """Epochs in all: as many pictures shown as there are."""
    save_every: float = 5.0
    """Minutes between checkpoints; 0: every step."""
    validate_every: float = 15.0
    """Minutes between validations, which do not count as training; 0: every step."""
    looks: int = 1
    """Validations that a run has at least, evenly spread over it."""
    log_every: int = 50
    """Steps between lines of the log."""
    log_seconds: float = 30.0
    """Seconds after which a line is due whatever the steps."""

    def __post_init__(self) -> None:
        if math.isinf(self.minutes) and math.isinf(self.epochs) and self.steps >= 2**62:
            raise BadConfig("budget", "give epochs, minutes or steps")
        for name in ("minutes", "steps", "epochs", "looks", "log_every", "log_seconds"):
            if not getattr(self, name) > 0:
                raise BadConfig(name, f"must be above 0, not {getattr(self, name)}")
        for name in ("save_every", "validate_every"):
            if not getattr(self, name) >= 0:
                raise BadConfig(name, f"must be 0 or more, not {getattr(self, name)}")

    def progress(self, step: int, seconds: float, epochs: float = 0.0) -> float:
        """0…1: whichever of steps, minutes and epochs is furthest on."""
        return min(1.0, max(step / self.steps, seconds / 60 / self.minutes, epochs / self.epochs))

    def of(self, run: Run) -> float:
        """The progress of a run."""
        return self.progress(run.step, run.seconds, run.epochs)


@dataclass(frozen=True)
class Machine:
    """What to train on."""

    device: str = "auto"
    """auto, cpu, cuda or mps."""
    precision: Precision = "bf16-mixed"
    """How numbers are held."""
    devices: int = 1
    """Processes on this computer, a device each; each has the recipe's batch."""
    nodes: int = 1
    """Computers."""


def train(
    recipe: Recipe,
    pictures: Sequence[EncodedPicture],
    out: Path,
    *,
    budget: Budget,
    validation: Sequence[EncodedPicture] = (),
    machine: Machine = Machine(),
    resume: bool = False,
    measure_loader: bool = False,
    report: Callable[[dict[str, Any]], None] | None = None,
    damaged: Callable[[Damage], None] = unheard,
) -> Path:
    """Train until the budget is spent; returns the checkpoint to export: the best, else the last.

    `out` receives the checkpoints last and best (lowest validation loss), log.jsonl, whose lines
    `report` gets too, events for TensorBoard, curves.png and samples.png. With `resume` the run goes on
    from the last checkpoint as if it had not stopped. Ctrl-C saves it, then raises KeyboardInterrupt.
    `damaged` is told once of each picture that cannot be decoded, by whichever thread finds it.
    With several processes, each runs this function and the first one writes. Raises BadConfig,
    NoPictures, Diverged and, for a folder that holds a run or none, a full disk or too large a batch,
    TrainingError.
    """
    fabric = _connected(machine)
    start = take_up if resume else begin
    run = start(recipe, pictures, out, fabric=fabric, mixed=machine.precision == "bf16-mixed")
    damaged = once(damaged)
    judged = held_out(run, validation, damaged=damaged)
    # Without any, pictures of the training set stand in the sample grid.
    looked_at = judged or held_out(run, pictures, most=ROWS)
    with (
        _feed(run, pictures, budget, damaged) as feed,
        journal(run, lambda: budget.of(run), report) as note,
        Interruption() as stop,
    ):
        if measure_loader:
            batches = _batches(run, pictures, recipe.stages[0], damaged)
            note(loader_pictures_per_second=round(loader_rate(batches), 1))

        def look() -> None:
            _look(run, looked_at, note, counts=bool(judged))

        _loop(run, budget, feed, look, note, stop)
    return out / (BEST if judged else LAST)


def _loop(
    run: Run,
    budget: Budget,
    feed: Iterator[Pictures],
    look: Callable[[], None],
    note: Note,
    stop: Interruption,
) -> None:
    """Step after step until the budget is spent, with pauses to look, to save and to write a line."""
    saved = validated = run.seconds
    looked, stopping = budget.of(run), False
    meter = Meter(run.fabric, run.seconds)
    clock = time.monotonic()
    while (progress := budget.of(run)) < 1:
        stage = run.recipe.stage_at(progress)
        _set_rates(run, stage, progress)

        due = run.seconds - validated >= budget.validate_every * 60
        if run.step and (due or int(progress * budget.looks) > int(looked * budget.looks)):
            look()
            validated, looked = run.seconds, progress
            clock = time.monotonic()  # validation is not training time
        if stopping or run.seconds - saved >= budget.save_every * 60:
            run.save(LAST)
            saved = run.seconds
            stop.heed()
        line_due = run.seconds - meter.since >= budget.log_seconds

        with meter.waiting():
            shown = next(feed)
        with _out_of_memory_explained(shown):
            terms = _step(run, shown, stage)
        count = len(shown.rgb) * run.fabric.world_size
        run.step, run.shown = run.step + 1, run.shown + count
        if run.average is not None:
            run.average.update(run.system, run.step)

        meter.add(terms, count)
        now = time.monotonic()
        run.seconds, clock = run.seconds + now - clock, now
        if line_due or run.step % budget.log_every == 0:
            note(**meter.read(run.seconds))
        stopping = _agreed(run, stop)

    look()
    run.save(LAST)


def _step(run: Run, shown: Pictures, stage: Stage) -> dict[str, Tensor]:
    """One batch: the critic's turn, where there is one, and the generator's. Losses by name.

    Everything is drawn from (seed, step, process) alone, dropout too, so that a run that is taken up
    again needs no generator's state.
    """
    seed = run.recipe.seed * 1_000_003 + run.step + (run.fabric.global_rank << 40)
    torch.manual_seed(seed)
    generator = torch.Generator(run.device).manual_seed(seed)
    rgb, label = (torch.from_numpy(part).to(run.device, non_blocking=True) for part in shown)
    batch = sample(rgb, label, run.system, run.recipe.sampling_of(stage), generator)

    losses = run.recipe.losses_of(stage)
    if "smaller" in needed(losses):
        batch = batch._replace(smaller=smaller_look(batch.lightness, run.system, generator))
    plays = ADVERSARIAL in losses
    learns = not plays or (run.step + 1) % run.recipe.critic_turns == 0
    with torch.set_grad_enabled(learns):
        answer: Prediction = run.generator.called(batch, needed(losses))
    # A system may be taught by bins and give ab all the same: then nobody asks for their prior.
    if len(run.prior) and answer.bins is not None and answer.shares is not None:
        run.count(answer.bins, answer.shares)

    terms = critics_turn(run, answer, generator) if plays else {}
    if learns:
        terms |= generators_turn(run, answer, batch, losses)
    return terms


def rate_at(progress: float, step: int, warmup: int, *, schedule: str = "cosine") -> float:
    """Share of the peak rate: a linear rise over `warmup` steps, then half a cosine down to 1 %, or level."""
    fallen = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)) if schedule == "cosine" else 1.0
    return min(1.0, (step + 1) / max(warmup, 1)) * fallen


def _set_rates(run: Run, stage: Stage, progress: float) -> None:
    """The learning rates of this step; a stage's own rate moves all groups by as much."""
    share = rate_at(progress, run.step, run.recipe.warmup, schedule=run.recipe.schedule)
    if stage.rate is not None:
        share *= stage.rate / run.recipe.rate
    for player in (run.generator, run.critic):
        for group in [] if player is None else player.optimizer.param_groups:
            group["lr"] = group["peak"] * share


def _connected(machine: Machine) -> Fabric:
    if machine.precision not in ("bf16-mixed", "32-true"):
        raise BadConfig("precision", f"{machine.precision!r} is not one of bf16-mixed, 32-true")
    together = machine.devices * machine.nodes > 1
    # A step's losses may leave a part of the network alone, as a stage without its second head does.
    strategy = DDPStrategy(find_unused_parameters=True) if together else "auto"
    try:
        fabric = Fabric(
            accelerator=machine.device, devices=machine.devices, num_nodes=machine.nodes, strategy=strategy
        )
        fabric.launch()
    except Exception as error:  # Lightning's own classes share no base but this
        raise BadConfig("device", f"{machine.device!r} cannot be used: {error}") from error
    return fabric


def _batches(
    run: Run,
    pictures: Sequence[EncodedPicture],
    stage: Stage,
    damaged: Callable[[Damage], None] = unheard,
) -> Batches:
    part = (run.fabric.global_rank, run.fabric.world_size)
    return Batches(pictures, **batching(run.recipe, stage), classes=run.classes, part=part, damaged=damaged)


def _feed(
    run: Run, pictures: Sequence[EncodedPicture], budget: Budget, damaged: Callable[[Damage], None]
) -> contextlib.closing[Generator[Pictures]]:
    """The batch of the run's step, each time one is asked for."""

    def stages() -> Generator[Pictures]:
        while True:
            stage = run.recipe.stage_at(budget.of(run))
            with contextlib.closing(_batches(run, pictures, stage, damaged).ahead(run.step)) as ahead:
                for shown in ahead:
                    yield shown
                    if run.recipe.stage_at(budget.of(run)) is not stage:
                        break

    return contextlib.closing(stages())


def _look(run: Run, pictures: Sequence[Pictures], note: Note, *, counts: bool) -> None:
    """See what the judged weights make of the pictures; if it counts, the best weights are saved."""
    loss = math.inf
    if run.fabric.is_global_zero and pictures:
        found = judge(run, pictures)
        add_column(run.out, run.step, [one.rgb[0] for one in pictures], found.colored)
        if counts:
            loss = found.figures["validation_loss"]
            note(**found.figures)
    loss = run.fabric.broadcast(loss)
    if loss < run.best:
        run.best = loss
        run.save(BEST)


def _agreed(run: Run, stop: Interruption) -> bool:
    """Whether to stop. Processes that train together go by what the first one's clock and user say.

    What one alone decided would leave the others waiting for it in the middle of a step.
    """
    if run.fabric.world_size == 1:
        return stop.asked
    run.seconds, stopping = run.fabric.broadcast((run.seconds, stop.asked))
    # Ctrl-C may have come while the others were waited for; it is not to be forgotten.
    stop.asked = stop.asked or stopping
    return bool(stopping)


@contextlib.contextmanager
def _out_of_memory_explained(shown: Pictures) -> Iterator[None]:
    """Turns a graphics card's lack of memory into a TrainingError that says what to try."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        count, height, width, _ = shown.rgb.shape
        cure = f"try batch = {count // 2}" if count > 1 else "try smaller sizes"
        raise TrainingError(
            "batch", f"{count} pictures of {height}×{width} do not fit into the device's memory; {cure}"
        ) from error
