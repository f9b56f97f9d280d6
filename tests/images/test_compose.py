"""Lightness stays, grey is grey, colour is what the formulas say, and it streams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from photochrom.color.constants import XYZ_TO_RGB
from photochrom.color.lab import lab_to_xyz
from photochrom.color.srgb import linear_to_srgb, srgb_to_lab
from photochrom.errors import BadOption
from photochrom.images import compose, read_picture, side_by_side, to_array


def reference(picture, coefficients):
    """The same by numpy in double precision: sRGB in 0…1, unrounded, (height, width, 3)."""
    lightness = picture.lightness.numpy().reshape(picture.height, picture.width).astype(float)
    full = enlarged(coefficients.astype(float), picture.height, picture.width)
    ab = full[..., :2] * lightness[..., np.newaxis] + full[..., 2:]
    xyz = lab_to_xyz(np.concatenate([lightness[..., np.newaxis], ab], axis=-1))
    light = xyz @ XYZ_TO_RGB.T
    y = xyz[..., 1:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(light > 1, (1 - y) / (light - y), 1)
        below = np.where(light < 0, y / (y - light), 1)
    factor = np.minimum(above, below).min(axis=-1, keepdims=True).clip(0, 1)
    return linear_to_srgb((y + factor * (light - y)).clip(0, 1))


def enlarged(planes, height, width):
    """Bilinear, centres of pixels aligned, edges held."""
    for axis, size in ((0, height), (1, width)):
        count = planes.shape[axis]
        at = ((np.arange(size) + 0.5) * count / size - 0.5).clip(0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        weight = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        high = np.minimum(low + 1, count - 1)
        planes = planes.take(low, axis) * (1 - weight) + planes.take(high, axis) * weight
    return planes


coefficient_planes = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-1, 1, width=32),
).flatmap(
    lambda first: st.tuples(
        st.just(first), *[arrays.arrays(np.float32, first.shape, elements=st.floats(-1, 1, width=32))] * 3
    )
)


def stacked(planes, reach):
    slope = [plane * np.float32(reach / 100) for plane in planes[:2]]
    return np.stack([*slope, *[plane * np.float32(reach) for plane in planes[2:]]], -1)


@given(
    tone=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 255)
    ),
    planes=coefficient_planes,
    reach=st.sampled_from([10.0, 40.0, 100.0]),
)
def test_8_bits_against_numpy(tone, planes, reach):
    picture = read_picture(tone)
    coefficients = stacked(planes, reach)
    made = to_array(compose(picture, coefficients))
    assert made.shape == (*tone.shape, 3)
    assert made.dtype == np.uint8
    wanted = reference(picture, coefficients) * 255
    assert np.abs(made - wanted).max() <= 1
    kept = srgb_to_lab(made / 255)[..., 0] - srgb_to_lab(np.stack([tone / 255] * 3, -1))[..., 0]
    # Half a code of each channel is up to 0.4 of L in mid tones, and more near black.
    assert np.abs(kept).max() < 1.2


@given(
    tone=arrays.arrays(
        np.uint16, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.integers(0, 65535)
    ),
    planes=coefficient_planes,
)
def test_16_bits_against_numpy(tone, planes):
    picture = read_picture(tone)
    coefficients = stacked(planes, 40.0)
    made = to_array(compose(picture, coefficients))
    assert made.dtype == np.uint16
    # Chroma goes through tables of 16 bits, which near black is coarser than sRGB's own.
    assert np.abs(made - reference(picture, coefficients) * 65535).max() < 80
    kept = srgb_to_lab(made / 65535)[..., 0] - srgb_to_lab(np.stack([tone / 65535] * 3, -1))[..., 0]
    assert np.abs(kept).max() < 0.01


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_no_chroma_gives_back_every_gray(dtype, plain):
    codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(256, -1)
    made = to_array(compose(read_picture(codes), plain()))
    for channel in range(3):
        np.testing.assert_array_equal(made[..., channel], codes)


def test_black_and_white_stay_so_whatever_the_chroma(plain):
    codes = np.array([[0, 255]], np.uint8)
    made = to_array(compose(read_picture(codes), plain(80, -90)))
    np.testing.assert_array_equal(made, [[[0] * 3, [255] * 3]])


@pytest.mark.parametrize("chroma", [(20, 30), (-60, 50), (98, 67), (0, -107)])
def test_mean_lightness_over_all_grays(chroma, plain):
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    made = to_array(compose(read_picture(codes), plain(*chroma)))
    wanted = srgb_to_lab(np.stack([codes / 255] * 3, -1))[..., 0]
    assert np.abs(srgb_to_lab(made / 255)[..., 0] - wanted).mean() < 0.15


def test_hue_is_what_was_asked_where_it_fits(plain):
    made = to_array(compose(read_picture(np.full((8, 8), 119, np.uint8)), plain(20, -15)))
    np.testing.assert_allclose(srgb_to_lab(made / 255)[0, 0, 1:], [20, -15], atol=0.6)


@pytest.mark.parametrize("size", [(7, 5), (300, 410), (1, 90)])
def test_centers_of_pixels_are_aligned(size):
    """Also where the planes are larger than the picture."""
    rng = np.random.default_rng(3)
    for planes in (rng.normal(0, 12, (6, 9, 4)), rng.normal(0, 12, (64, 33, 4))):
        planes[..., :2] /= 100
        picture = read_picture(np.full(size, 130, np.uint8))
        made = to_array(compose(picture, planes.astype(np.float32)))
        assert np.abs(made - reference(picture, planes) * 255).max() <= 1


@pytest.mark.parametrize("bits", [8, 16])
def test_alpha_is_untouched(gray, plain, bits):
    scale = np.uint16(257) if bits == 16 else np.uint8(1)
    samples = np.dstack([gray, gray.T.reshape(gray.shape)]) * scale
    made = to_array(compose(read_picture(samples), plain(10, 10)))
    np.testing.assert_array_equal(made[..., 3], samples[..., 1])


def test_a_picture_can_be_composed_again(photo, pil_bytes, plain):
    for form in ("JPEG", "PNG"):
        picture = read_picture(pil_bytes(photo, form))
        first, second = (to_array(compose(picture, plain(10, 20))) for _ in range(2))
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("coefficients", [
    np.zeros((4, 4), np.float32), np.zeros((4, 4, 2), np.float32), np.zeros((0, 4, 4), np.float32),
    np.full((2, 2, 4), np.nan, np.float32), np.full((2, 2, 4), np.inf, np.float32),
])  # fmt: skip
def test_coefficients_that_cannot_be(coefficients):
    with pytest.raises(BadOption, match="coefficients"):
        compose(read_picture(np.zeros((4, 4), np.uint8)), coefficients)


@pytest.mark.parametrize("bands", [1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_side_by_side(gray, plain, bands, dtype):
    samples = np.dstack([gray] * bands).astype(dtype) * dtype(1 if dtype == np.uint8 else 257)
    picture = read_picture(samples)
    after = compose(picture, plain(15, 5))
    both = to_array(side_by_side(picture, after))
    assert both.dtype == dtype
    assert both.shape == (48, 64 + 2 + 64, 4 if bands == 2 else 3)
    for channel in range(3):
        np.testing.assert_array_equal(both[:, :64, channel], samples[..., 0])
    assert (both[:, 64:66] == np.iinfo(dtype).max).all()
    np.testing.assert_array_equal(both[:, 66:], to_array(after))
