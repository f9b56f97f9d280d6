"""Windows bitmaps, uncompressed and run-length encoded. The libvips wheel has no decoder for them.

Reference: Microsoft, "Bitmap Storage" and "Bitmap Compression" (wingdi.h, BITMAPINFOHEADER).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_FILE_HEADER: Final = 14
_CORE_HEADER: Final = 12
_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_COMPRESSIONS: Final = {
    _RGB: (1, 2, 4, 8, 16, 24, 32),
    _RLE8: (8,),
    _RLE4: (4,),
    _BITFIELDS: (16, 32),
    _ALPHA_BITFIELDS: (16, 32),
}
# What 16 and 32 bits mean where the file names no masks: five bits a channel, and eight.
_DEFAULT_MASKS: Final = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True)
class BmpHeader:
    """What the headers say. `masks` are of red, green, blue, alpha; `palette` is (n, 3) uint8."""

    width: int
    height: int
    bottom_up: bool
    bits: int
    compression: int
    masks: tuple[int, int, int, int]
    palette: NDArray[np.uint8]
    offset: int


def bmp_header(data: NDArray[np.uint8]) -> BmpHeader:
    """Parse the headers of a whole file given as bytes (n,). ValueError if they make no sense."""
    head = data[: _FILE_HEADER + 124].tobytes()
    try:
        offset, size = struct.unpack_from("<II", head, 10)
        if size == _CORE_HEADER:
            width, height, _, bits = struct.unpack_from("<HHHH", head, 18)
            compression = used = 0
        else:
            width, height, _, bits, compression = struct.unpack_from("<iiHHI", head, 18)
            used = struct.unpack_from("<I", head, 46)[0]
        masks = _DEFAULT_MASKS.get(bits, (0, 0, 0, 0))
        if compression in (_BITFIELDS, _ALPHA_BITFIELDS):
            red, green, blue = struct.unpack_from("<III", head, 54)
            has_alpha = size >= 56 or compression == _ALPHA_BITFIELDS
            masks = (red, green, blue, struct.unpack_from("<I", head, 66)[0] if has_alpha else 0)
    except struct.error:
        raise ValueError("BMP header is cut off") from None
    if width <= 0 or height == 0 or bits not in _COMPRESSIONS.get(compression, ()):
        raise ValueError(f"BMP of {width} by {height}, {bits} bits, compression {compression}")
    palette = np.zeros((0, 3), np.uint8)
    if bits <= 8:
        entry = 3 if size == _CORE_HEADER else 4
        count = min(used or 2**bits, 2**bits)
        raw = data[_FILE_HEADER + size :][: count * entry]
        palette = raw[: len(raw) // entry * entry].reshape(-1, entry)[:, 2::-1]
        # A stray index means black, as in other readers, not a failure.
        palette = np.concatenate([palette, np.zeros((256 - len(palette), 3), np.uint8)])
    return BmpHeader(width, abs(height), height > 0, bits, compression, masks, palette, offset)


def bmp_samples(data: NDArray[np.uint8], header: BmpHeader) -> NDArray[np.uint8]:
    """The picture (height, width, 3 or 4) of a whole file. ValueError if it is cut off."""
    if header.compression in (_RLE8, _RLE4):
        pixels = _colors(_run_lengths(data[header.offset :].tobytes(), header), header)
    else:
        pixels = _unpack(_rows(data, header), header)
    return np.ascontiguousarray(pixels[::-1] if header.bottom_up else pixels)


def _rows(data: NDArray[np.uint8], header: BmpHeader) -> NDArray[np.uint8]:
    stride = (header.width * header.bits + 31) // 32 * 4
    body = data[header.offset :][: stride * header.height]
    if len(body) < stride * header.height:
        raise ValueError(f"truncated: {len(body)} of {stride * header.height} bytes of pixels")
    return np.reshape(body, (header.height, stride))


def _unpack(rows: NDArray[np.uint8], header: BmpHeader) -> NDArray[np.uint8]:
    width, bits = header.width, header.bits
    pixels: NDArray[np.uint8]
    if bits == 24:
        pixels = rows[:, : width * 3].reshape(len(rows), width, 3)[:, :, ::-1]
        return pixels
    if bits <= 8:
        per_byte = 8 // bits
        shifts = np.arange(per_byte - 1, -1, -1, dtype=np.uint8) * np.uint8(bits)
        parts = (rows[:, :, np.newaxis] >> shifts) & np.uint8(2**bits - 1)
        return _colors(parts.reshape(len(rows), -1)[:, :width], header)
    words = rows.view("<u2" if bits == 16 else "<u4")[:, :width]
    masks = header.masks if header.masks[3] else header.masks[:3]
    return np.stack([_channel(words, mask) for mask in masks], axis=-1)


def _colors(indices: NDArray[np.uint8], header: BmpHeader) -> NDArray[np.uint8]:
    return np.take(header.palette, indices, axis=0)


def _channel(words: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    """The bits of one mask, scaled to 0…255."""
    if mask == 0:
        return np.zeros(words.shape, np.uint8)
    low = (mask & -mask).bit_length() - 1
    values: NDArray[np.uint32] = (words.astype(np.uint32) & np.uint32(mask)) >> np.uint32(low)
    top = mask >> low
    return values.astype(np.uint8) if top == 255 else np.rint(values * (255 / top)).astype(np.uint8)


def _run_lengths(code: bytes, header: BmpHeader) -> NDArray[np.uint8]:
    """Palette indices (height, width) in the file's order of rows; places jumped over are 0."""
    four = header.compression == _RLE4
    width, height = header.width, header.height
    out = bytearray(width * height)
    x = y = at = 0
    while True:
        # Two bytes for the longest code, after the two of its own.
        if at + (4 if code[at : at + 2] == b"\0\2" else 2) > len(code):
            raise ValueError("truncated: run-length data end early")
        count, value = code[at], code[at + 1]
        at += 2
        if count == 0 and value == 0:
            x, y = 0, y + 1
            continue
        if count == 0 and value == 1:
            break
        if count == 0 and value == 2:
            x, y, at = x + code[at], y + code[at + 1], at + 2
            continue
        if count:
            run = bytes((value >> 4, value & 15)) * 128 if four else bytes((value,)) * count
            run = run[:count]
        else:
            size = (value + 1) // 2 if four else value
            raw = code[at : at + size]
            run = bytes(part for byte in raw for part in (byte >> 4, byte & 15)) if four else raw
            run = run[:value]
            at += size + size % 2
        if y < height and x < width:
            start, run = y * width + x, run[: width - x]
            out[start : start + len(run)] = run
        x += len(run)
    return np.frombuffer(out, np.uint8).reshape(height, width)
