"""The two wrappings of IPTC records: bare in TIFF, in a Photoshop resource in JPEG.

References: IPTC-NAA IIM 4.2; Adobe, Photoshop File Formats Specification, "Image resource blocks".
"""

from __future__ import annotations

import struct
from typing import Final

_JPEG_HEADER: Final = b"Photoshop 3.0\0"
_RESOURCE: Final = b"8BIM"
_IPTC_RESOURCE: Final = 0x0404


def bare_iptc(block: bytes) -> bytes | None:
    """The records of a block of either kind; None where a Photoshop block holds none."""
    if not block.startswith(_JPEG_HEADER):
        return block
    at = len(_JPEG_HEADER)
    while block[at : at + 4] == _RESOURCE and at + 7 <= len(block):
        (kind,) = struct.unpack_from(">H", block, at + 4)
        # A name with its length before it, padded to an even number; then the length of the data.
        at += 6 + (block[at + 6] // 2 + 1) * 2
        if at + 4 > len(block):
            return None
        (size,) = struct.unpack_from(">I", block, at)
        if kind == _IPTC_RESOURCE:
            return block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return None


def wrapped_iptc(block: bytes) -> bytes:
    """The same as JPEG has it; a block that is wrapped already is given back whole."""
    if block.startswith(_JPEG_HEADER):
        return block
    resource = _RESOURCE + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(block))
    return _JPEG_HEADER + resource + block + b"\0" * (len(block) % 2)
