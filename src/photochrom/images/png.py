"""XMP in PNG as its standard has it, which libvips writes in a chunk that few readers look into.

References: ISO 16684-3 (XMP), 1.1.5; PNG (third edition), 5.2 and 11.3.3.4.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

AFTER_HEADER: Final = 33
"""Where chunks may stand: behind the signature, 8 bytes, and IHDR, 25. Behind the pixels few look for any."""


def xmp_chunk(xmp: bytes) -> bytes:
    """An iTXt chunk with XMP."""
    # Keyword; not compressed; no language and no translated keyword.
    body = b"iTXt" + b"XML:com.adobe.xmp\0" + b"\0\0" + b"\0\0" + xmp
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
