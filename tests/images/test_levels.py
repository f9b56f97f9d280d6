"""Levels: faded pictures get their range back, sound ones stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from photochrom.images.levels import Levels, levels_of


def spread(low, high):
    """Tones from low to high, every one of them all over the picture: (20, 1000)."""
    return np.tile(np.linspace(low, high, 1000), (20, 1))


@pytest.mark.parametrize(("mount", "bed"), [(97, 99), (2, 1), (95, 0)])
def test_what_lies_round_a_faded_print_does_not_count(mount, bed):
    print_ = np.random.default_rng(0).uniform(40, 70, (300, 200))
    whole = np.pad(np.pad(print_, 8, constant_values=mount), 4, constant_values=bed)
    framed, alone = levels_of(whole), levels_of(print_)
    assert alone.scale > 2.9
    assert framed.scale == pytest.approx(alone.scale, rel=0.02)


def test_a_faded_picture_gets_its_range_back():
    levels = levels_of(spread(35, 75))
    np.testing.assert_allclose(levels.applied(np.array([35.2, 74.8])), [3, 97], atol=0.1)


def test_a_sound_picture_stays_to_the_bit():
    lightness = spread(0, 100).astype(np.float32)
    assert levels_of(lightness) == Levels()
    assert np.array_equal(Levels().applied(lightness), lightness)


@given(st.floats(0, 100), st.floats(0, 1.9))
def test_one_tone_and_its_noise_stay(tone, noise):
    assert levels_of(spread(tone, min(tone + noise, 100))) == Levels()


def test_contrast_is_at_most_tripled_round_where_it_was():
    levels = levels_of(spread(45, 55))
    assert levels.scale == 3
    assert levels.applied(np.array([50.0]))[0] == pytest.approx(50)


PLANES = array_shapes(min_dims=2, max_dims=2, max_side=30)


@given(arrays(np.float32, PLANES, elements=st.floats(0, 100, width=32)))
def test_it_never_lowers_contrast_or_leaves_the_range(lightness):
    levels = levels_of(lightness)
    assert 1 <= levels.scale <= 3
    stretched = levels.applied(lightness)
    assert stretched.min() >= 0
    assert stretched.max() <= 100
    assert (np.diff(levels.applied(np.linspace(0, 100, 50))) >= 0).all()
