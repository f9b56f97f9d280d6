"""Recipes: frozen dataclasses in, TOML overrides on top. A field's docstring is its help text."""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from photochrom.errors import BadConfig


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stretch of a run with its own picture sizes and mix of sources."""

    share: float = 1.0
    """Share of the whole run, by progress."""
    sizes: tuple[tuple[int, int], ...] = ((128, 128), (96, 160), (160, 96))
    """Heights and widths, multiples of 32; one is drawn a batch."""
    batch: int = 32
    """Pictures a step."""
    weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Source → share of the draws. Empty: every picture is as likely."""

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
            if height % 32 or width % 32 or height < 32 or width < 32:
                raise BadConfig("sizes", f"{height}×{width}: sides must be multiples of 32")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, apart from the pictures and the machine."""

    network: str = "flagship"
    """Which network, by its name in NETWORKS."""
    dim: int = 256
    """Channels of the tokens."""
    blocks: int = 3
    """Transformer blocks."""
    widths: tuple[int, int] = (128, 96)
    """Channels of the decoder at strides 8 and 4."""
    encoder_weights: str = ""
    """A .pth or .safetensors file with EfficientNet-Lite2's ImageNet weights; empty: random."""
    stages: tuple[Stage, ...] = (Stage(),)
    """What is shown when, in order."""
    rate: float = 1.5e-3
    """Peak learning rate of the decoder."""
    encoder_rate: float = 4e-4
    """Peak learning rate of the encoder."""
    warmup: int = 300
    """Steps over which the rate rises."""
    weight_decay: float = 0.02
    """Decoupled weight decay of matrices and kernels; biases and norms have none."""
    clip: float = 1.0
    """Largest norm of the whole gradient."""
    ema: float = 0.999
    """Decay of the average of the weights, which is what is exported."""
    damaged: float = 0.5
    """Share of the pictures whose lightness is damaged."""
    film: float = 0.25
    """Share of the pictures seen through a film's own colour sensitivity."""
    hinted: float = 0.4
    """Share of the pictures that come with hints."""
    wished: float = 0.15
    """Share of the pictures that come with a palette, and as many with a wished colourfulness."""
    seed: int = 0
    """Seed of weights, batches and damage."""

    def __post_init__(self) -> None:
        for name in ("rate", "encoder_rate", "weight_decay"):
            if not 0 <= getattr(self, name) < math.inf:
                raise BadConfig(name, f"must be 0 or more, not {getattr(self, name)}")
        if not self.clip > 0:
            raise BadConfig("clip", f"must be above 0, not {self.clip}")
        for name in ("warmup", "blocks", "seed"):
            if getattr(self, name) < 0:
                raise BadConfig(name, f"must be 0 or more, not {getattr(self, name)}")
        for width in self.widths:
            if width < 8 or width % 8:
                raise BadConfig("widths", f"must be multiples of 8, not {width}")
        total = sum(stage.share for stage in self.stages)
        if abs(total - 1) > 1e-6:
            raise BadConfig("stages", f"shares must sum to 1, not {total:g}")
        for name in ("damaged", "film", "hinted", "wished"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadConfig(name, f"must lie in 0…1, not {getattr(self, name)}")
        if not 0 <= self.ema < 1:
            raise BadConfig("ema", f"must be at least 0 and below 1, not {self.ema}")
        if self.dim < 32 or self.dim % 32:
            raise BadConfig("dim", f"must be a multiple of 32, not {self.dim}")

    def stage_at(self, progress: float) -> Stage:
        """The stage at `progress`, 0…1 of the run."""
        end = 0.0
        for stage in self.stages:
            end += stage.share
            if progress < end:
                return stage
        return self.stages[-1]


def load_recipe(file: Path | None = None, *, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe from a TOML file, then from `key=value` words; values are TOML, or plain text.

    Raises BadConfig naming the file, the key and, where there is one, the nearest key.
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
        key, equals, text = word.partition("=")
        if not equals:
            raise BadConfig(word, "expected key=value")
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[key] = text
    return from_values(Recipe, values)


def to_values(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values, fit for JSON and for `from_values`."""
    return dataclasses.asdict(recipe)


T = TypeVar("T")


def from_values(kind: type[T], values: Mapping[str, Any]) -> T:
    """Build a dataclass from plain values: lists become tuples, tables nested dataclasses."""
    types = typing.get_type_hints(kind)
    for key in values:
        if key not in types:
            near = difflib.get_close_matches(key, types, n=1)
            raise BadConfig(key, "unknown setting" + (f"; did you mean {near[0]}?" if near else ""))
    return kind(**{key: _converted(key, types[key], value) for key, value in values.items()})


def _converted(key: str, wanted: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(wanted) and isinstance(value, Mapping):
        return from_values(typing.cast(type[Any], wanted), value)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is tuple and isinstance(value, list | tuple):
        inner = arguments[:1] * len(value) if arguments[-1] is ... else arguments
        if len(inner) != len(value):
            raise BadConfig(key, f"expected {len(inner)} values, not {len(value)}")
        return tuple(_converted(key, kind, part) for kind, part in zip(inner, value, strict=True))
    if origin is Mapping and isinstance(value, Mapping):
        return {str(name): _converted(key, arguments[1], part) for name, part in value.items()}
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted in (int, float, str) and type(value) is wanted:
        return value
    raise BadConfig(key, f"{value!r} is not of the kind this setting takes")
