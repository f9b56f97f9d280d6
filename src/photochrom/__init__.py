"""Photochrom colours black-and-white photographs.

    import photochrom
    photochrom.colorize("grandmother.jpg")

The names below are loaded on first use, so that `import photochrom` and `photochrom --version`
cost next to nothing. Errors are in `photochrom.errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from photochrom.errors import (
        BadModel,
        BadOption,
        ImageTooLarge,
        InputError,
        MissingExtra,
        ModelError,
        ModelNotFound,
        OutputError,
        OutputExists,
        PhotochromError,
        UnreadableImage,
        UnsupportedFormat,
        UnwritableOutput,
    )
    from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Result, colorize

__version__ = "0.1.0"

__all__ = [
    "BadModel",
    "BadOption",
    "ColorizeOptions",
    "Colorizer",
    "ImageTooLarge",
    "InputError",
    "MissingExtra",
    "ModelError",
    "ModelNotFound",
    "OutputError",
    "OutputExists",
    "PhotochromError",
    "Result",
    "UnreadableImage",
    "UnsupportedFormat",
    "UnwritableOutput",
    "__version__",
    "colorize",
]

_PIPELINE_NAMES = ("Colorizer", "ColorizeOptions", "Result", "colorize")
_MODULE_OF = {
    name: "photochrom.inference.pipeline" if name in _PIPELINE_NAMES else "photochrom.errors"
    for name in __all__
    if name != "__version__"
}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
