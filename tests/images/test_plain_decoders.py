"""BMP and PNM in all their variants: we decode them ourselves."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import UnreadableImage
from photochrom.images import read_picture, to_array
from photochrom.images.bmp import bmp_header, bmp_samples
from photochrom.images.pnm import pnm_header, pnm_samples


def pnm(data):
    file = np.frombuffer(data, np.uint8)
    return pnm_samples(file, pnm_header(file))


def bmp(data):
    file = np.frombuffer(data, np.uint8)
    return bmp_samples(file, bmp_header(file))


@pytest.mark.parametrize(("data", "wanted"), [
    (b"P1\n# a comment\n3 2\n1 0 1\n0#b\n11", [[0, 255, 0], [255, 0, 0]]),
    (b"P1 3 2 101011", [[0, 255, 0], [255, 0, 0]]),
    (b"P2 2 2 15 0 5 10 15", [[0, 85], [170, 255]]),
    (b"P4\n10 1\n\xa0\x40", [[0, 255, 0, 255, 255, 255, 255, 255, 255, 0]]),
    (b"P5 2 1 255\n\x01\xff", [[1, 255]]),
    (b"P5 2 1 3\n\x01\x03", [[85, 255]]),
    (b"P5 2 1 65535\n\x01\x02\xff\xff", [[258, 65535]]),
    (b"P5 2 1 1023\n\x01\xff\x03\xff", [[32735, 65535]]),
])  # fmt: skip
def test_gray_pnm(data, wanted):
    samples = pnm(data)
    assert samples.dtype == (np.uint16 if np.max(wanted) > 255 else np.uint8)
    np.testing.assert_array_equal(samples[..., 0], wanted)


def test_color_pnm():
    np.testing.assert_array_equal(pnm(b"P3 1 1 255 1 2 3"), [[[1, 2, 3]]])
    np.testing.assert_array_equal(pnm(b"P6 1 1 255\n\x01\x02\x03"), [[[1, 2, 3]]])
    head = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    np.testing.assert_array_equal(pnm(head + b"\x01\x02\x03\x04"), [[[1, 2, 3, 4]]])


@pytest.mark.parametrize(("scale", "order"), [(b"-1.0", "<f4"), (b"1.0", ">f4")])
def test_pfm_runs_upwards(scale, order):
    values = np.array([0.25, 0.5, 0.75, 1.0], order)
    samples = pnm(b"Pf\n2 2\n" + scale + b"\n" + values.tobytes())
    np.testing.assert_array_equal(samples[..., 0], [[0.75, 1.0], [0.25, 0.5]])
    assert read_picture(b"Pf\n2 2\n" + scale + b"\n" + values.tobytes()).bit_depth == 16


@given(st.binary(max_size=80), st.sampled_from(b"1234567Ff"))
def test_any_pnm_gives_samples_or_value_error(body, kind):
    try:
        samples = pnm(bytes([ord("P"), kind]) + b" 3 2 " + body)
    except ValueError:
        return
    assert samples.shape[:2] == (2, 3)


def test_bmp_against_pillow(rgb, pil_bytes):
    from PIL import Image

    for mode in ("1", "L", "P", "RGB", "RGBA"):
        for width in (64, 63, 62, 61):
            image = Image.fromarray(rgb[:, :width]).convert(mode)
            wanted = np.asarray(image.convert("RGB"))
            np.testing.assert_array_equal(bmp(pil_bytes(image, "BMP")), wanted)


def bitmap(width, height, bits, compression, body, *, palette=b"", masks=b"", used=0):
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(body), 0, 0, used, 0)
    offset = 14 + len(info) + len(masks) + len(palette)
    head = struct.pack("<2sIHHI", b"BM", offset + len(body), 0, 0, offset)
    return head + info + masks + palette + body


def test_bmp_top_down_and_16_bits():
    words = np.array([[0x7C00, 0x03E0], [0x001F, 0x7FFF]], "<u2")
    np.testing.assert_array_equal(
        bmp(bitmap(2, -2, 16, 0, words.tobytes())),
        [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]],
    )
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    words = np.array([[0xF800, 0x07E0]], "<u2")
    np.testing.assert_array_equal(
        bmp(bitmap(2, 1, 16, 3, words.tobytes(), masks=masks)), [[[255, 0, 0], [0, 255, 0]]]
    )


def test_bmp_of_32_bits_without_alpha_is_opaque():
    body = bytes([1, 2, 3, 0, 4, 5, 6, 0])
    np.testing.assert_array_equal(bmp(bitmap(2, 1, 32, 0, body)), [[[3, 2, 1], [6, 5, 4]]])


def test_bmp_of_os2():
    head = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 26 + 6)
    info = struct.pack("<IHHHH", 12, 2, 1, 1, 1)
    palette = bytes([0, 0, 0, 10, 20, 30])
    np.testing.assert_array_equal(bmp(head + info + palette + b"\x40\0\0\0"), [[[0, 0, 0], [30, 20, 10]]])


def test_run_lengths():
    palette = b"".join(bytes([code, code, code, 0]) for code in range(256))
    body = bytes([3, 7, 0, 0, 0, 3, 1, 2, 3, 0, 1, 9, 0, 0, 0, 2, 1, 0, 1, 5, 0, 1])
    made = bmp(bitmap(4, 3, 8, 1, body, palette=palette, used=256))[..., 0]
    np.testing.assert_array_equal(made[::-1], [[7, 7, 7, 0], [1, 2, 3, 9], [0, 5, 0, 0]])
    body = bytes([5, 0x12, 0, 0, 0, 3, 0x45, 0x60, 0, 1])
    made = bmp(bitmap(5, 2, 4, 2, body, palette=palette[:64], used=16))[..., 0]
    np.testing.assert_array_equal(made[::-1], [[1, 2, 1, 2, 1], [4, 5, 6, 0, 0]])


@pytest.mark.parametrize("data", [
    bitmap(10, 10, 24, 0, b"short"), bitmap(4, 4, 8, 1, b"\x03\x07"), bitmap(0, 4, 24, 0, b""),
    bitmap(4, 4, 7, 0, b""), bitmap(4, 4, 24, 5, b""), bitmap(4, 4, 8, 1, b"\0\x02"),
])  # fmt: skip
def test_bmp_that_cannot_be_decoded(data):
    with pytest.raises(UnreadableImage):
        to_array(read_picture(data).lightness)


@given(st.binary(max_size=120))
def test_any_bmp_gives_samples_or_value_error(body):
    for compression, bits in ((1, 8), (2, 4), (0, 16)):
        try:
            made = bmp(bitmap(5, 4, bits, compression, body))
        except ValueError:
            continue
        assert made.shape[:2] == (4, 5)


def test_maps_of_files_are_not_kept_open(gray, pil_bytes, written):
    path = written(pil_bytes(gray, "PPM"), "a.ppm")
    before = path.read_bytes()
    assert to_array(read_picture(path).lightness).shape[:2] == (48, 64)
    assert path.read_bytes() == before
    assert io.BytesIO(before).read(2) == b"P5"
