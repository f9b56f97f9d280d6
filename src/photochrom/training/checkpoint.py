"""Save and resume a run, and average its weights. A checkpoint is one safetensors file.

Its tensors are named by their place in the state, as in `average/decoder.head.bias`; everything else,
the recipe among it, is JSON in the file's header, where other programs can read it too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from photochrom.errors import TrainingError

VERSION = 2
# Where the JSON has a tensor: {TENSOR: its name}.
TENSOR = "tensor"


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all: a kill in the middle leaves the one before.

    state: numbers, strings and tensors in dictionaries and lists; keys become strings and tuples lists.
    """
    partial = path.with_name(path.name + ".part")
    tensors: dict[str, Tensor] = {}
    header = json.dumps({"version": VERSION, **_without_tensors(state, "", tensors)})
    try:
        # safetensors makes private files; this one gets the mode of any other new one.
        partial.touch()
        mode = partial.stat().st_mode
        save_file(tensors, partial, metadata={"photochrom": header})
        partial.chmod(mode)
        with partial.open("rb") as handle:
            os.fsync(handle.fileno())
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        raise TrainingError(path, f"checkpoint not written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU. Raises TrainingError naming the file and the reason."""
    state = header(path)
    try:
        with safe_open(path, framework="pt") as file:
            whole: dict[str, Any] = _with_tensors(state, file)
    except (OSError, SafetensorError) as error:
        raise TrainingError(path, "not a checkpoint of Photochrom, or damaged") from error
    return whole


def header(path: Path) -> dict[str, Any]:
    """The state without its tensors, which are not read. Raises what `load` raises."""
    try:
        with safe_open(path, framework="pt") as file:
            state: dict[str, Any] = json.loads(file.metadata()["photochrom"])
            version = state["version"]
    except FileNotFoundError as error:
        raise TrainingError(path, "no checkpoint here") from error
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(path, "not a checkpoint of Photochrom, or damaged") from error
    if version != VERSION:
        raise TrainingError(path, f"checkpoint of version {version}; this is version {VERSION}")
    return state


def _without_tensors(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """`value` for JSON, its tensors moved into `tensors`."""
    if isinstance(value, Tensor):
        tensors[name] = value.detach().contiguous()
        return {TENSOR: name}
    if isinstance(value, dict):
        return {str(k): _without_tensors(v, f"{name}/{k}".lstrip("/"), tensors) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_tensors(v, f"{name}/{i}", tensors) for i, v in enumerate(value)]
    return value


def _with_tensors(value: Any, file: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {TENSOR}:
            return file.get_tensor(value[TENSOR])
        return {key: _with_tensors(part, file) for key, part in value.items()}
    return [_with_tensors(part, file) for part in value] if isinstance(value, list) else value


def weights(state: dict[str, Any]) -> dict[str, Tensor]:
    """The weights of a checkpoint that are judged and exported: the averaged ones, if it averages."""
    found: dict[str, Tensor] = state["average"] or state["network"]
    return found


class Average:
    """Exponential moving average of a network's parameters and buffers."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def restore(self, values: dict[str, Tensor]) -> None:
        """Take over the values of a checkpoint. Raises KeyError or RuntimeError if they do not fit."""
        for name, mine in self.values.items():
            mine.copy_(values[name])

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
