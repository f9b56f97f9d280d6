"""The gamut: what is inside stays, what is outside comes to the surface at its own L and hue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color.gamut import ROUNDING, fit_to_gamut, in_gamut, max_chroma
from photochrom.color.lab import lab_to_linear
from photochrom.color.srgb import srgb_to_lab


def fan(*, levels=99, hues=360, dtype=np.float64):
    """(levels, hues) L and hue, all over the inside of the gamut."""
    lightness = np.linspace(1, 99, levels, dtype=dtype)
    return np.meshgrid(lightness, np.linspace(0, 2 * np.pi, hues, endpoint=False, dtype=dtype), indexing="ij")


def lab_of(lightness, chroma, hue):
    return np.stack(np.broadcast_arrays(lightness, chroma * np.cos(hue), chroma * np.sin(hue)), axis=-1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_srgb_colour_is_inside(srgb_cube, dtype):
    assert in_gamut(srgb_to_lab(srgb_cube.astype(dtype))).all()


@pytest.mark.parametrize(
    ("lab", "inside"),
    [
        ([0, 0, 0], True),
        ([100, 0, 0], True),
        ([100.1, 0, 0], False),
        ([-0.1, 0, 0], False),
        ([53.24, 80.09, 67.20], True),
        ([53.24, 81.5, 68.4], False),
        ([50, 0, 60], False),
        ([np.nan, 0, 0], False),
        ([50, np.nan, 0], False),
        ([50, np.inf, 0], False),
    ],
)
def test_inside_or_not(lab, inside):
    assert in_gamut(lab, tolerance=1e-4).item() is inside


def test_tolerance_is_linear_light():
    assert not in_gamut([101.0, 0, 0])
    assert in_gamut([101.0, 0, 0], tolerance=0.03)


def test_chroma_inside_is_one_stretch_from_the_grey_but_for_yellow():
    # What the search rests on. The step, 0.5, is below what can be seen.
    lightness, hue = fan(levels=99, hues=180)
    chroma = np.arange(0, 140, 0.5)
    inside = in_gamut(lab_of(lightness[..., None], chroma, hue[..., None]))
    ends = (np.diff(inside.astype(np.int8), axis=-1) < 0).sum(axis=-1)
    assert inside[..., 0].all()
    assert not inside[..., -1].any()
    assert set(np.unique(ends)) == {1, 2}
    gap = ends == 2
    assert lightness[gap].min() > 92
    assert lightness[gap].max() < 98.5
    assert np.degrees(hue[gap]).min() > 98
    assert np.degrees(hue[gap]).max() < 107


def test_a_colour_beyond_the_gap_at_yellow_does_not_fall_through_it():
    yellow = srgb_to_lab([1.0, 1.0, 0.0])
    beyond = lab_of(96.0, np.array([96.0, 98.0, 100.0, 110.0]), np.radians(102.75))
    np.testing.assert_array_equal(fit_to_gamut(yellow), yellow)
    fitted = fit_to_gamut(beyond)
    np.testing.assert_allclose(np.hypot(fitted[:, 1], fitted[:, 2]), 95.9, atol=0.1)
    # In the gap itself the way is down to its inner end.
    inside_gap = fit_to_gamut(lab_of(96.0, np.array([60.0]), np.radians(102.75)))
    np.testing.assert_allclose(np.hypot(*inside_gap[0, 1:]), 52.4, atol=0.1)
    assert max_chroma(96.0, np.radians(102.75)) == pytest.approx(52.4, abs=0.1)


def test_max_chroma_is_the_end_of_that_stretch():
    lightness, hue = fan()
    largest = max_chroma(lightness, hue)
    assert in_gamut(lab_of(lightness, largest, hue)).all()
    assert not in_gamut(lab_of(lightness, largest + 1e-3, hue)).any()


@pytest.mark.parametrize("srgb", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1]])
def test_max_chroma_of_the_primaries_is_their_own(srgb):
    lightness, a, b = srgb_to_lab(srgb)
    assert max_chroma(lightness, np.arctan2(b, a)) == pytest.approx(np.hypot(a, b), abs=2e-3)


def test_max_chroma_broadcasts_and_ends_at_black_and_white():
    levels = np.array([-5, 0, 50, 100, 110], dtype=np.float32)
    largest = max_chroma(levels[:, np.newaxis], np.zeros(4, np.float32))
    assert largest.shape == (5, 4)
    assert largest.dtype == np.float32
    assert not largest[[0, 1, 3, 4]].any()
    assert (largest[2] > 50).all()
    assert max_chroma(np.nan, 0.0) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_colours_inside_are_untouched(srgb_cube, dtype):
    lab = srgb_to_lab(srgb_cube.astype(dtype))
    fitted = fit_to_gamut(lab)
    assert fitted.dtype == dtype
    np.testing.assert_array_equal(fitted, np.clip(lab, [0, -200, -200], [100, 200, 200]))


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-3), (np.float64, 1e-4)])
def test_fitting_reaches_the_surface_at_fixed_lightness_and_hue(dtype, tolerance):
    lightness, hue = fan(dtype=dtype)
    fitted = fit_to_gamut(lab_of(lightness, np.array(150, dtype), hue))
    np.testing.assert_array_equal(fitted[..., 0], lightness)
    turned = np.arctan2(fitted[..., 2], fitted[..., 1]) - hue
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-9 if dtype == np.float64 else 1e-6)
    chroma = np.hypot(fitted[..., 1], fitted[..., 2])
    yellow = (lightness > 92) & (np.abs(np.degrees(hue) - 102.5) < 5)
    np.testing.assert_allclose(chroma[~yellow], max_chroma(lightness, hue)[~yellow], atol=tolerance)
    assert (chroma >= max_chroma(lightness, hue) - tolerance).all()


def test_greys_are_untouched_and_black_and_white_have_no_chroma():
    greys = np.zeros((101, 3))
    greys[:, 0] = np.arange(101)
    np.testing.assert_array_equal(fit_to_gamut(greys), greys)
    fitted = fit_to_gamut([[0.0, 30, 30], [100.0, 30, -30], [-4, 5, 5], [104, 0, 0], [120, 9, 9]])
    np.testing.assert_allclose(
        fitted, [[0, 0, 0], [100, 0, 0], [0, 0, 0], [100, 0, 0], [100, 0, 0]], atol=1e-2
    )


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (2, 1, 4, 3), (0, 3)])
def test_fitting_any_number_of_dimensions(shape):
    lab = np.random.default_rng(2).uniform(-120, 120, shape)
    fitted = fit_to_gamut(lab)
    assert fitted.shape == shape
    one_by_one = [fit_to_gamut(color) for color in lab.reshape(-1, 3)]
    np.testing.assert_allclose(fitted.reshape(-1, 3), np.reshape(one_by_one, (-1, 3)), atol=1e-9)
    assert in_gamut(lab).shape == shape[:-1]


def test_what_is_no_number_stays_so_alone():
    fitted = fit_to_gamut([[50, np.nan, 0], [np.nan, 1, 1], [50, 0, 90], [50, np.inf, 0]])
    assert np.isnan(fitted[0, 1])
    assert np.isnan(fitted[1, 0])
    assert np.isfinite(fitted[2]).all()
    assert not np.isfinite(fitted[3, 1])


@given(arrays(np.float64, (20, 3), elements=st.floats(-1e6, 1e6, allow_subnormal=False)))
def test_whatever_is_fitted_is_inside_and_no_more_colourful(lab):
    fitted = fit_to_gamut(lab)
    light = lab_to_linear(fitted)
    assert light.min() >= -2 * ROUNDING
    assert light.max() <= 1 + 2 * ROUNDING
    before, after = np.hypot(lab[:, 1], lab[:, 2]), np.hypot(fitted[:, 1], fitted[:, 2])
    assert (after <= before * (1 + 1e-12)).all()
    np.testing.assert_allclose(fit_to_gamut(fitted), fitted, atol=1e-3)
