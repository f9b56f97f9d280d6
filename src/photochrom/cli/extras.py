"""The optional packages, and what to say where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from photochrom.errors import MissingExtra


@dataclass(frozen=True)
class Extra:
    """One row of EXTRAS: what it is for, and the modules that it brings."""

    purpose: str
    modules: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """Modules that are not installed."""
        return [module for module in self.modules if find_spec(module) is None]


EXTRAS: Final[dict[str, Extra]] = {
    "evaluate": Extra("preparing a metric's network", ("onnx", "cv2")),
    "heic": Extra("reading HEIC", ("pillow_heif",)),
    "train": Extra("training", ("torch", "lightning_fabric", "onnx", "safetensors", "PIL", "tensorboard")),
    "video": Extra("reading films", ("av",)),
}
"""Name in the brackets of the pip command → what it is."""


@contextmanager
def extra(name: str, *, purpose: str | None = None) -> Iterator[None]:
    """Around imports: a missing module of the extra becomes MissingExtra, which names the command.

    purpose: what it is wanted for; without it, what the extra is for.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in EXTRAS[name].modules:
            raise MissingExtra(name, purpose or EXTRAS[name].purpose) from error
        raise
