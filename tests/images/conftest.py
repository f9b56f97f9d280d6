"""Pictures to read, made when a test asks for them: no fixture files are needed."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 48, 64


@pytest.fixture
def gray() -> NDArray[np.uint8]:
    """A slope with all 256 codes, (48, 64)."""
    return np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8)


@pytest.fixture
def gray16() -> NDArray[np.uint16]:
    """The same over 16 bits, with codes that 8 bits do not have."""
    return np.linspace(0, 65535, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint16)


@pytest.fixture
def rgb(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Three slopes in three directions, (48, 64, 3)."""
    return np.stack([gray, gray[::-1], gray[:, ::-1]], axis=-1)


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """Something smooth enough for codecs with loss, (120, 160)."""
    y, x = np.mgrid[0:120, 0:160] / 40.0
    return (128 + 70 * np.sin(x) + 50 * np.cos(1.7 * y + x)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def pil_bytes() -> Callable[..., bytes]:
    """Encode an array or a Pillow picture with Pillow."""

    def encode(picture: NDArray[np.generic] | Image.Image, form: str, **options: object) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        file = io.BytesIO()
        image.save(file, form, **options)
        return file.getvalue()

    return encode


@pytest.fixture
def vips_bytes() -> Callable[..., bytes]:
    """Encode an array with libvips; `profile` is embedded, further options go to the saver."""

    def encode(
        samples: NDArray[np.generic],
        suffix: str,
        *,
        profile: bytes | None = None,
        interpretation: str | None = None,
        fields: dict[str, bytes] | None = None,
        orientation: int | None = None,
        **options: object,
    ) -> bytes:
        image = pyvips.Image.new_from_array(np.ascontiguousarray(samples)).copy()
        if interpretation is not None:
            image = image.copy(interpretation=interpretation)
        for name, blob in {"icc-profile-data": profile, **(fields or {})}.items():
            if blob is not None:
                image.set_type(pyvips.GValue.blob_type, name, blob)
        if orientation is not None:
            image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        saver = {".jpg": "jpegsave", ".png": "pngsave", ".tif": "tiffsave", ".webp": "webpsave"}
        return bytes(getattr(image, saver.get(suffix, "heifsave") + "_buffer")(**options))

    return encode


def gray_profile(curve: NDArray[np.uint16] | float) -> bytes:
    """A minimal ICC v2 profile for grey: a gamma, or a table of linear light over 16 bits.

    Reference: ICC.1:2001-04, 6.3.3 (monochrome input profiles) and 6.5.3 (curveType).
    """
    if isinstance(curve, float):
        table = struct.pack(">4sIIH", b"curv", 0, 1, round(curve * 256))
    else:
        table = struct.pack(">4sII", b"curv", 0, len(curve)) + curve.astype(">u2").tobytes()
    text = b"test\0"
    description = struct.pack(">4sII", b"desc", 0, len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    d50 = struct.pack(">4sIiii", b"XYZ ", 0, 63190, 65536, 54061)
    tags = {b"desc": description, b"wtpt": d50, b"kTRC": table, b"cprt": b"text\0\0\0\0none\0"}
    at = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        directory += struct.pack(">4sII", name, at + len(body), len(data))
        body += padded
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sIII8sI12s",
        at + len(body),
        b"none",
        0x02400000,
        b"mntr",
        b"GRAY",
        b"XYZ ",
        bytes(12),
        b"acsp",
        b"none",
        0,
        0,
        0,
        bytes(8),
        0,
        struct.pack(">iii", 63190, 65536, 54061),
    )
    return header.ljust(128, b"\0") + directory + body


@pytest.fixture
def make_gray_profile() -> Callable[[NDArray[np.uint16] | float], bytes]:
    return gray_profile


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Put bytes into a file and give its path."""

    def write(data: bytes, name: str = "picture") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def plain() -> Callable[..., NDArray[np.float32]]:
    """Coefficients of one colour everywhere: `plain(a, b)` is (4, 6, 4)."""

    def make(a: float = 0.0, b: float = 0.0) -> NDArray[np.float32]:
        coefficients = np.zeros((4, 6, 4), np.float32)
        coefficients[..., 2], coefficients[..., 3] = a, b
        return coefficients

    return make
