"""Levels: faded pictures get their range back, sound ones stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.images.levels import Levels, levels_of


def test_a_faded_picture_gets_its_range_back():
    levels = levels_of(np.linspace(35, 75, 1000))
    np.testing.assert_allclose(levels.applied(np.array([35.2, 74.8])), [3, 97], atol=0.1)


def test_a_sound_picture_stays_to_the_bit():
    lightness = np.linspace(0, 100, 1000, dtype=np.float32)
    assert levels_of(lightness) == Levels()
    assert np.array_equal(Levels().applied(lightness), lightness)


@given(st.floats(0, 100), st.floats(0, 1.9))
def test_one_tone_and_its_noise_stay(tone, noise):
    assert levels_of(np.linspace(tone, min(tone + noise, 100), 64)) == Levels()


def test_contrast_is_at_most_tripled_round_where_it_was():
    levels = levels_of(np.linspace(45, 55, 1001))
    assert levels.scale == 3
    assert levels.applied(np.array([50.0]))[0] == pytest.approx(50)


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 100, width=32)))
def test_it_never_lowers_contrast_or_leaves_the_range(lightness):
    levels = levels_of(lightness)
    assert 1 <= levels.scale <= 3
    stretched = levels.applied(lightness)
    assert stretched.min() >= 0
    assert stretched.max() <= 100
    assert (np.diff(levels.applied(np.linspace(0, 100, 50))) >= 0).all()
