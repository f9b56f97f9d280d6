"""Recipes: frozen dataclasses in, TOML overrides on top. A field's docstring is its help text."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from photochrom.datasets.batches import FRAMINGS
from photochrom.errors import BadConfig
from photochrom.networks import NETWORKS
from photochrom.networks.adversarial import GAMES, PENALTIES
from photochrom.networks.critics import CRITICS
from photochrom.networks.losses import LOSSES
from photochrom.training.values import from_values, one_of, options_for

# The one loss that is no function of a prediction alone.
ADVERSARIAL = "adversarial"
OPTIMIZERS = ("adam", "adamw", "adadelta", "rmsprop")
SCHEDULES = ("constant", "cosine")
INITS = ("default", "normal")
# In an installed package, and in a checkout.
CONFIGS = (Path(__file__).parents[1] / "configs", Path(__file__).parents[3] / "configs")


def _check_losses(losses: Mapping[str, float]) -> None:
    for name, weight in losses.items():
        one_of("losses", name, (*LOSSES, ADVERSARIAL))
        if not 0 <= weight < math.inf:
            raise BadConfig("losses", f"{name}: must be 0 or more, not {weight}")


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stretch of a run with its own picture sizes, mix of sources and, if it says so, losses."""

    share: float = 1.0
    """Share of the whole run, by progress."""
    sizes: tuple[tuple[int, int], ...] = ((128, 128),)
    """Heights and widths, multiples of 8 and of what the network asks for; one is drawn a batch."""
    batch: int = 16
    """Pictures a step and a process."""
    weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Source → share of the draws. Empty: every picture comes once an epoch."""
    losses: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Losses of this stage alone, in place of the recipe's. Empty: the recipe's."""
    rate: float | None = None
    """Learning rate of this stage. Left out: the recipe's."""
    hinted: float | None = None
    """Share of the pictures with hints in this stage. Left out: that of `sampling`."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise BadConfig("share", f"must lie in 0…1, not {self.share}")
        if self.batch < 1:
            raise BadConfig("batch", f"must be at least 1, not {self.batch}")
        if not self.sizes:
            raise BadConfig("sizes", "name at least one")
        for source, weight in self.weights.items():
            if not 0 <= weight < math.inf:
                raise BadConfig("weights", f"{source}: must be 0 or more, not {weight}")
        for height, width in self.sizes:
            # Damage works on blocks of 8 pixels.
            if height % 8 or width % 8 or height < 8 or width < 8:
                raise BadConfig("sizes", f"{height}×{width}: sides must be multiples of 8")
        _check_losses(self.losses)
        if self.rate is not None and not 0 <= self.rate < math.inf:
            raise BadConfig("rate", f"must be 0 or more, not {self.rate}")
        if self.hinted is not None and not 0 <= self.hinted <= 1:
            raise BadConfig("hinted", f"must lie in 0…1, not {self.hinted}")


@dataclasses.dataclass(frozen=True)
class Sampling:
    """What becomes of a picture before the network sees it; the share of the pictures for each."""

    framing: str = "crop"
    """crop: a part of 40 to 100 % of its area; squash: the whole, its aspect not kept."""
    damaged: float = 0.0
    """Lightness damaged as by time, cameras and printers."""
    film: float = 0.0
    """Seen through a film's own colour sensitivity."""
    hinted: float = 0.0
    """With hints, for networks that take them."""
    wished: float = 0.0
    """With a palette, and as many with a wished colourfulness, for networks that take them."""
    clicked: float = 0.0
    """With clicks that are led over the answer and not told to the network, for the loss "clicked"."""

    def __post_init__(self) -> None:
        one_of("framing", self.framing, FRAMINGS)
        for name in ("damaged", "film", "hinted", "wished", "clicked"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadConfig(name, f"must lie in 0…1, not {getattr(self, name)}")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, apart from the pictures and the machine."""

    network: str
    """Which network, by its name in NETWORKS."""
    losses: Mapping[str, float]
    """Loss → weight. "adversarial", whatever its weight, brings in the critic, who then learns too.
    The sum of all others is what validation measures."""
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the network's constructor is told, such as filters = 32."""
    backbone: str = ""
    """A .pth or .safetensors file for the pretrained part of the network; empty: random weights."""
    start: str = ""
    """A checkpoint or a model's card whose weights training goes on from; steps count from 0 again."""
    frozen: tuple[str, ...] = ()
    """Parts of the network that do not learn, such as encoder.stem: early layers of a `start` change little,
    and leaving them out of the backward pass saves a fifth of a step."""
    features: str = ""
    """A .pth or .safetensors file with VGG16's or EfficientNet-Lite2's ImageNet weights, for the losses
    "perceptual" and "perceptual_cosine"."""
    adversarial: str = "vanilla"
    """Which game is played, by its name in GAMES."""
    critic: str = "patchgan"
    """Who plays it, by its name in CRITICS."""
    critic_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the critic's constructor is told."""
    critic_turns: int = 1
    """Turns of the critic for each of the generator's; each is a step with a batch of its own."""
    penalties: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Penalty on the critic's gradient → weight, by its name in PENALTIES."""
    init: str = "default"
    """Starting weights: default, the network's own; normal, N(0, 0.02) as pix2pix's."""
    critic_init: str | None = None
    """Starting weights of the critic. Left out: as `init`."""
    optimizer: str = "adam"
    """adam, adamw, adadelta or rmsprop, of generator and critic."""
    rate: float = 2e-4
    """Peak learning rate."""
    encoder_rate: float | None = None
    """Peak learning rate of the pretrained part. Left out: as `rate`."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay of the mean gradient and of its square, for adam and adamw."""
    weight_decay: float = 0.0
    """Weight decay of matrices and kernels, decoupled for adamw; biases and norms have none."""
    schedule: str = "constant"
    """How the rate falls: constant, not at all; cosine, to 1 % at the end."""
    warmup: int = 0
    """Steps over which the rate rises."""
    clip: float = 0.0
    """Largest norm of a network's whole gradient; 0: any."""
    ema: float = 0.0
    """Decay of the average of the weights, which is what is judged and exported; 0: the weights."""
    stages: tuple[Stage, ...] = (Stage(),)
    """What is shown when, in order."""
    sampling: Sampling = Sampling()
    """What becomes of a picture before the network sees it."""
    detail: int = 256
    """Side of the squares that validation judges, and the short side at which the exported model looks."""
    seed: int = 0
    """Seed of weights, batches and damage."""

    def __post_init__(self) -> None:
        _check_tables(self)
        for name in ("rate", "encoder_rate", "weight_decay", "clip"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise BadConfig(name, f"must be 0 or more, not {value}")
        for name in ("warmup", "seed"):
            if getattr(self, name) < 0:
                raise BadConfig(name, f"must be 0 or more, not {getattr(self, name)}")
        if self.detail < 16:
            raise BadConfig("detail", f"must be at least 16, not {self.detail}")
        if self.critic_turns < 1:
            raise BadConfig("critic_turns", f"must be at least 1, not {self.critic_turns}")
        total = sum(stage.share for stage in self.stages)
        if abs(total - 1) > 1e-6:
            raise BadConfig("stages", f"shares must sum to 1, not {total:g}")
        for name, value in (("ema", self.ema), *(("betas", beta) for beta in self.betas)):
            if not 0 <= value < 1:
                raise BadConfig(name, f"must be at least 0 and below 1, not {value}")

    @property
    def plays(self) -> bool:
        """Whether there is a critic."""
        return any(ADVERSARIAL in self.losses_of(stage) for stage in self.stages)

    def losses_of(self, stage: Stage) -> Mapping[str, float]:
        """Loss → weight in that stage."""
        return stage.losses or self.losses

    def sampling_of(self, stage: Stage) -> Sampling:
        """What becomes of a picture in that stage."""
        if stage.hinted is None:
            return self.sampling
        return dataclasses.replace(self.sampling, hinted=stage.hinted)

    def stage_at(self, progress: float) -> Stage:
        """The stage at `progress`, 0…1 of the run."""
        end = 0.0
        for stage in self.stages:
            end += stage.share
            if progress < end:
                return stage
        return self.stages[-1]


def _check_tables(recipe: Recipe) -> None:
    """Every name that a recipe gives is a row of its table, and every weight is a weight."""
    one_of("network", recipe.network, NETWORKS)
    one_of("adversarial", recipe.adversarial, GAMES)
    one_of("critic", recipe.critic, CRITICS)
    one_of("optimizer", recipe.optimizer, OPTIMIZERS)
    one_of("schedule", recipe.schedule, SCHEDULES)
    one_of("init", recipe.init, INITS)
    if recipe.critic_init is not None:
        one_of("critic_init", recipe.critic_init, INITS)
    _check_losses(recipe.losses)
    if not recipe.losses.keys() - {ADVERSARIAL}:
        raise BadConfig("losses", "name at least one that validation can measure")
    for name, weight in recipe.penalties.items():
        one_of("penalties", name, PENALTIES)
        if not 0 <= weight < math.inf:
            raise BadConfig("penalties", f"{name}: must be 0 or more, not {weight}")
    options_for(NETWORKS[recipe.network].build, recipe.options)
    options_for(CRITICS[recipe.critic].build, recipe.critic_options)


def load_recipe(file: Path | None = None, *, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe from a TOML file, then from `key=value` words; values are TOML, or plain text.

    A key with points reaches into a table: `options.filters=32`. Raises BadConfig naming the file, the
    key and, where there is one, the nearest key.
    """
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text("utf8"))
            from_values(Recipe, values)
        except OSError as error:
            raise BadConfig(file, error.strerror or str(error)) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, BadConfig) as error:
            raise BadConfig(file, str(error)) from error
    for word in overrides:
        _override(values, word)
    return from_values(Recipe, values)


def _override(values: dict[str, Any], word: str) -> None:
    key, equals, text = word.partition("=")
    if not equals:
        raise BadConfig(word, "expected key=value")
    *tables, last = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise BadConfig(key, f"{table} is no table that this could reach into")
    try:
        values[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        values[last] = text


def recipe_file(name: str) -> Path:
    """The file of a recipe that comes with Photochrom. Raises BadConfig naming the nearest."""
    for folder in CONFIGS:
        if folder.is_dir():
            one_of("recipe", name, [f.stem for f in sorted(folder.glob("*.toml")) if "." not in f.stem])
            return folder / f"{name}.toml"
    raise BadConfig("recipe", "the recipes that come with Photochrom are missing; name a file by --recipe")


def to_values(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values, fit for JSON and for `from_values`."""
    return dataclasses.asdict(recipe)
