"""What the colour functions accept as an array, said and checked once."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
"""float32 or float64 of any shape."""


def floats(values: ArrayLike) -> Floats:
    """`values` as float32 if that is what they are, otherwise as float64.

    Raises TypeError for unsigned integers: 8- and 16-bit codes are not in the ranges used here, and
    to take 255 for a light of 255 would be a silent error.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fi":
        raise TypeError(f"colours are floating-point numbers, not {array.dtype}; divide codes first")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def triplets(values: ArrayLike) -> Floats:
    """As `floats`, for colours: shape (…, 3). Raises ValueError for any other last axis."""
    array = floats(values)
    if array.ndim == 0 or array.shape[-1] != 3:
        raise ValueError(f"colours are of shape (…, 3), not {array.shape}")
    return array
