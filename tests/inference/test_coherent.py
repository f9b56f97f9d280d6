"""Red and violet patches that their own thing does not share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.inference.coherent import coherent
from photochrom.inference.guess import KINSHIP

H, W = 16, 24
LIGHT = np.full((4 * H, 4 * W), 40, np.float32)
RED, VIOLET, BLUE, SKIN, GREEN = (30.0, 0.0), (20.0, -20.0), (3.0, -20.0), (12.0, 14.0), (-20.0, 15.0)


def things(parts=((0, 12), (12, 24))):
    """What the network sees: columns of a part belong together."""
    seen = np.zeros((1, 4, H, W), np.float32)
    for number, (left, right) in enumerate(parts):
        seen[0, number, :, left:right] = 4
    return {KINSHIP: seen}


def colored(color, patch=None, other=(0.0, 0.0)):
    """One colour all over, another in the rows and columns of a patch."""
    ab = np.zeros((2, H, W), np.float32) + np.array(color, np.float32)[:, None, None]
    if patch:
        ab[:, patch[0], patch[1]] = np.array(other, np.float32)[:, None, None]
    return ab


PATCH = (slice(5, 9), slice(3, 7))


@pytest.mark.parametrize("spot", [RED, VIOLET])
def test_a_red_patch_of_a_blue_coat_becomes_like_the_coat(spot):
    result = coherent(colored(BLUE, PATCH, spot), LIGHT, things())
    before = np.hypot(*(np.array(spot) - BLUE))
    after = np.hypot(*(result[:, 6, 4] - BLUE))
    assert after < 0.25 * before
    outside = np.ones((H, W), bool)
    outside[PATCH] = False
    np.testing.assert_array_equal(result[:, outside], colored(BLUE)[:, outside])


def test_a_red_thing_stays_red():
    ab = colored(BLUE)
    ab[:, :, :12] = np.array(RED)[:, None, None]
    np.testing.assert_allclose(coherent(ab, LIGHT, things()), ab, atol=0.2)


def test_a_small_red_thing_is_not_drowned_in_what_is_large():
    ab = colored(BLUE, (slice(None), slice(22, 24)), RED)
    seen = things(((0, 22), (22, 24)))
    assert coherent(ab, LIGHT, seen)[0, 8, 23] > 0.6 * RED[0]


@pytest.mark.parametrize("color", [BLUE, GREEN, SKIN, (4.0, -1.0)])
def test_other_colours_and_faint_ones_are_left_alone(color):
    ab = colored((0.0, 0.0), PATCH, color)
    np.testing.assert_array_equal(coherent(ab, LIGHT, things()), ab)


def test_a_model_that_sees_nothing_alike_keeps_its_colours():
    ab = colored(BLUE, PATCH, RED)
    assert coherent(ab, LIGHT, {}) is ab


@given(seed=st.integers(0, 2**31), scale=st.floats(0.1, 60))
def test_no_colour_leaves_the_range_of_those_there_are(seed, scale):
    generator = np.random.default_rng(seed)
    ab = generator.normal(scale=scale, size=(2, H, W)).astype(np.float32)
    light = generator.uniform(0, 100, (4 * H, 4 * W)).astype(np.float32)
    features = {KINSHIP: generator.normal(size=(1, 4, H, W)).astype(np.float32)}
    result = coherent(ab, light, features)
    low, high = ab.min(axis=(1, 2)) - 1e-3, ab.max(axis=(1, 2)) + 1e-3
    assert ((result >= low[:, None, None]) & (result <= high[:, None, None])).all()
