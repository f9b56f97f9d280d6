"""A picture as it is compared: 8-bit sRGB in memory, and its Lab worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.srgb import lab_to_srgb, srgb_to_lab
from photochrom.errors import UnreadableImage
from photochrom.images.door import reading
from photochrom.images.picture import Picture, at_depth
from photochrom.images.read import read_picture

if TYPE_CHECKING:
    import pyvips

Bytes = NDArray[np.uint8]

_DEPTHS: Final = ("uchar", "ushort")
# Rows are taken together up to about this many pixels, so that a whole scan needs no more memory
# for its colour arithmetic than a small picture.
_BLOCK: Final = 1 << 18


@dataclass(frozen=True, eq=False)
class Rendered:
    """rgb: (H, W, 3) uint8, sRGB."""

    rgb: Bytes = field(repr=False)

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """(H, W, 3): L 0…100, a, b."""
        lab = np.empty(self.rgb.shape, np.float32)
        for rows in self.blocks():
            lab[rows] = srgb_to_lab(self.rgb[rows] / np.float32(255))
        return lab

    def blocks(self) -> Iterator[slice]:
        """Slices of rows that together are the picture."""
        height, width = self.rgb.shape[:2]
        step = max(1, _BLOCK // width)
        return (slice(top, top + step) for top in range(0, height, step))


def from_lab(lab: NDArray[np.floating[Any]]) -> Rendered:
    """lab: (H, W, 3), clipped into sRGB and rounded to 8 bits."""
    return Rendered(np.rint(lab_to_srgb(lab).clip(0, 1) * 255).astype(np.uint8))


def from_samples(samples: NDArray[Any]) -> Rendered:
    """samples: (H, W, 3 or 4), uint8 or uint16; opacity is left out, 16 bits become 8."""
    rgb = samples[..., :3]
    if rgb.dtype == np.uint16:
        rgb = ((rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return Rendered(np.ascontiguousarray(rgb))


def gray_of(picture: Picture) -> Rendered:
    """The picture without colour, at full size: what every colouring starts from."""
    with reading(picture.name):
        lightness = np.asarray(picture.lightness.numpy(), np.float32)
    lightness = lightness.reshape(picture.height, picture.width)
    return from_lab(np.stack([lightness, *np.zeros((2, *lightness.shape), np.float32)], axis=-1))


def through_lab8(picture: Rendered) -> Rendered:
    """The picture through 8-bit Lab and back: the best that a program which stores so can score.

    L in steps of 100/255, a and b in whole units: ICC.1:2022, 6.3.4.2.
    """
    steps = np.array([255 / 100, 1, 1], np.float32)
    codes = np.rint(picture.lab * steps).clip([0, -128, -128], [255, 127, 127])
    return from_lab(codes.astype(np.float32) / steps)


def truth_of(path: Path) -> pyvips.Image:
    """The colours of a file: upright, opaque, 8-bit sRGB, three bands, in memory.

    An embedded profile is applied; one that cannot be is passed over. Raises UnreadableImage,
    ImageTooLarge.
    """
    picture = read_picture(path)
    with reading(picture.name):
        image = picture.pixels.source.open()
        if image.format not in _DEPTHS:
            raise UnreadableImage(picture.name, "true colours are read from 8 or 16 bits a channel")
        image = image.copy_memory()
        if picture.pixels.orientation != 1:
            image = image.autorot()
        if image.hasalpha():
            image = image.extract_band(0, n=image.bands - 1)
        image = at_depth(_as_srgb(image, picture.name), 8)
        if image.bands == 1:
            image = image.bandjoin([image, image])
        return image.copy(interpretation="srgb").copy_memory()


def _as_srgb(image: pyvips.Image, name: str) -> pyvips.Image:
    if image.get_typeof("icc-profile-data"):
        try:
            with reading(name):
                depth = 8 if image.format == "uchar" else 16
                return image.icc_transform("srgb", embedded=True, intent="relative", depth=depth)
        except UnreadableImage:
            pass
    if image.interpretation in ("srgb", "rgb", "rgb16", "b-w", "grey16"):
        return image
    return image.colourspace("srgb")


def image_of(rgb: Bytes) -> pyvips.Image:
    """(H, W, 3) uint8 as a libvips image."""
    return read_picture(rgb).pixels.source.open()
