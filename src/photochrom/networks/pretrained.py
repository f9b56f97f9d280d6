"""Weights that others trained, brought to our names; whole or not at all."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from photochrom.errors import BadConfig
from photochrom.networks.flagship import LITE2, Encoder

# What torch and safetensors raise for files that are missing, no checkpoint, or another network's.
_FAULTS = (
    OSError, EOFError, KeyError, RuntimeError, AttributeError, TypeError, ValueError,
    pickle.UnpicklingError, SafetensorError,
)  # fmt: skip


def _renamed() -> Iterator[tuple[str, str]]:
    """(name in efficientnet_lite_pytorch, name here), by module."""
    yield "_conv_stem", "stem.0"
    yield "_bn0", "stem.1"
    block = 0
    for stage, (_, _, expand, _, repeats) in enumerate(LITE2):
        for repeat in range(repeats):
            theirs, ours = f"_blocks.{block}", f"stages.{stage}.{repeat}.layers"
            parts = ["_depthwise_conv", "_bn1", "", "_project_conv", "_bn2"]
            if expand != 1:
                parts = ["_expand_conv", "_bn0", "", *parts]
            for i, part in enumerate(parts):
                if part:
                    yield f"{theirs}.{part}", f"{ours}.{i}"
            block += 1


def read_weights(file: Path, what: str) -> dict[str, Tensor]:
    """The tensors of a .safetensors or .pth file by name, on the CPU. `what` is said if it is none.

    Nothing in a .pth is run. Raises BadConfig.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        source: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
        return {name: value for name, value in source.items() if isinstance(value, Tensor)}
    except _FAULTS as error:
        raise BadConfig(file, f"not {what}: {error}") from error


def fill(module: nn.Module, values: Mapping[str, Tensor], *, file: Path, what: str) -> None:
    """Every parameter and buffer of `module` from `values`, none left over and none missing.

    Counters of batch norms may be missing: files older than they are have none. Raises BadConfig naming
    the file and the first tensor that does not fit.
    """
    faults = list(_misfits(module.state_dict(), values))
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise BadConfig(file, f"not {what}: {faults[0]}{more}")
    try:
        module.load_state_dict(dict(values))
    except _FAULTS as error:
        raise BadConfig(file, f"not {what}: {error}") from error


def _misfits(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in found:
            if not name.endswith(".num_batches_tracked"):
                yield f"{name} is missing"
        elif found[name].shape != value.shape:
            yield f"{name} is {_sides(found[name])} and not {_sides(value)}"
    for name in found.keys() - wanted.keys():
        yield f"{name} is one too many"


def _sides(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a number"


def load_lite2(encoder: Encoder, file: Path) -> None:
    """Fill the encoder from efficientnet_lite_pytorch's Lite2 checkpoint, .pth or .safetensors.

    For an encoder of one channel the first convolution is summed over RGB: all three channels of a grey
    picture are the same. Raises BadConfig if the file cannot be read, or lacks a tensor or has one of another
    shape.
    """
    what = "EfficientNet-Lite2's weights"
    source = read_weights(file, what)
    state: dict[str, Tensor] = {}
    for theirs, ours in _renamed():
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            if f"{theirs}.{name}" in source:
                state[f"{ours}.{name}"] = source[f"{theirs}.{name}"]
    if "stem.0.weight" in state and encoder.stem[0].in_channels == 1:
        state["stem.0.weight"] = state["stem.0.weight"].sum(1, keepdim=True)
    fill(encoder, state, file=file, what=what)
