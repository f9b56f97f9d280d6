"""ImageNet weights for the encoder, brought to our names."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

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


def load_lite2(encoder: Encoder, file: Path) -> None:
    """Fill the encoder from efficientnet_lite_pytorch's Lite2 checkpoint, .pth or .safetensors.

    The first convolution is summed over RGB: all three channels of a grey picture are the same.
    Raises BadConfig if the file cannot be read or lacks a tensor or has one of another shape.
    """
    try:
        source: dict[str, Tensor]
        if file.suffix == ".safetensors":
            source = load_file(file)
        else:
            source = torch.load(file, map_location="cpu", weights_only=True)
        state: dict[str, Tensor] = {}
        for theirs, ours in _renamed():
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                if f"{theirs}.{name}" in source:
                    state[f"{ours}.{name}"] = source[f"{theirs}.{name}"]
        state["stem.0.weight"] = state["stem.0.weight"].sum(1, keepdim=True)
        encoder.load_state_dict(state)
    except _FAULTS as error:
        raise BadConfig(file, f"not EfficientNet-Lite2's weights: {error}") from error
