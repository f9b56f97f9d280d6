"""What a run goes on from: a checkpoint's weights, or those of an exported model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from photochrom.errors import TrainingError
from photochrom.inference.card import ModelCard
from photochrom.networks.batch import System
from photochrom.networks.flagship import Flagship
from photochrom.training import checkpoint, exported

Fill = Callable[[System, Iterable[Tensor]], None]


@dataclass(frozen=True)
class Start:
    """Weights that are not in a network yet."""

    network: str
    """Name of the network that they are for."""
    options: dict[str, Any]
    """What its constructor was told."""
    centers: Tensor
    """(K, 2) of its bins."""
    fill: Fill
    """Puts them into such a network. It may ask for looks, batches of lightness (N, 1, H, W), to measure
    statistics on. Raises TrainingError."""


def start_from(file: Path) -> Start:
    """A model by its card, NAME.json, or a checkpoint. Raises TrainingError, BadModel, ModelNotFound."""
    return _of_model(file) if file.suffix == ".json" else _of_checkpoint(file)


def _of_checkpoint(file: Path) -> Start:
    state = checkpoint.load(file)

    def fill(system: System, _looks: Iterable[Tensor]) -> None:
        try:
            system.load_state_dict(checkpoint.weights(state))
        except RuntimeError as error:
            raise TrainingError(file, f"does not fit this network: {error}") from error

    recipe = state["recipe"]
    return Start(recipe["network"], recipe["options"], state["centers"], fill)


def _of_model(file: Path) -> Start:
    card = ModelCard.load(file)
    recipe = exported.recipe_of(card)
    assert card.bins is not None  # of a pair of graphs

    def fill(system: System, looks: Iterable[Tensor]) -> None:
        assert isinstance(system, Flagship)
        exported.fill(system, card, looks)

    return Start(recipe["network"], recipe["options"], torch.from_numpy(card.bins.centers.copy()), fill)
