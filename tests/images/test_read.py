"""Every kind of picture gives the lightness that it should."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image

from photochrom.color.lab import lightness_from_y
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import ImageTooLarge, UnreadableImage
from photochrom.images import Limits, read_picture


def lightness(picture):
    return picture.lightness.numpy().reshape(picture.height, picture.width)


def expected(codes):
    """L* of sRGB codes, (h, w) or (h, w, 3), uint8 or uint16."""
    values = codes / np.iinfo(codes.dtype).max
    return srgb_to_lab(values if codes.ndim == 3 else np.stack([values] * 3, -1))[..., 0]


def tiff(samples, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_8_bit_gray(gray, pil_bytes, form):
    picture = read_picture(pil_bytes(gray, form))
    assert (picture.width, picture.height, picture.bit_depth) == (64, 48, 8)
    assert picture.alpha is None
    np.testing.assert_allclose(lightness(picture), expected(gray), atol=0.01)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "PPM"])
def test_8_bit_rgb(rgb, pil_bytes, form):
    picture = read_picture(pil_bytes(rgb, form))
    np.testing.assert_allclose(lightness(picture), expected(rgb), atol=0.01)


@pytest.mark.parametrize(("form", "options"), [
    ("JPEG", {"quality": 98}), ("WEBP", {"lossless": True}), ("AVIF", {"quality": 98}),
])  # fmt: skip
def test_formats_with_loss(photo, pil_bytes, form, options):
    picture = read_picture(pil_bytes(np.stack([photo] * 3, -1), form, **options))
    assert picture.bit_depth == 8
    assert np.abs(lightness(picture) - expected(photo)).mean() < 0.5


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_are_not_cut_to_8(gray16, vips_bytes, suffix):
    for samples in (gray16, np.stack([gray16, gray16[::-1], gray16[:, ::-1]], -1)):
        kind = "grey16" if samples.ndim == 2 else "rgb16"
        picture = read_picture(vips_bytes(samples, suffix, interpretation=kind))
        assert picture.bit_depth == 16
        np.testing.assert_allclose(lightness(picture), expected(samples), atol=0.003)
        assert len(np.unique(lightness(picture))) > 2000


@pytest.mark.parametrize("options", [
    {"compression": "lzw", "predictor": "horizontal"},
    {"compression": "deflate", "predictor": "horizontal"},
    {"compression": "packbits"},
    {"tile": True, "tile_width": 16, "tile_height": 16, "compression": "lzw"},
    {"bigtiff": True},
    {"miniswhite": True},
])  # fmt: skip
def test_kinds_of_tiff(gray, vips_bytes, options):
    picture = read_picture(vips_bytes(gray, ".tif", interpretation="b-w", **options))
    np.testing.assert_allclose(lightness(picture), expected(gray), atol=0.01)


def test_white_is_zero(gray, gray16):
    for samples in (gray, gray16, (gray / 255).astype(np.float32)):
        top = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
        picture = read_picture(tiff(samples, photometric="miniswhite"))
        direct = read_picture(tiff((top - samples).astype(samples.dtype), photometric="minisblack"))
        np.testing.assert_allclose(lightness(picture), lightness(direct), atol=0.01)


@pytest.mark.parametrize(("form", "options"), [
    ("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"}), ("BMP", {}), ("PPM", {}),
])  # fmt: skip
def test_1_bit(gray, pil_bytes, form, options):
    bits = Image.fromarray(gray).convert("1", dither=Image.Dither.NONE)
    picture = read_picture(pil_bytes(bits, form, **options))
    np.testing.assert_allclose(lightness(picture), np.where(gray < 128, 0, 100), atol=0.01)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("colors", [2, 13, 200])
def test_palette(rgb, pil_bytes, form, colors):
    indexed = Image.fromarray(rgb).quantize(colors)
    picture = read_picture(pil_bytes(indexed, form))
    np.testing.assert_allclose(lightness(picture), expected(np.asarray(indexed.convert("RGB"))), atol=0.01)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colored", [False, True])
def test_alpha(gray, rgb, vips_bytes, suffix, dtype, colored):
    opacity = gray[:, ::-1]
    samples = np.dstack([rgb if colored else gray, opacity]).astype(dtype)
    depth = 8
    if dtype == np.uint16:
        samples, depth = samples * np.uint16(257), 16
    kind = ("rgb16" if depth == 16 else "srgb") if colored else ("grey16" if depth == 16 else "b-w")
    picture = read_picture(vips_bytes(samples, suffix, interpretation=kind))
    assert picture.bit_depth == depth
    np.testing.assert_array_equal(picture.alpha.numpy(), samples[..., -1])
    wanted = samples[..., :-1] if colored else samples[..., 0]
    np.testing.assert_allclose(lightness(picture), expected(wanted), atol=0.01)


def test_cmyk_by_its_fallback_profile(pil_bytes):
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[:4, :, 3] = 255
    for form in ("JPEG", "TIFF"):
        made = lightness(read_picture(pil_bytes(Image.fromarray(ink, "CMYK"), form)))
        assert made[0, 0] < 20
        assert made[-1, -1] > 99


def test_lab_tiff(gray):
    lab = np.dstack([gray, np.full_like(gray, 30), np.full_like(gray, 200)])
    for samples, top in ((lab, 255), (lab.astype(np.uint16) * 257, 65535)):
        picture = read_picture(tiff(samples, photometric="cielab"))
        np.testing.assert_allclose(lightness(picture), samples[..., 0] * (100 / top), atol=0.01)


def test_lab_tiff_of_floats_and_of_numbers_declared_signed(gray):
    light = gray * (100 / 255)
    lab = np.dstack([light, np.full_like(light, -30), np.full_like(light, 60)])
    whole = pyvips.Image.new_from_array(lab.astype(np.float32)).copy(interpretation="lab")
    for image in (whole, whole.colourspace("labs")):
        picture = read_picture(image.tiffsave_buffer())
        assert picture.bit_depth == 16
        np.testing.assert_allclose(lightness(picture), light, atol=0.01)


def test_ycbcr_tiff(rgb, pil_bytes):
    picture = read_picture(pil_bytes(Image.fromarray(rgb).convert("YCbCr"), "TIFF"))
    np.testing.assert_allclose(lightness(picture), expected(rgb), atol=1.5)


@pytest.mark.parametrize(("dtype", "top"), [
    (np.float16, 1), (np.float32, 1), (np.int8, 127), (np.int16, 32767), (np.uint32, 2**32 - 1),
])  # fmt: skip
def test_other_samples_of_tiff(gray, dtype, top):
    values = gray / 255
    picture = read_picture(tiff((values * top).astype(dtype), photometric="minisblack"))
    assert picture.bit_depth == 16
    np.testing.assert_allclose(lightness(picture), expected(gray), atol=2.0 if top == 127 else 0.1)


def test_floats_beyond_their_range_and_nan():
    samples = np.full((4, 5), 0.5, np.float32)
    samples[0] = [np.nan, np.inf, -np.inf, 7.0, -3.0]
    for source in (tiff(samples, photometric="minisblack"), samples):
        made = lightness(read_picture(source))
        np.testing.assert_allclose(made[0], [0, 100, 0, 100, 0], atol=0.01)
        np.testing.assert_allclose(made[1], lightness_from_y(0.214041), atol=0.01)


def test_floats_on_another_scale_are_refused(gray):
    for source in (tiff(gray.astype(np.float32)), gray.astype(np.float64)):
        with pytest.raises(UnreadableImage, match=r"0…1"):
            read_picture(source)


def test_64_bit_tiff_says_what_to_do(gray):
    with pytest.raises(UnreadableImage, match="64-bit"):
        read_picture(tiff(gray / 255, photometric="minisblack"))


def test_first_of_several(gray, pil_bytes):
    pages = [Image.fromarray(gray), Image.fromarray(255 - gray)]
    for form in ("TIFF", "GIF"):
        picture = read_picture(pil_bytes(pages[0], form, save_all=True, append_images=pages[1:]))
        assert picture.warnings == ("only the first of its 2 pages or frames was taken",)
        np.testing.assert_allclose(lightness(picture), expected(gray), atol=0.01)


def test_sepia_becomes_lightness_by_colorimetry(gray):
    sepia = (gray[..., np.newaxis] * [1.0, 0.85, 0.66]).astype(np.uint8)
    np.testing.assert_allclose(lightness(read_picture(sepia)), expected(sepia), atol=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_orientation(photo, vips_bytes, orientation, suffix):
    options = {} if suffix in (".png", ".tif") else {"Q": 100}
    marked = photo.copy()
    marked[:40, :50] = 255
    samples = np.dstack([marked] * 3)
    data = vips_bytes(samples, suffix, interpretation="srgb", orientation=orientation, **options)
    upright = pyvips.Image.new_from_buffer(data, "").autorot()
    upright = upright.numpy()
    picture = read_picture(data)
    assert (picture.height, picture.width) == upright.shape[:2]
    np.testing.assert_allclose(lightness(picture), expected(upright), atol=0.01)
    small = picture.thumbnail(32, multiple=8)
    assert small.shape == ((32, 40) if picture.width > picture.height else (40, 32))
    assert np.abs(small - reduced(expected(upright), *small.shape)).mean() < 1.5


def reduced(full, height, width):
    return np.asarray(Image.fromarray(full.astype(np.float32)).resize((width, height), Image.Resampling.BOX))


def test_luminance_and_lightness_agree_and_can_be_read_twice(photo, pil_bytes):
    picture = read_picture(pil_bytes(photo, "JPEG"))
    for _ in range(2):
        light = picture.luminance.numpy()
        np.testing.assert_allclose(picture.lightness.numpy(), lightness_from_y(light), atol=1e-3)


@pytest.mark.parametrize("size", [(1200, 900), (1203, 907), (640, 2000), (31, 17)])
def test_thumbnail_is_a_reduction_of_lightness(size, pil_bytes):
    height, width = size
    y, x = np.mgrid[0:height, 0:width] / 90.0
    photo = (128 + 70 * np.sin(x) + 50 * np.cos(1.7 * y + x)).astype(np.uint8)
    for form in ("JPEG", "PNG"):
        picture = read_picture(pil_bytes(photo, form))
        small = picture.thumbnail(64, multiple=16)
        assert small.dtype == np.float32
        assert min(small.shape) == 64
        assert all(side % 16 == 0 for side in small.shape)
        wanted = reduced(expected(photo), *small.shape)
        assert np.abs(small - wanted).mean() < 0.8
        assert 0 <= small.min() <= small.max() <= 100


def test_a_thin_strip_has_a_small_thumbnail():
    picture = read_picture(np.zeros((3, 5000), np.uint8))
    assert picture.thumbnail(64, multiple=16).shape == (64, 256)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.bool_, ">u2"])
@pytest.mark.parametrize("bands", [None, 1, 2, 3, 4])
def test_arrays(dtype, bands):
    rng = np.random.default_rng(0)
    dtype = np.dtype(dtype)
    shape = (5, 7) if bands is None else (5, 7, bands)
    top = 1 if dtype.kind in "fb" else 2 ** (8 * dtype.itemsize) - 1
    values = (rng.random(shape) * (2 if dtype.kind == "b" else top)).astype(dtype)
    picture = read_picture(values)
    assert picture.bit_depth == (8 if dtype.itemsize == 1 else 16)
    assert (picture.alpha is not None) == (bands in (2, 4))
    assert picture.output_suffix == ".png"
    part = values if bands is None else values[..., :3] if bands in (3, 4) else values[..., 0]
    wanted = srgb_to_lab((part if part.ndim == 3 else np.stack([part] * 3, -1)) / top)[..., 0]
    np.testing.assert_allclose(lightness(picture), wanted, atol=0.01)


@pytest.mark.parametrize("array", [
    np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8), np.zeros((2, 2, 5), np.uint8),
    np.zeros((2, 2), np.int64), np.zeros((2, 2), np.complex64), np.zeros((1, 2, 2, 3), np.uint8),
])  # fmt: skip
def test_arrays_that_are_no_pictures(array):
    with pytest.raises(UnreadableImage, match="array"):
        read_picture(array)


@pytest.mark.parametrize(("limits", "message"), [
    (Limits(max_bytes=100), "bytes"), (Limits(max_pixels=1000), "megapixels"),
    (Limits(max_side=63), "64 by 48"),
])  # fmt: skip
def test_limits(gray, pil_bytes, limits, message):
    for form in ("PNG", "JPEG", "BMP", "PPM", "TIFF", "GIF", "WEBP"):
        with pytest.raises(ImageTooLarge, match=message):
            read_picture(pil_bytes(gray, form), limits=limits)


def test_limit_on_what_must_be_held_whole(photo, pil_bytes):
    small = Limits(max_whole=20_000)
    read_picture(pil_bytes(photo, "PNG"), limits=small)
    read_picture(pil_bytes(photo, "JPEG"), limits=small)
    for data in (pil_bytes(photo, "JPEG", progressive=True), pil_bytes(photo, "WEBP")):
        with pytest.raises(ImageTooLarge, match="streamed"):
            read_picture(data, limits=small)


def png_header(width, height):
    """A PNG that claims a size and holds next to nothing."""
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(60_000, 60_000), (60_000, 1), (40_000, 40_000)])
def test_decompression_bombs_stop_at_the_header(size):
    with pytest.raises(ImageTooLarge):
        read_picture(png_header(*size))


def test_the_name_in_messages(written, tmp_path):
    path = written(b"just some text\n", "letter [1].jpg")
    with pytest.raises(UnreadableImage) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: is not a picture in any format known here"
    with pytest.raises(UnreadableImage, match=r"^attachment: "):
        read_picture(b"text", name="attachment")


def test_brackets_in_a_name_are_part_of_it(gray, pil_bytes, written):
    path = written(pil_bytes(gray, "JPEG"), "scan[shrink=2].jpg")
    assert read_picture(path).width == 64
    assert read_picture(path).output_suffix == ".jpg"


def test_contents_decide_not_the_suffix(gray, pil_bytes, written):
    picture = read_picture(written(pil_bytes(gray, "PNG"), "wrong.jpg"))
    assert picture.format.name == "png"
    assert picture.output_suffix == ".png"


def test_heic_by_the_extra(photo):
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Grandmother", 6
    heif.from_pillow(Image.fromarray(np.stack([photo] * 3, -1))).save(file, quality=95, exif=exif.tobytes())
    picture = read_picture(file.getvalue())
    assert picture.format.name == "heic"
    assert picture.output_suffix == ".avif"
    assert b"Grandmother" in picture.metadata.value("exif-data")


def test_heic_without_the_extra(monkeypatch):
    import sys

    from photochrom.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtra, match=r"photochrom\[heic\]"):
        read_picture(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))


@pytest.mark.parametrize("hidden", [0, 255])
def test_what_cannot_be_seen_does_not_count_in_a_thumbnail(photo, hidden):
    la = np.stack([photo, np.full_like(photo, 255)], axis=-1)
    la[:32] = (hidden, 0)
    small = read_picture(la).thumbnail(64, multiple=1)
    whole = read_picture(photo).thumbnail(64, multiple=1)
    step = photo.shape[0] / small.shape[0]
    shown = int(32 / step) + 4
    np.testing.assert_allclose(small[shown:], whole[shown:], atol=0.1)
    np.testing.assert_allclose(small[: shown - 8], small[shown:].mean(), atol=3)


def test_edges_of_what_is_seen_leave_no_specks():
    """A lace of dots on a hidden black ground, of tones between L 40 and 70."""
    tones = np.random.default_rng(0).integers(95, 170, (600, 600)).astype(np.uint8)
    y, x = np.mgrid[:600, :600]
    alpha = np.where(np.hypot(y % 24 - 12, x % 24 - 12) < 5, 255, 0).astype(np.uint8)
    small = read_picture(np.stack([np.where(alpha, tones, 0), alpha], axis=-1).astype(np.uint8)).thumbnail(
        320, multiple=32
    )
    darkest, lightest = expected(np.array([[85, 180]], np.uint8))[0]
    assert darkest <= small.min() and small.max() <= lightest


def test_a_picture_that_is_all_transparent_has_the_tones_that_it_hides(photo):
    la = np.stack([photo, np.zeros_like(photo)], axis=-1)
    np.testing.assert_array_equal(
        read_picture(la).thumbnail(64, multiple=1), read_picture(photo).thumbnail(64, multiple=1)
    )
