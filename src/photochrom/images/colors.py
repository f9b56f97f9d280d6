"""The colours of a picture, small: what a palette or a reference is read from."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import UnreadableImage
from photochrom.images.door import reading
from photochrom.images.picture import Picture, at_depth
from photochrom.images.resample import resampled

_PROFILE: Final = "icc-profile-data"
_TOP: Final = {"uchar": 255, "ushort": 65535}
# Quarter turns counter-clockwise, then mirror left to right, of each EXIF orientation (EXIF 2.32, 4.6.4).
_TURNS: Final = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True)} | {
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}


def reduced_colors(
    picture: Picture, width: int, height: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Lab of the whole picture at this size, upright, and where it is opaque.

    Squeezed if its shape is another. Returns (height, width, 3), L 0…100, a and b, and (height, width):
    False where the picture is more transparent than not. An embedded profile is applied; without one,
    and where it cannot be, samples are sRGB. Raises UnreadableImage for damaged pixels, and for files
    in Lab, whose a and b programs write in more than one way.
    """
    turns, mirrored = _TURNS[picture.pixels.orientation]
    across, down = (height, width) if turns % 2 else (width, height)
    with reading(picture.name):
        image = picture.pixels.source.open(shrink=_shrink(picture, min(width, height)))
        alpha = image[image.bands - 1] if image.hasalpha() or image.bands == 2 else None
        rgb = _srgb(image if alpha is None else image.extract_band(0, n=image.bands - 1), picture.name)
        top = _TOP[rgb.format]
        if alpha is not None:
            # In one pass with the colours, for a stream gives only one.
            rgb = rgb.bandjoin(at_depth(_codes(alpha, picture.name), 8 if top == 255 else 16))
            # What cannot be seen has no colour to lend to its neighbours.
            rgb = rgb.premultiply(max_alpha=top)
        small = resampled(rgb, across, down)
        samples = np.asarray(small.numpy(), np.float32).reshape(down, across, -1) / np.float32(top)
        if alpha is not None:
            samples[..., :-1] /= np.maximum(samples[..., -1:], 1e-3)
            samples = samples.clip(0, 1)
    samples = np.rot90(samples, turns)[:, :: -1 if mirrored else 1]
    lab = srgb_to_lab(samples[..., :3] if samples.shape[2] > 2 else np.repeat(samples[..., :1], 3, axis=2))
    opaque = samples[..., -1] >= 0.5 if alpha is not None else np.ones(lab.shape[:2], np.bool_)
    return np.ascontiguousarray(lab, np.float32), np.ascontiguousarray(opaque)


def _shrink(picture: Picture, side: int) -> int:
    """By how much a JPEG can be decoded smaller and still be twice as large as is wanted."""
    if not picture.pixels.streamed:
        return 1
    short = min(picture.width, picture.height)
    return next((by for by in (8, 4, 2) if short // by >= 2 * side), 1)


def _codes(image: pyvips.Image, name: str) -> pyvips.Image:
    """Samples as uchar or ushort over their full range."""
    if image.format in _TOP:
        return image
    if image.format in ("float", "double"):
        numbers = (image == image).ifthenelse(image, 0)
        deep = "grey16" if image.bands < 3 else "rgb16"
        return (numbers.clamp(min=0, max=1) * 65535 + 0.5).cast("ushort").copy(interpretation=deep)
    raise UnreadableImage(name, f"colours are not read from samples of type {image.format}")


def _srgb(image: pyvips.Image, name: str) -> pyvips.Image:
    """One band or three, encoded as sRGB."""
    if image.interpretation == "lab":
        raise UnreadableImage(name, "colours are not read from files in Lab: save it as RGB")
    image = _codes(image, name)
    if image.bands == 1:
        return image
    cmyk = image.interpretation == "cmyk"
    if image.get_typeof(_PROFILE) or cmyk:
        options = {"input_profile": "cmyk"} if cmyk else {}
        depth = 8 if image.format == "uchar" else 16
        try:
            return image.icc_transform("srgb", embedded=True, intent="relative", depth=depth, **options)
        except pyvips.Error:
            if cmyk:
                raise
    if image.bands != 3:
        raise UnreadableImage(name, f"{image.bands} channels of kind {image.interpretation}")
    return image
