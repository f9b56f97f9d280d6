"""Pictures and planes at another size, the centres of their pixels kept where they are.

libvips' `resize` alone would place what it enlarges half a pixel off.
"""

from __future__ import annotations

import pyvips


def resampled(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """The whole image at exactly this size in pixels, lazy, squeezed if its shape is another.

    image: of any bands and format, which it keeps. Reduced by Lanczos-3, which weighs every pixel, and
    enlarged bicubically; both may overshoot, of floats beyond their range. What is damaged raises
    pyvips.Error when the result is read.
    """
    across, down = width / image.width, height / image.height
    if across < 1 or down < 1:
        image = image.resize(min(across, 1), vscale=min(down, 1), kernel="lanczos3")
    if (image.width, image.height) == (width, height):
        return image
    return _placed(image, width, height, "bicubic")


def stretched(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """The same, bilinear between the four nearest pixels both ways: for planes that are smooth."""
    return _placed(image, width, height, "bilinear")


def _placed(image: pyvips.Image, width: int, height: int, how: str) -> pyvips.Image:
    across, down = width / image.width, height / image.height
    return image.affine(
        [across, 0, 0, down],
        interpolate=pyvips.Interpolate.new(how),
        oarea=[0, 0, width, height],
        odx=(across - 1) / 2,
        ody=(down - 1) / 2,
        extend="copy",
    )
