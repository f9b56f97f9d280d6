"""PNM, PAM and PFM: a short header, then bare samples. The libvips wheel has no decoder for them.

References: the netpbm manual pages pbm(5), pgm(5), ppm(5), pam(5); P. Debevec's PFM note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_TOKEN: Final = re.compile(rb"(?:\s|#[^\n]*(?:\n|$))*([^\s#]+)")
_HEADER_BYTES: Final = 4096
_MAX_SIDE: Final = 2**31 - 1


@dataclass(frozen=True)
class PnmHeader:
    """What stands before the samples: `offset` is where they begin, `kind` the digit after P."""

    kind: str
    width: int
    height: int
    bands: int
    maximum: float
    offset: int


def pnm_header(data: NDArray[np.uint8]) -> PnmHeader:
    """Parse the header of a whole file given as bytes (n,). ValueError if it makes no sense."""
    head = data[:_HEADER_BYTES].tobytes()
    kind = head[1:2].decode("ascii")
    if kind == "7":
        return _pam_header(head)
    tokens: list[bytes] = []
    at = 2
    for _ in range(2 if kind in "14" else 3):
        match = _TOKEN.match(head, at)
        if match is None:
            raise ValueError("PNM header is cut off")
        tokens.append(match.group(1))
        at = match.end()
    maximum = 1.0 if kind in "14" else float(tokens[2])
    bands = 3 if kind in "36F" else 1
    # Exactly one white space character parts the header from binary samples.
    return _checked(PnmHeader(kind, int(tokens[0]), int(tokens[1]), bands, maximum, at + 1))


def _pam_header(head: bytes) -> PnmHeader:
    end = head.find(b"ENDHDR\n")
    if end < 0:
        raise ValueError("PAM header is cut off")
    fields = dict(
        line.split(None, 1)
        for line in head[3:end].splitlines()
        if not line.startswith(b"#") and len(line.split(None, 1)) == 2
    )
    try:
        width, height, bands, maximum = (
            int(fields[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
        )
    except KeyError as error:
        raise ValueError(f"PAM header lacks {error.args[0].decode()}") from None
    if bands not in (1, 2, 3, 4):
        raise ValueError(f"PAM with {bands} channels")
    return _checked(PnmHeader("7", width, height, bands, maximum, end + len(b"ENDHDR\n")))


def _checked(header: PnmHeader) -> PnmHeader:
    if not (0 < header.width <= _MAX_SIDE and 0 < header.height <= _MAX_SIDE):
        raise ValueError(f"PNM of {header.width} by {header.height} pixels")
    if header.kind not in "Ff" and not 0 < header.maximum <= 65535:
        raise ValueError(f"PNM with a maximum of {header.maximum:g}")
    return header


def pnm_samples(data: NDArray[np.uint8], header: PnmHeader) -> NDArray[Any]:
    """The samples (height, width, bands): a view of `data` where they are stored as they are used.

    uint8 with maximum 255 or uint16 with maximum 65535, scaled where the file's own maximum is
    another; PFM gives float32. ValueError if there are too few.
    """
    shape = (header.height, header.width, header.bands)
    count = header.height * header.width * header.bands
    body = data[header.offset :]
    if header.kind in "Ff":
        # A negative scale means little-endian; rows run from the bottom up.
        order = "<f4" if header.maximum < 0 else ">f4"
        rows = _take(body, count * 4).view(order).reshape(shape)[::-1]
        return rows.astype(np.float32)
    if header.kind == "4":
        stride = (header.width + 7) // 8
        packed = _take(body, stride * header.height).reshape(header.height, stride)
        return _black_ones(np.unpackbits(packed, axis=1, count=header.width)).reshape(shape)
    if header.kind == "1":
        digits = re.sub(rb"#[^\n]*|\s", b"", body.tobytes())
        values = np.frombuffer(digits, np.uint8) - ord("0")
        return _black_ones(_take(values, count)).reshape(shape)
    if header.kind in "23":
        words = re.sub(rb"#[^\n]*", b"", body.tobytes()).split(maxsplit=count)[:count]
        values = np.array(words, dtype=np.int64).clip(0, int(header.maximum))
        return _scaled(_take(values, count), header.maximum).reshape(shape)
    wide = header.maximum > 255
    values = _take(body, count * (2 if wide else 1)).view(">u2" if wide else "u1")
    return _scaled(values, header.maximum).reshape(shape)


def _black_ones(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """In PBM 1 is black."""
    return np.where(bits != 0, 0, 255).astype(np.uint8)


def _take(values: NDArray[Any], count: int) -> NDArray[Any]:
    if len(values) < count:
        raise ValueError(f"truncated: {len(values)} of {count} samples")
    return values[:count]


def _scaled(values: NDArray[Any], maximum: float) -> NDArray[Any]:
    """To the full range of uint8 (maximum up to 255) or uint16."""
    dtype, full = (np.uint8, 255) if maximum <= 255 else (np.uint16, 65535)
    if maximum == full:
        return values.astype(dtype, copy=False)
    top = int(maximum)
    table = np.rint(np.arange(top + 1) * (full / top)).astype(dtype)
    scaled: NDArray[Any] = table[np.minimum(values, top)]
    return scaled
