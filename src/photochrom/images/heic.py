"""HEIC by the `heic` extra: the licence of HEVC keeps its decoder out of the libvips wheel."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.errors import MissingExtra


def open_heic(source: Path | bytes) -> Any:
    """The pillow-heif picture, its header read and its pixels not yet.

    Rotations of the container are applied. Raises MissingExtra where pillow-heif is not installed.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingExtra("heic", "reading HEIC") from error
    file = source if isinstance(source, Path) else io.BytesIO(source)
    return pillow_heif.open_heif(file, convert_hdr_to_8bit=False)[0]


def heic_samples(picture: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """Pixels (height, width[, bands]), uint8, or uint16 over its full range."""
    return np.ascontiguousarray(np.asarray(picture))
