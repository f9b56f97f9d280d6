import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.images.resample import resampled, stretched

SIDES = st.integers(1, 70)


def scaled(how, plane, width, height):
    return how(pyvips.Image.new_from_array(np.float32(plane)), width, height).numpy().reshape(height, width)


@settings(max_examples=60, deadline=None)
@given(w=SIDES, h=SIDES, width=SIDES, height=SIDES, how=st.sampled_from([resampled, stretched]))
def test_every_size_is_met_and_a_flat_picture_stays_flat(w, h, width, height, how):
    found = scaled(how, np.full((h, w), 37.0), width, height)
    assert found.shape == (height, width)
    np.testing.assert_allclose(found, 37, atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(w=SIDES, h=SIDES, wider=SIDES, higher=SIDES, seed=st.integers(0, 99))
def test_a_mirrored_picture_is_enlarged_to_the_mirrored_result(w, h, wider, higher, seed):
    plane = np.random.default_rng(seed).uniform(0, 100, (h, w))
    as_it_is = scaled(resampled, plane, w + wider, h + higher)
    for turn in ((slice(None), slice(None, None, -1)), (slice(None, None, -1), slice(None))):
        turned = scaled(resampled, plane[turn], w + wider, h + higher)[turn]
        # libvips has its weights in steps of 1/64 pixel; half a pixel off would be ten units and more.
        assert np.abs(turned - as_it_is).mean() < 2


@pytest.mark.parametrize("how", [resampled, stretched])
@pytest.mark.parametrize("width", [25, 64, 100, 160, 230])
def test_centres_stay_where_they_are(width, how):
    """A ramp from edge to edge is that ramp at every size, but near the border, where it is cut off."""
    place = (np.arange(100) + 0.5) / 100
    found = scaled(how, np.tile(place, (8, 1)), width, 8)[4]
    wanted = (np.arange(width) + 0.5) / width
    inside = (wanted > 0.15) & (wanted < 0.85)
    np.testing.assert_allclose(found[inside], wanted[inside], atol=2e-3)
