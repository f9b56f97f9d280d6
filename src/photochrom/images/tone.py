"""From whatever a decoder gives to one channel of integers, and a table of what each is worth.

All full-size arithmetic starts from these integers: luminance, lightness and whatever else depends
on the tone alone are look-ups in small tables, which is exact and several times as fast as floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.color.constants import RGB_TO_XYZ
from photochrom.color.lab import lightness_from_y, y_from_lightness
from photochrom.color.srgb import srgb_to_linear
from photochrom.errors import UnreadableImage

_PROFILE: Final = "icc-profile-data"
_CODES: Final = {"uchar": 256, "ushort": 65536}
# Largest value of the integers that are not codes already; TIFF 6.0 gives no other range for them.
_TOP: Final = {"char": 2**7 - 1, "short": 2**15 - 1, "int": 2**31 - 1, "uint": 2**32 - 1}
# A profile whose lightness is this near to sRGB's own is sRGB, and a look-up does for it.
_SAME_LIGHTNESS: Final = 0.1


@dataclass(frozen=True, eq=False)
class Tone:
    """One channel of a picture and what its codes mean.

    image: one band, uchar or ushort, lazy
    luminance: Y in 0…1 of each code, (256,) or (65536,) float64
    alpha: one band, uchar or ushort; None for an opaque picture
    deep: whether the source had more than 8 bits a channel
    warnings: what could not be honoured
    """

    image: pyvips.Image
    luminance: NDArray[np.floating]
    alpha: pyvips.Image | None
    deep: bool
    warnings: tuple[str, ...] = ()

    def look_up(self, values: NDArray[np.floating | np.integer]) -> pyvips.Image:
        """One band: `values[code]` at each pixel; `values` is as long as `luminance`."""
        return self.image.maplut(table_image(values))


def table_image(values: NDArray[np.floating | np.integer]) -> pyvips.Image:
    """A look-up table (n,) or (n, bands) for `maplut`; float64 becomes float32."""
    single = values.astype(np.float32) if values.dtype == np.float64 else values
    return pyvips.Image.new_from_array(np.ascontiguousarray(single.reshape(1, len(values), -1)))


def tone_of(image: pyvips.Image, name: str) -> Tone:
    """Reduce a decoded picture to its tone by colorimetry.

    Grey keeps its own codes, and the profile, if there is one, decides what they are worth;
    without one they are sRGB's. Colour becomes CIE Y, by its profile or as sRGB. Samples that are
    floats count as encoded in 0…1, with or without colour; NaN is black.
    """
    deep = image.format != "uchar"
    alpha = None
    if image.hasalpha() or image.bands == 2:
        alpha = _codes(image[image.bands - 1], name)
        image = image.extract_band(0, n=image.bands - 1)
    lab = image.interpretation == "lab"
    image = _codes(_lightness_of_lab(image) if lab else image, name)
    count = _CODES[image.format]
    notes: tuple[str, ...] = ()
    if lab:
        table = y_from_lightness(np.linspace(0.0, 100.0, count))
    elif image.bands == 1:
        table, notes = _gray_table(image)
    else:
        light, notes = _luminance(image, name)
        # The square root spends the codes about as evenly as the eye does.
        image = ((light.clamp(min=0, max=1) ** 0.5) * 65535 + 0.5).cast("ushort")
        table = np.linspace(0.0, 1.0, 65536) ** 2
    return Tone(image.copy(interpretation="b-w"), table, alpha, deep, notes)


def _lightness_of_lab(image: pyvips.Image) -> pyvips.Image:
    """CIE L* over the full range of the codes, or 0…1: TIFF 6.0, section 23. a and b are not needed."""
    lightness = image[0]
    if lightness.format == "short":
        # Declared signed for the sake of a and b; L is not.
        return lightness.copy(format="ushort")
    return lightness * 0.01 if lightness.format in ("float", "double") else lightness


def _codes(image: pyvips.Image, name: str) -> pyvips.Image:
    """Samples as uchar or ushort over their full range."""
    if image.format in _CODES:
        return image
    if image.format in _TOP:
        scaled = image.clamp(min=0, max=_TOP[image.format]) * (65535 / _TOP[image.format])
    elif image.format in ("float", "double"):
        numbers = (image == image).ifthenelse(image, 0)
        scaled = numbers.clamp(min=0, max=1) * 65535
    else:
        raise UnreadableImage(name, f"samples of type {image.format}")
    deep = "grey16" if image.bands < 3 else "rgb16" if image.bands == 3 else "cmyk"
    return (scaled + 0.5).cast("ushort").copy(interpretation=deep)


def _gray_table(image: pyvips.Image) -> tuple[NDArray[np.floating], tuple[str, ...]]:
    """Y of each code of a grey picture, and a warning where its profile cannot be used."""
    count = _CODES[image.format]
    plain = srgb_to_linear(np.linspace(0.0, 1.0, count))
    if not image.get_typeof(_PROFILE):
        return plain, ()
    ramp = np.arange(count, dtype=np.uint8 if count == 256 else np.uint16)[np.newaxis, :, np.newaxis]
    # Some programs leave an RGB profile on grey samples: then grey means R = G = B.
    bands = {b"GRAY": 1, b"RGB ": 3}.get(_space(image.get(_PROFILE)))
    if bands is None:
        return plain, ("its colour profile is not for grey; taken as sRGB",)
    try:
        tagged = _tagged(np.repeat(ramp, bands, axis=2), image.get(_PROFILE))
        light = _by_profile(tagged).numpy().reshape(count).astype(np.float64)
    except pyvips.Error:
        return plain, ("its grey profile cannot be applied; taken as sRGB",)
    return np.maximum.accumulate(light.clip(0.0, 1.0)), ()


def _luminance(image: pyvips.Image, name: str) -> tuple[pyvips.Image, tuple[str, ...]]:
    """Y in 0…1, one float band, of a picture of three channels or of CMYK."""
    if image.bands == 4 and image.interpretation == "cmyk":
        return _by_profile(image, fallback="cmyk"), ()
    if image.bands != 3 or image.interpretation not in ("srgb", "rgb", "rgb16", "scrgb"):
        raise UnreadableImage(name, f"{image.bands} channels of kind {image.interpretation}")
    if not image.get_typeof(_PROFILE):
        return _srgb_luminance(image), ()
    if _space(image.get(_PROFILE)) != b"RGB ":
        return _srgb_luminance(image), ("its colour profile is not for RGB; taken as sRGB",)
    try:
        same = _is_srgb(image.get(_PROFILE))
    except pyvips.Error:
        return _srgb_luminance(image), ("its colour profile cannot be applied; taken as sRGB",)
    return (_srgb_luminance(image) if same else _by_profile(image)), ()


def _srgb_luminance(image: pyvips.Image) -> pyvips.Image:
    linear = srgb_to_linear(np.linspace(0.0, 1.0, _CODES[image.format]))
    # Band by band, for a table of three bands and a matrix take twice as long.
    parts = [image[band].maplut(table_image(linear * weight)) for band, weight in enumerate(RGB_TO_XYZ[1])]
    return parts[0] + parts[1] + parts[2]


def _by_profile(image: pyvips.Image, *, fallback: str | None = None) -> pyvips.Image:
    """Y in 0…1 by the embedded profile, relative to its white."""
    options = {} if fallback is None else {"input_profile": fallback}
    xyz = image.icc_import(pcs="xyz", intent="relative", embedded=True, **options)
    return xyz[1] * 0.01


def _is_srgb(profile: bytes) -> bool:
    """Whether a profile gives the lightness that sRGB itself gives, over a grid of colours."""
    levels = np.arange(0, 256, 51, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    tagged = _tagged(np.ascontiguousarray(grid), profile)
    theirs, ours = (
        lightness_from_y(way(tagged).numpy().astype(np.float64).clip(0.0, 1.0))
        for way in (_by_profile, _srgb_luminance)
    )
    return bool(np.abs(theirs - ours).max() < _SAME_LIGHTNESS)


def _space(profile: bytes) -> bytes:
    """The kind of samples that a profile is for: ICC.1:2022, 7.2.8."""
    return profile[16:20] if profile[36:40] == b"acsp" else b""


def _tagged(samples: NDArray[np.uint8 | np.uint16], profile: bytes) -> pyvips.Image:
    """A small picture (1, n, bands) that carries a profile."""
    image = pyvips.Image.new_from_array(samples)
    deep = samples.dtype == np.uint16
    gray = "grey16" if deep else "b-w"
    image = image.copy(interpretation=gray if samples.shape[2] == 1 else "rgb16" if deep else "srgb")
    image.set_type(pyvips.GValue.blob_type, _PROFILE, profile)
    return image
