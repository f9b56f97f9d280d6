"""Which code a figure comes from: this program's own, and the libraries that it counts with."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import photochrom
from photochrom.images.door import VERSION

PACKAGES: Final = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-directml",
    "pyvips",
    "pyvips-binary",
)
"""What decides a figure besides this program; ONNX Runtime goes by several names."""

PARTS: Final = ("color", "images", "hints", "inference", "evaluation")
TELLING: Final = tuple(f"evaluation/{name}" for name in ("bench", "preparation", "report", "video"))
"""Folders of `PARTS` that measure no picture: they may change, and its figures stay."""


def versions_of(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Of Python and of those packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # another name of ONNX Runtime is, or libvips is the system's own
            continue
    return found


@functools.cache
def code() -> dict[str, str]:
    """All that may move a figure where neither pictures, models nor options have changed.

    The version of this program says too little: in development it stays the same for weeks.
    """
    return {
        "photochrom": photochrom.__version__,
        "sources": checksum_of(Path(photochrom.__file__).parent),
        "libvips": VERSION,
        **versions_of(),
    }


def checksum_of(package: Path) -> str:
    """SHA-256 in hexadecimal over paths and bytes of the modules that decide what is measured."""
    found = hashlib.sha256()
    for path in sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py")):
        if path.startswith(tuple(f"{part}/" for part in PARTS)) and not path.startswith(TELLING):
            source = (package / path).read_bytes()
            found.update(f"{path} {len(source)}\n".encode() + source)
    return found.hexdigest()
