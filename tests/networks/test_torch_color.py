"""The torch twin against `photochrom.color`."""

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color import lab, srgb
from photochrom.color.constants import SRGB_ENCODED_JOIN
from photochrom.networks import torch_color as twin

STEPS = np.linspace(0, 1, 33)
CUBE = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), -1).reshape(1, -1, 3)
PICTURES = arrays(np.float64, (2, 3, 3), elements=st.floats(0, 1))


def planes(array, dtype=torch.float64):
    """(H, W, 3) → (1, 3, H, W)."""
    return torch.tensor(array, dtype=dtype).permute(2, 0, 1)[None]


def image(tensor):
    return tensor[0].permute(1, 2, 0).double().numpy()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_lab_of_the_whole_cube(dtype, tolerance):
    there = twin.srgb_to_lab(planes(CUBE, dtype))
    assert there.dtype == dtype
    np.testing.assert_allclose(image(there), srgb.srgb_to_lab(CUBE), atol=tolerance)
    np.testing.assert_allclose(image(twin.lab_to_srgb(there)), CUBE, atol=tolerance)


@given(PICTURES)
@example(np.where(np.arange(18).reshape(2, 3, 3) == 1, 0, 0.04045))
def test_equals_numpy_on_any_colours(rgb):
    there = srgb.srgb_to_lab(rgb)
    np.testing.assert_allclose(image(twin.srgb_to_lab(planes(rgb))), there, atol=1e-9)
    ours, theirs = image(twin.lab_to_srgb(planes(there))), srgb.lab_to_srgb(there)
    # The standard's two parts do not quite meet: where they join, rounding decides between values 3e-8 apart.
    at_join = np.abs(theirs - SRGB_ENCODED_JOIN) < 1e-7
    np.testing.assert_allclose(ours[~at_join], theirs[~at_join], atol=1e-9)
    np.testing.assert_allclose(ours[at_join], theirs[at_join], rtol=0, atol=3e-8)
    light = srgb.srgb_to_linear(rgb)
    np.testing.assert_allclose(image(twin.linear_to_lab(planes(light))), there, atol=1e-9)


@given(arrays(np.float64, (3, 5), elements=st.floats(0, 1)))
def test_curves_equal_numpy(x):
    tensor = torch.tensor(x)
    np.testing.assert_allclose(twin.srgb_to_linear(tensor).numpy(), srgb.srgb_to_linear(x), atol=1e-12)
    np.testing.assert_allclose(twin.linear_to_srgb(tensor).numpy(), srgb.linear_to_srgb(x), atol=1e-12)
    there = lab.lightness_from_y(x)
    np.testing.assert_allclose(twin.lightness_from_luminance(tensor).numpy(), there, atol=1e-11)


def test_greys_are_neutral():
    ramp = torch.linspace(0, 1, 256).view(1, 1, 1, -1).expand(1, 3, 1, -1)
    assert float(twin.srgb_to_lab(ramp)[:, 1:].abs().max()) < 1e-4


@pytest.mark.parametrize("value", [0.0, 1e-6, 0.04045, 0.5, 1.0])
def test_gradients_are_numbers_everywhere(value):
    rgb = torch.full((1, 3, 1, 1), value, requires_grad=True)
    twin.lab_to_srgb(twin.srgb_to_lab(rgb)).sum().backward()
    assert torch.isfinite(rgb.grad).all()


def test_colours_outside_the_gamut_stay_numbers():
    wild = torch.tensor([[0.0, 90.0, -90.0], [100.0, 80.0, 80.0], [50.0, -128.0, 127.0]]).T.view(1, 3, 1, 3)
    assert torch.isfinite(twin.lab_to_srgb(wild)).all()


def test_hls_is_that_of_colorsys():
    there = np.array([colorsys.rgb_to_hls(*color) for color in CUBE[0]])[None]
    found = image(twin.srgb_to_hls(planes(CUBE)))
    # Hue 0 and hue 1 are the same.
    np.testing.assert_allclose(
        np.exp(2j * np.pi * found[..., 0]), np.exp(2j * np.pi * there[..., 0]), atol=1e-6
    )
    np.testing.assert_allclose(found[..., 1:], there[..., 1:], atol=1e-6)
    np.testing.assert_allclose(image(twin.hls_to_srgb(planes(there))), CUBE, atol=1e-9)
    turned = there + np.array([3.0, 0, 0])
    np.testing.assert_allclose(image(twin.hls_to_srgb(planes(turned))), CUBE, atol=1e-9)


def test_autocast_rounds_no_colour():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        there = twin.srgb_to_lab(planes(CUBE, torch.float32))
    np.testing.assert_allclose(image(there), srgb.srgb_to_lab(CUBE), atol=1e-4)
