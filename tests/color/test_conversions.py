"""Every conversion: published values, any number of dimensions, round trip, extremes; oracles."""

import colour
import numpy as np
import pytest
import skimage.color
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color.lab import (
    lab_to_linear,
    lab_to_xyz,
    lightness_from_y,
    linear_to_lab,
    linear_to_xyz,
    xyz_to_lab,
    xyz_to_linear,
    y_from_lightness,
)
from photochrom.color.srgb import lab_to_srgb, linear_to_srgb, srgb_to_lab, srgb_to_linear

# There and back, with a colour that each first function takes.
PAIRS = [
    (srgb_to_linear, linear_to_srgb),
    (linear_to_xyz, xyz_to_linear),
    (xyz_to_lab, lab_to_xyz),
    (linear_to_lab, lab_to_linear),
    (srgb_to_lab, lab_to_srgb),
    (lightness_from_y, y_from_lightness),
]
FUNCTIONS = [function for pair in PAIRS for function in pair]
TRIPLET_FUNCTIONS = [f for f in FUNCTIONS if f not in {*PAIRS[0], *PAIRS[5]}]

# Lindbloom's calculator and colour-science print these, D65.
SRGB_AND_LAB = [
    ([0, 0, 0], [0, 0, 0]),
    ([1, 1, 1], [100, 0, 0]),
    ([1, 0, 0], [53.2408, 80.0925, 67.2032]),
    ([0, 1, 0], [87.7347, -86.1827, 83.1793]),
    ([0, 0, 1], [32.2970, 79.1875, -107.8602]),
    ([1, 1, 0], [97.1393, -21.5537, 94.4780]),
    ([0, 1, 1], [91.1132, -48.0875, -14.1312]),
    ([1, 0, 1], [60.3242, 98.2343, -60.8249]),
]


@pytest.mark.parametrize(("srgb", "lab"), SRGB_AND_LAB)
def test_lab_of_the_primaries(srgb, lab):
    # They were computed with matrices rounded to 7 decimals and ASTM's D65: 0.02 is that difference.
    np.testing.assert_allclose(srgb_to_lab(srgb), lab, atol=0.02)
    np.testing.assert_allclose(lab_to_srgb(lab), srgb, atol=2e-3)


@pytest.mark.parametrize(
    ("encoded", "linear"),
    [(0, 0), (0.04045, 0.0031308), (0.5, 0.2140411), (188 / 255, 0.5028865), (1, 1), (-0.5, -0.2140411)],
)
def test_srgb_transfer_values(encoded, linear):
    assert srgb_to_linear(encoded) == pytest.approx(linear, abs=1e-7)
    assert linear_to_srgb(linear) == pytest.approx(encoded, abs=1e-6)


@pytest.mark.parametrize(
    ("y", "lightness"),
    [(0, 0), (216 / 24389, 8), (0.1841865, 50), (0.2, 51.8372), (1, 100)],
)
def test_lightness_values(y, lightness):
    assert lightness_from_y(y) == pytest.approx(lightness, abs=1e-4)
    assert y_from_lightness(lightness) == pytest.approx(y, abs=1e-6)


@pytest.mark.parametrize(
    ("function", "given_values", "published"),
    [
        # The oracle's own documentation examples (colour-science, `XYZ_to_Lab` and `Lab_to_XYZ`).
        (xyz_to_lab, [0.20654008, 0.12197225, 0.05136952], [41.52787529, 52.63858304, 26.92317922]),
        (lab_to_xyz, [41.52787529, 52.63858304, 26.92317922], [0.20654008, 0.12197225, 0.05136952]),
        (linear_to_xyz, [1, 0, 0], [0.4124, 0.2126, 0.0193]),
        (xyz_to_linear, [0.4124, 0.2126, 0.0193], [1, 0, 0]),
    ],
)
def test_published_tristimulus_values(function, given_values, published):
    np.testing.assert_allclose(function(given_values), published, atol=2e-4)


def test_lab_agrees_with_colour_science_exactly(some_srgb):
    linear = colour.models.eotf_sRGB(some_srgb)
    np.testing.assert_allclose(srgb_to_linear(some_srgb), linear, atol=1e-7)
    space = colour.models.RGB_COLOURSPACE_sRGB.copy()
    space.use_derived_transformation_matrices(True)
    xyz = linear @ space.matrix_RGB_to_XYZ.T
    np.testing.assert_allclose(linear_to_xyz(linear), xyz, atol=1e-12)
    lab = colour.XYZ_to_Lab(xyz, np.array([0.3127, 0.3290]))
    np.testing.assert_allclose(linear_to_lab(linear), lab, atol=1e-9)
    np.testing.assert_allclose(lab_to_linear(lab), linear, atol=1e-12)
    np.testing.assert_allclose(lightness_from_y(xyz[:, 1]), lab[:, 0], atol=1e-9)


def test_lab_agrees_with_scikit_image(some_srgb):
    # Its matrix is rounded to six decimals and its white to five.
    lab = skimage.color.rgb2lab(some_srgb)
    np.testing.assert_allclose(srgb_to_lab(some_srgb), lab, atol=0.02)
    np.testing.assert_allclose(lab_to_srgb(lab), skimage.color.lab2rgb(lab), atol=3e-3)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("shape", [(3,), (6, 3), (2, 3, 3), (2, 1, 3, 3), (0, 3)])
def test_any_number_of_dimensions(function, shape):
    colors = np.linspace(0.1, 0.9, int(np.prod(shape))).reshape(shape)
    converted = function(colors)
    assert converted.shape == shape
    one_by_one = [function(color) for color in colors.reshape(-1, 3)]
    np.testing.assert_array_equal(converted.reshape(-1, 3), np.reshape(one_by_one, (-1, 3)))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("given_type", "returned"),
    [("float32", "float32"), ("float64", "float64"), ("float16", "float64"), ("int64", "float64")],
)
def test_float32_stays_float32(function, given_type, returned):
    assert function(np.ones((4, 3), given_type)).dtype == returned


@pytest.mark.parametrize("function", FUNCTIONS)
def test_codes_are_refused(function):
    with pytest.raises(TypeError, match="uint8"):
        function(np.ones((4, 3), np.uint8))


@pytest.mark.parametrize("function", TRIPLET_FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (2,), (3, 4)])
def test_other_last_axes_are_refused(function, shape):
    with pytest.raises(ValueError, match="shape"):
        function(np.zeros(shape))


@pytest.mark.parametrize(("there", "back"), PAIRS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 2e-5)])
def test_round_trip(srgb_cube, there, back, dtype, tolerance):
    colors = srgb_cube.astype(dtype)
    np.testing.assert_allclose(back(there(colors)), colors, atol=tolerance)


def test_no_8_bit_colour_changes_on_the_way_to_lab_and_back():
    codes = np.stack(np.meshgrid(*3 * [np.arange(0, 256, 5)], indexing="ij"), axis=-1)
    back = lab_to_srgb(srgb_to_lab((codes / 255).astype(np.float32)))
    np.testing.assert_array_equal(np.rint(back * 255), codes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_greys_are_exactly_neutral(dtype):
    grey = np.linspace(-0.5, 2, 20011, dtype=dtype)
    lab = srgb_to_lab(np.repeat(grey[:, np.newaxis], 3, axis=1))
    assert not lab[:, 1:].any()
    lightness = np.linspace(-20, 130, 20011, dtype=dtype)
    rgb = lab_to_srgb(np.stack([lightness, 0 * lightness, 0 * lightness], axis=-1))
    assert (rgb[:, 0] == rgb[:, 1]).all()
    assert (rgb[:, 1] == rgb[:, 2]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_white_and_black_are_exact(dtype):
    np.testing.assert_array_equal(srgb_to_lab(np.ones(3, dtype)), [100, 0, 0])
    np.testing.assert_array_equal(srgb_to_lab(np.zeros(3, dtype)), [0, 0, 0])
    np.testing.assert_array_equal(lab_to_srgb(np.array([100, 0, 0], dtype)), [1, 1, 1])
    np.testing.assert_array_equal(lab_to_srgb(np.zeros(3, dtype)), [0, 0, 0])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_no_number_spoils_only_its_own_colour(function):
    good = np.full((5, 3), 0.5)
    spoilt = good.copy()
    spoilt[1, 0], spoilt[2, 1], spoilt[3, 2] = np.nan, np.inf, -np.inf
    converted, expected = function(spoilt), function(good)
    np.testing.assert_array_equal(converted[[0, 4]], expected[[0, 4]])
    assert not np.isfinite(converted[1:4]).all(axis=-1).any()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_input_is_left_alone(function):
    colors = np.random.default_rng(0).random((7, 3))
    before = colors.copy()
    function(colors)
    np.testing.assert_array_equal(colors, before)


@pytest.mark.parametrize("function", [srgb_to_linear, linear_to_srgb, lightness_from_y, y_from_lightness])
def test_scalar_curves_never_fall(function):
    places = np.sort(np.concatenate([np.linspace(-1, 101, 200001), np.linspace(0.0031, 0.0032, 20001)]))
    assert (np.diff(function(places)) >= 0).all()


@given(arrays(np.float64, (5, 3), elements=st.floats(-2, 2, allow_subnormal=False)))
def test_linear_light_survives_lab_even_outside_the_gamut(rgb):
    np.testing.assert_allclose(lab_to_linear(linear_to_lab(rgb)), rgb, atol=1e-12)


@given(arrays(np.float64, (5, 3), elements=st.floats(-200, 200, allow_subnormal=False)))
def test_lab_survives_srgb_even_outside_the_gamut(lab):
    np.testing.assert_allclose(srgb_to_lab(lab_to_srgb(lab)), lab, atol=1e-6)
