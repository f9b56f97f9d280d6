"""The two wrappings of IPTC records: bare in TIFF, in a Photoshop resource in JPEG.

References: IPTC-NAA IIM 4.2; Adobe, Photoshop File Formats Specification, "Image resource blocks".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_JPEG_HEADER: Final = b"Photoshop 3.0\0"
_RESOURCE: Final = b"8BIM"
_IPTC_RESOURCE: Final = 0x0404
# Thumbnails, of Photoshop 4 and of later ones: they show the picture as it was.
_THUMBNAILS: Final = (0x0409, 0x040C)


def bare_iptc(block: bytes) -> bytes | None:
    """The records of a block of either kind; None where a Photoshop block holds none."""
    if not block.startswith(_JPEG_HEADER):
        return block
    found = (block[data : data + size] for kind, _, data, size in _resources(block) if kind == _IPTC_RESOURCE)
    return next(found, None)


def wrapped_iptc(block: bytes) -> bytes:
    """The same as JPEG has it; of a block that is wrapped already, all but its thumbnails."""
    if block.startswith(_JPEG_HEADER):
        kept, end = bytearray(), len(_JPEG_HEADER)
        for kind, start, data, size in _resources(block):
            end = data + size + size % 2
            if kind not in _THUMBNAILS:
                kept += block[start:end]
        return _JPEG_HEADER + bytes(kept) + block[end:]
    resource = _RESOURCE + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(block))
    return _JPEG_HEADER + resource + block + b"\0" * (len(block) % 2)


def _resources(block: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Of each resource of a wrapped block: kind, where it begins, where its data begin, how long they are."""
    at = len(_JPEG_HEADER)
    while block[at : at + 4] == _RESOURCE and at + 7 <= len(block):
        (kind,) = struct.unpack_from(">H", block, at + 4)
        # A name with its length before it, padded to an even number; then the length of the data.
        data = at + 6 + (block[at + 6] // 2 + 1) * 2 + 4
        if data > len(block):
            return
        (size,) = struct.unpack_from(">I", block, data - 4)
        yield kind, at, data, size
        at = data + size + size % 2
