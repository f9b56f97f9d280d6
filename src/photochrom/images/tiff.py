"""The few TIFF tags that libvips does not tell and that decide what the samples mean.

Reference: Adobe, TIFF Revision 6.0, section 2; BigTIFF: libtiff, "The BigTIFF File Format".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_IS_WHITE, RGB, YCBCR, CIELAB, ICCLAB = 0, 2, 6, 8, 9
JPEG_COMPRESSIONS: Final = (6, 7)
_BITS, _COMPRESSION, _PHOTOMETRIC, _EXTRA, _SAMPLE_FORMAT, _SUBSAMPLING = 258, 259, 262, 338, 339, 530
_WANTED: Final = (_BITS, _COMPRESSION, _PHOTOMETRIC, _EXTRA, _SAMPLE_FORMAT, _SUBSAMPLING)
_SHORT: Final = 3
_MAX_ENTRIES: Final = 4096


@dataclass(frozen=True)
class TiffTags:
    """First-page tags.

    photometric_at: where the two bytes of that tag's value stand
    subsampling: the horizontal one of YCbCr; 1 for none
    unknown_extra: whether the first sample beside the colours is said to be none of the known kinds
    """

    photometric: int
    compression: int
    bits: int
    is_float: bool
    subsampling: int
    photometric_at: int
    order: str
    unknown_extra: bool


def tiff_tags(file: NDArray[np.uint8]) -> TiffTags | None:
    """Read the first directory of a whole file given as bytes (n,).

    None where it cannot be followed: the decoder then says what is wrong with the file.
    """
    data = file.data
    order = "<" if bytes(data[:2]) == b"II" else ">"
    big = b"+" in bytes(data[2:4])
    entry_size, count_code, value_code = (20, "Q", "Q") if big else (12, "H", "I")
    try:
        (start,) = struct.unpack_from(order + value_code, data, 8 if big else 4)
        (count,) = struct.unpack_from(order + count_code, data, start)
        values: dict[int, int] = {}
        photometric_at = 0
        first = start + struct.calcsize(count_code)
        for at in range(first, first + min(count, _MAX_ENTRIES) * entry_size, entry_size):
            tag, kind, length = struct.unpack_from(order + "HH" + value_code, data, at)
            if tag not in _WANTED or kind != _SHORT:
                continue
            here = at + entry_size - struct.calcsize(value_code)
            if length * 2 > struct.calcsize(value_code):
                (here,) = struct.unpack_from(order + value_code, data, here)
            (values[tag],) = struct.unpack_from(order + "H", data, here)
            if tag == _PHOTOMETRIC:
                photometric_at = here
    except (struct.error, IndexError, OverflowError):
        return None
    if not photometric_at:
        return None
    return TiffTags(
        photometric=values[_PHOTOMETRIC],
        compression=values.get(_COMPRESSION, 1),
        bits=values.get(_BITS, 1),
        is_float=values.get(_SAMPLE_FORMAT, 1) == 3,
        subsampling=values.get(_SUBSAMPLING, 2),
        photometric_at=photometric_at,
        order=order,
        unknown_extra=values.get(_EXTRA) == 0,
    )


def relabelled(file: NDArray[np.uint8], tags: TiffTags, photometric: int) -> bytes:
    """The file with another photometric tag: a way round a decoder's own interpretation."""
    changed = bytearray(file)
    struct.pack_into(tags.order + "H", changed, tags.photometric_at, photometric)
    return bytes(changed)
