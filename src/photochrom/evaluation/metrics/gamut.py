"""How much of a picture is as vivid as the screen can show."""

from __future__ import annotations

from typing import Final

import numpy as np

from photochrom.evaluation.rendered import Rendered

_VISIBLE_CHROMA: Final = 10.0
_LAST: Final = 255


def clipped(result: Rendered) -> float:
    """The share of pixels whose colour lies on the boundary of sRGB though their lightness does not, %.

    On the boundary: one of R, G, B is 0 or 255. That alone holds for every black and white too, so
    the colour must be one: CIELAB chroma of 10 or more. Where L is so near black or white that
    sRGB has no room for such a chroma, the lightness is at the boundary, and nothing is counted.

    A colour that was too vivid for its lightness and was cut off ends here, and detail in it ends
    with it. Photographs have such pixels too, lamps and flowers: nearness to the truth's own share
    is what is good.
    """
    count = 0
    for rows in result.blocks():
        rgb = result.rgb[rows]
        chroma = np.hypot(result.lab[rows, :, 1], result.lab[rows, :, 2])
        edge = (rgb.min(axis=-1) == 0) | (rgb.max(axis=-1) == _LAST)
        count += int(np.count_nonzero(edge & (chroma >= _VISIBLE_CHROMA)))
    return 100 * count * 3 / result.rgb.size
