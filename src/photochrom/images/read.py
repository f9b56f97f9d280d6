"""`read_picture`: the first of the two verbs of this package. The other is in `write`."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.errors import BadOption, ImageTooLarge, UnreadableImage
from photochrom.images.decode import Source
from photochrom.images.door import reading
from photochrom.images.formats import HEAD_BYTES, sniff
from photochrom.images.metadata import Metadata, metadata_of
from photochrom.images.picture import Picture, Pixels
from photochrom.images.tone import tone_of

_QUARTER_TURNS: Final = (5, 6, 7, 8)
_BYTES_A_COEFFICIENT: Final = 2


@dataclass(frozen=True)
class Limits:
    """How large a picture may be; checked from the header, before a pixel is decoded.

    max_bytes: of the file
    max_pixels: width times height
    max_side: the longer of the two
    max_whole: decoded bytes of a picture that its format does not allow to be streamed
    """

    max_bytes: int = 4 * 1024**3
    max_pixels: int = 500_000_000
    max_side: int = 50_000
    max_whole: int = 2 * 1024**3


DEFAULT_LIMITS: Final = Limits()
"""For a person's own files: far beyond any scanner, and memory stays bounded all the same."""


def read_picture(
    source: str | Path | bytes | NDArray[np.generic],
    *,
    name: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Find out what a picture is, without decoding it.

    source: a path; the bytes of a file; or an array (height, width) or (height, width, 1…4): grey,
        grey and alpha, RGB, RGBA, of uint8, uint16, bool, or floats in 0…1, encoded as sRGB
    name: what messages call it, where the path does not say

    Orientation is applied. Of several pages or frames the first is taken, with a warning.
    Raises UnreadableImage, ImageTooLarge, and for HEIC without its extra MissingExtra. Damage
    further into the file shows when the pixels are asked for, as UnreadableImage too.
    """
    if isinstance(source, np.ndarray):
        return _of_array(source, name or "array")
    if not isinstance(source, str | Path | bytes):
        raise BadOption(type(source).__name__, "give a path, the bytes of a file or a numpy array")
    if isinstance(source, bytes):
        origin = _recognized(source[:HEAD_BYTES], len(source), name or "bytes", limits, data=source)
    else:
        path = Path(source)
        origin = _recognized(*_look(path, name or str(path)), name or str(path), limits, path=path)
    with reading(origin.name):
        _check_size(origin, limits)
        return _of_file(origin)


def _look(path: Path, name: str) -> tuple[bytes, int]:
    """The first bytes of a file and its length."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImage(name, "is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImage(name, "is not a regular file")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES), status.st_size
    except UnreadableImage:
        raise
    except FileNotFoundError:
        raise UnreadableImage(name, "no such file") from None
    except OSError as error:
        raise UnreadableImage(name, error.strerror or str(error)) from error
    except ValueError as error:
        raise UnreadableImage(name, str(error)) from error


def _recognized(
    head: bytes,
    size: int,
    name: str,
    limits: Limits,
    *,
    path: Path | None = None,
    data: bytes | None = None,
) -> Source:
    if size == 0:
        raise UnreadableImage(name, "is empty")
    if size > limits.max_bytes:
        raise ImageTooLarge(name, f"{size:,} bytes; the limit is {limits.max_bytes:,}")
    known = sniff(head)
    if known is None:
        raise UnreadableImage(name, "is not a picture in any format known here")
    return Source(name, known, path=path, data=data)


def _check_size(origin: Source, limits: Limits) -> None:
    width, height, decoded = origin.header()
    if max(width, height) > limits.max_side:
        raise ImageTooLarge(
            origin.name, f"{width} by {height} pixels; the longest side may be {limits.max_side}"
        )
    if width * height > limits.max_pixels:
        millions = f"{width * height / 1e6:.0f} megapixels"
        raise ImageTooLarge(origin.name, f"{millions}; the limit is {limits.max_pixels / 1e6:.0f} megapixels")
    whole = origin.format is not None and origin.format.whole
    if not whole and origin.format is not None and origin.format.name in ("png", "jpeg"):
        image = origin.open()
        if image.get_typeof("interlaced"):
            whole = True
        if image.get_typeof("jpeg-multiscan") and image.get("jpeg-multiscan"):
            whole, decoded = True, decoded * _BYTES_A_COEFFICIENT
    if whole and decoded > limits.max_whole:
        raise ImageTooLarge(
            origin.name,
            f"{decoded / 1e9:.1f} GB in memory, for its format cannot be streamed; "
            f"the limit is {limits.max_whole / 1e9:.1f} GB",
        )


def _of_file(origin: Source) -> Picture:
    image = origin.open()
    _check_floats(origin, image)
    tag = image.get("orientation") if image.get_typeof("orientation") else 1
    # HEIF turns its pixels by its own boxes; the EXIF tag repeats what is already done.
    turned_already = origin.format is not None and origin.format.name in ("avif", "heic")
    orientation = 1 if turned_already or tag not in range(1, 9) else int(tag)
    quarter = orientation in _QUARTER_TURNS
    warnings = tone_of(image, origin.name).warnings
    pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
    if pages > 1:
        warnings = (f"only the first of its {pages} pages or frames was taken", *warnings)
    return Picture(
        name=origin.name,
        width=image.height if quarter else image.width,
        height=image.width if quarter else image.height,
        bit_depth=8 if image.format == "uchar" else 16,
        metadata=metadata_of(image, turned=quarter),
        format=origin.format,
        path=origin.path,
        warnings=warnings,
        pixels=Pixels(origin, orientation, image if origin.eager else None),
    )


def _check_floats(origin: Source, image: pyvips.Image) -> None:
    """Refuse floats that are plainly on another scale than 0…1: they would come out white.

    Their mean decides, so that a few highlights above 1 pass and are clipped.
    """
    if image.format not in ("float", "double") or image.interpretation == "lab":
        return
    finite = (image.abs() < 1e30).ifthenelse(image, 0)
    mean = finite.avg()
    if mean > 1:
        raise UnreadableImage(
            origin.name, f"floating-point samples are to be in 0…1, and their mean is {mean:.4g}"
        )


def _of_array(array: NDArray[Any], name: str) -> Picture:
    shape = array.shape
    if array.ndim not in (2, 3) or 0 in shape or (array.ndim == 3 and shape[2] > 4):
        raise UnreadableImage(name, f"an array of shape {shape}, not (height, width[, 1…4])")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
    elif array.dtype.newbyteorder("=") in (np.uint8, np.uint16):
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
    else:
        raise UnreadableImage(name, f"an array of {array.dtype}, not of uint8, uint16 or floats")
    origin = Source(name, None, array=np.ascontiguousarray(array))
    with reading(name):
        _check_floats(origin, origin.open())
    return Picture(
        name=name,
        width=shape[1],
        height=shape[0],
        bit_depth=8 if array.dtype == np.uint8 else 16,
        metadata=Metadata(),
        format=None,
        path=None,
        warnings=(),
        pixels=Pixels(origin, 1),
    )
