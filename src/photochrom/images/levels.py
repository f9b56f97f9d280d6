"""Levels: how a faded picture's lightness is stretched to the range that photographs have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

# Where black and white of a sound photograph lie, in L*.
_BLACK: Final = 3.0
_WHITE: Final = 97.0
# Per cent of the places on either side that do not count: specks, scratches, reflections.
_LEFT_OUT: Final = 0.5
# Of the short side, along every edge: mounts, frames and the scanner's bed are no tones of the picture.
_MARGIN: Final = 0.08
# A blank page, with its noise, has less between them: there is nothing to stretch.
_BLANK: Final = 2.0
# Beyond this noise and the steps of 8 bits become visible, and fog becomes an invention.
_MOST: Final = 3.0

Number = TypeVar("Number", bound=np.floating)


@dataclass(frozen=True)
class Levels:
    """L becomes scale · L + offset, held in 0…100."""

    scale: float = 1.0
    offset: float = 0.0

    def applied(self, lightness: NDArray[Number]) -> NDArray[Number]:
        """lightness: 0…100, any shape → the same."""
        kind = lightness.dtype.type
        moved = lightness * kind(self.scale) + kind(self.offset)
        return np.asarray(moved.clip(0, 100), lightness.dtype)


UNCHANGED: Final = Levels()


def levels_of(lightness: NDArray[np.floating]) -> Levels:
    """The levels that bring a picture's darkest and lightest tones to those of a sound photograph.

    lightness: (H, W), of the picture or of a small copy, 0…100; its outermost twelfth does not count.
    Contrast is never lowered and at most tripled; a picture of full range, or of one tone and its noise,
    stays what it is.
    """
    margin = int(_MARGIN * min(lightness.shape))
    lightness = lightness[margin : lightness.shape[0] - margin, margin : lightness.shape[1] - margin]
    low, high = np.percentile(lightness, [_LEFT_OUT, 100 - _LEFT_OUT])
    if high - low < _BLANK:
        return UNCHANGED
    scale = min(max((_WHITE - _BLACK) / max(high - low, 1e-6), 1.0), _MOST)
    half = scale * (high - low) / 2
    middle = (low + high) / 2
    if 2 * half >= _WHITE - _BLACK - 1e-6 and scale == 1.0:
        return UNCHANGED
    moved = min(max(middle, _BLACK + half), _WHITE - half)
    return Levels(float(scale), float(moved - scale * middle))
