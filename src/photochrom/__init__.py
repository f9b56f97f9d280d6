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
    from photochrom.hints import Hints
    from photochrom.inference.kinds import colorize
    from photochrom.inference.palette import palette_of
    from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Result
    from photochrom.inference.result import save_sheet

__version__ = "0.1.0"

__all__ = [
    "BadModel",
    "BadOption",
    "ColorizeOptions",
    "Colorizer",
    "Hints",
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
    "palette_of",
    "save_sheet",
]

_MODULE_OF = {
    "ColorizeOptions": "photochrom.inference.pipeline",
    "Colorizer": "photochrom.inference.pipeline",
    "Hints": "photochrom.hints",
    "Result": "photochrom.inference.pipeline",
    "colorize": "photochrom.inference.kinds",
    "palette_of": "photochrom.inference.palette",
    "save_sheet": "photochrom.inference.result",
    "BadModel": "photochrom.errors",
    "BadOption": "photochrom.errors",
    "ImageTooLarge": "photochrom.errors",
    "InputError": "photochrom.errors",
    "MissingExtra": "photochrom.errors",
    "ModelError": "photochrom.errors",
    "ModelNotFound": "photochrom.errors",
    "OutputError": "photochrom.errors",
    "OutputExists": "photochrom.errors",
    "PhotochromError": "photochrom.errors",
    "UnreadableImage": "photochrom.errors",
    "UnsupportedFormat": "photochrom.errors",
    "UnwritableOutput": "photochrom.errors",
}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
