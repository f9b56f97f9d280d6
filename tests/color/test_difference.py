"""Colour differences against the published table and two other libraries."""

from pathlib import Path

import colour
import numpy as np
import pytest
import skimage.color
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color.difference import delta_e_76, delta_e_2000

TABLE = np.loadtxt(Path(__file__).parent / "fixtures" / "ciede2000.txt")
FIRST, SECOND, EXPECTED = TABLE[:, :3], TABLE[:, 3:6], TABLE[:, 6]
colors = arrays(np.float64, (8, 3), elements=st.floats(-128, 128, allow_subnormal=False))


def test_the_table_is_whole():
    # The oracles agree with what was typed, so a slip in either is seen.
    assert TABLE.shape == (34, 7)
    np.testing.assert_allclose(skimage.color.deltaE_ciede2000(FIRST, SECOND), EXPECTED, atol=1e-4)
    np.testing.assert_allclose(colour.delta_E(FIRST, SECOND, method="CIE 2000"), EXPECTED, atol=1e-4)


@pytest.mark.parametrize("row", range(34))
def test_ciede2000_is_the_published_one(row):
    assert delta_e_2000(FIRST[row], SECOND[row]) == pytest.approx(EXPECTED[row], abs=1e-4)
    assert delta_e_2000(SECOND[row], FIRST[row]) == pytest.approx(EXPECTED[row], abs=1e-4)


def test_ciede2000_agrees_with_the_oracles():
    first, second = np.random.default_rng(3).uniform([0, -100, -100], [100, 100, 100], (2, 20000, 3))
    ours = delta_e_2000(first, second)
    np.testing.assert_allclose(ours, colour.delta_E(first, second, method="CIE 2000"), atol=1e-9)
    np.testing.assert_allclose(ours, skimage.color.deltaE_ciede2000(first, second), atol=1e-9)


def test_ciede2000_in_float32_is_near_enough():
    first, second = np.random.default_rng(4).uniform([0, -100, -100], [100, 100, 100], (2, 20000, 3))
    single = delta_e_2000(first.astype(np.float32), second.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, delta_e_2000(first, second), atol=2e-3)


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [([50, 0, 0], [50, 0, 0], 0), ([50, 3, 0], [50, 0, 4], 5), ([0, 0, 0], [100, 0, 0], 100)],
)
def test_delta_e_76_values(first, second, difference):
    assert delta_e_76(first, second) == difference


def test_delta_e_76_agrees_with_scikit_image():
    np.testing.assert_allclose(
        delta_e_76(FIRST, SECOND), skimage.color.deltaE_cie76(FIRST, SECOND), atol=1e-12
    )


@pytest.mark.parametrize("function", [delta_e_76, delta_e_2000])
@pytest.mark.parametrize("shape", [(), (4,), (2, 4), (2, 1, 4), (0,)])
def test_any_number_of_dimensions(function, shape):
    first, second = np.random.default_rng(5).uniform(0, 90, (2, *shape, 3))
    assert function(first, second).shape == shape
    assert function(first, np.zeros(3)).shape == shape
    expected = [function(a, b) for a, b in zip(first.reshape(-1, 3), second.reshape(-1, 3), strict=True)]
    np.testing.assert_allclose(function(first, second).reshape(-1), np.reshape(expected, -1), atol=1e-12)


@pytest.mark.parametrize("function", [delta_e_76, delta_e_2000])
def test_what_is_no_number_spoils_only_its_own_colour(function):
    first = np.array([[50.0, 1, 1], [np.nan, 1, 1], [50, np.inf, 1], [50, 1, 1]])
    result = function(first, np.array([40.0, 5, 5]))
    assert np.isfinite(result).tolist() == [True, False, False, True]


@pytest.mark.parametrize("function", [delta_e_76, delta_e_2000])
@given(first=colors, second=colors)
def test_it_is_symmetric_never_negative_and_nought_for_the_same(function, first, second):
    there, back = function(first, second), function(second, first)
    np.testing.assert_allclose(there, back, atol=1e-9)
    assert (there >= 0).all()
    assert not function(first, first).any()
