"""Save and resume a run, and average its weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from photochrom.errors import TrainingError

VERSION = 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all: a kill in the middle leaves the one before."""
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as handle:
            torch.save({"version": VERSION, **state}, handle)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch's writer makes a RuntimeError of a full disk
        raise TrainingError(path, f"checkpoint not written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU. Raises TrainingError naming the file and the reason."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        version = state["version"]
    except FileNotFoundError as error:
        raise TrainingError(path, "no checkpoint here") from error
    except Exception as error:
        # torch's own text is a page on pickling; it stays in the cause.
        raise TrainingError(path, "not a checkpoint of Photochrom, or damaged") from error
    if version != VERSION:
        raise TrainingError(path, f"checkpoint of version {version}; this is version {VERSION}")
    return state


class Average:
    """Exponential moving average of a network's parameters and buffers."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the network; early steps move faster, so that the start is forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine: list[Tensor] = []
        theirs: list[Tensor] = []
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                mine.append(self.values[name])
                theirs.append(value)
            else:
                self.values[name].copy_(value)
        torch._foreach_lerp_(mine, theirs, 1 - decay)
