"""The colours of a picture, small and upright."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import UnreadableImage
from photochrom.images.colors import reduced_colors
from photochrom.images.read import read_picture

RED, BLUE = (180, 40, 40), (40, 60, 170)


def halves(left=RED, right=BLUE, height=90, width=120):
    """Left half of one colour, right half of another."""
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:, : width // 2], rgb[:, width // 2 :] = left, right
    return rgb


def lab_of(color):
    return srgb_to_lab(np.array(color) / 255)


@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint8), (".tif", np.uint16), (".webp", np.uint8)],
)
def test_colours_at_the_size_asked_for(vips_bytes, suffix, dtype):
    rgb = halves().astype(dtype) * (257 if dtype == np.uint16 else 1)
    options = {"lossless": True} if suffix == ".webp" else {}
    kind = "rgb16" if dtype == np.uint16 else "srgb"
    lab, opaque = reduced_colors(
        read_picture(vips_bytes(rgb, suffix, interpretation=kind, **options)), 24, 16
    )
    assert lab.shape == (16, 24, 3) and opaque.shape == (16, 24) and opaque.all()
    np.testing.assert_allclose(lab[:, :8], np.broadcast_to(lab_of(RED), (16, 8, 3)), atol=0.1)
    np.testing.assert_allclose(lab[:, -8:], np.broadcast_to(lab_of(BLUE), (16, 8, 3)), atol=0.1)


def test_a_large_jpeg_is_decoded_small_and_gives_the_same(vips_bytes):
    small, large = (
        reduced_colors(read_picture(vips_bytes(halves(height=90 * k, width=120 * k), ".jpg", Q=95)), 12, 8)[0]
        for k in (1, 12)
    )
    np.testing.assert_allclose(small[:, :4], large[:, :4], atol=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_as_the_lightness_is(photo, vips_bytes, orientation):
    rgb = np.stack([photo, photo[::-1], photo[:, ::-1]], axis=-1)
    picture = read_picture(vips_bytes(rgb, ".png", interpretation="srgb", orientation=orientation))
    width, height = picture.width // 4, picture.height // 4
    lab, _ = reduced_colors(picture, width, height)
    # Reduced in another scale of tone, so not the same to the last unit.
    assert np.abs(lab[..., 0] - picture.reduced(width, height)).mean() < 0.5


def test_what_cannot_be_seen_is_marked():
    rgba = np.dstack([halves(), np.full((90, 120), 255, np.uint8)])
    rgba[:, 60:, 3] = 0
    lab, opaque = reduced_colors(read_picture(rgba), 24, 18)
    assert opaque[:, :11].all() and not opaque[:, 13:].any()
    np.testing.assert_allclose(lab[:, :8], np.broadcast_to(lab_of(RED), (18, 8, 3)), atol=0.1)


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 1), (40, 60, 2)])
def test_grey_samples_have_no_colour(shape):
    lab, _ = reduced_colors(read_picture(np.full(shape, 90, np.uint8)), 6, 4)
    assert not lab[..., 1:].any() and lab[..., 0].std() < 0.01


def test_floats_and_cmyk(pil_bytes):
    lab, _ = reduced_colors(read_picture(halves() / np.float32(255)), 24, 16)
    np.testing.assert_allclose(lab[8, 4], lab_of(RED), atol=0.1)
    cmyk = pil_bytes(Image.fromarray(halves()).convert("CMYK"), "JPEG", quality=95)
    lab, _ = reduced_colors(read_picture(cmyk), 24, 16)
    assert lab[8, 4, 1] > 20 > 0 > lab[8, 20, 2]


def test_damage_is_named(vips_bytes):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = vips_bytes(noise, ".png", interpretation="srgb")
    with pytest.raises(UnreadableImage, match="bytes"):
        reduced_colors(read_picture(data[: len(data) // 2]), 20, 20)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_cannot_be_seen_lends_no_colour(vips_bytes, dtype):
    """A cut-out on a hidden green ground: at its edge red stays red."""
    top = np.iinfo(dtype).max
    rgba = np.empty((64, 64, 4), dtype)
    rgba[:] = (0, top, 0, 0)
    rgba[:, ::4] = (top, 0, 0, top)
    kind = "rgb16" if dtype == np.uint16 else "srgb"
    lab, _ = reduced_colors(read_picture(vips_bytes(rgba, ".png", interpretation=kind)), 16, 16)
    np.testing.assert_allclose(lab, np.broadcast_to(lab_of((255, 0, 0)), lab.shape), atol=0.5)
