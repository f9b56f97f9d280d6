"""Chroma along the edges of lightness."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from photochrom.inference.upsample import box_mean, enlarge, guided_coefficients, plain_coefficients

PLANES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.floats(-100, 100, width=32),
)


@given(x=PLANES, radius=st.integers(0, 4))
def test_box_mean_is_the_mean_of_the_window(x: np.ndarray, radius: int) -> None:
    expected = np.empty_like(x)
    for i, j in np.ndindex(x.shape):
        window = x[max(i - radius, 0) : i + radius + 1, max(j - radius, 0) : j + radius + 1]
        expected[i, j] = window.mean()
    np.testing.assert_allclose(box_mean(x, radius), expected, atol=1e-3)


@given(x=PLANES, factor=st.integers(1, 5))
def test_enlarge_agrees_with_pillow(x: np.ndarray, factor: int) -> None:
    height, width = x.shape[0] * factor, x.shape[1] * factor
    expected = np.asarray(Image.fromarray(x).resize((width, height), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(enlarge(x[None], height, width)[0], expected, atol=1e-2)


def applied(planes: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    slope, offset = planes[..., :2], planes[..., 2:]
    return slope * lightness[..., None] + offset


@settings(max_examples=25, deadline=None)
@given(a=st.floats(-80, 80), b=st.floats(-80, 80), seed=st.integers(0, 99))
def test_one_colour_everywhere_stays_that_colour(a: float, b: float, seed: int) -> None:
    guide = np.random.default_rng(seed).uniform(0, 100, (32, 48)).astype(np.float32)
    chroma = np.broadcast_to(np.array([a, b], np.float32)[:, None, None], (2, 8, 12)).copy()
    result = applied(guided_coefficients(guide, chroma), guide)
    np.testing.assert_allclose(result, np.broadcast_to([a, b], result.shape), atol=0.05)


def test_colour_turns_with_an_edge_of_lightness() -> None:
    """A step of L inside a place of the answer: guided colour follows it, plain colour crosses it."""
    lightness = np.full((64, 64), 30, np.float32)
    lightness[:, 34:] = 70
    truth = np.where(lightness < 50, -40.0, 40.0).astype(np.float32)
    chroma = np.stack([truth.reshape(16, 4, 16, 4).mean(axis=(1, 3))] * 2)
    guided = applied(guided_coefficients(lightness, chroma), lightness)[..., 0]
    plain = enlarge(chroma, 64, 64)[0]
    assert np.abs(guided - truth).mean() < 0.8 * np.abs(plain - truth).mean()
    # Right at the edge the colour jumps where the lightness does, and only there.
    jump = np.abs(np.diff(guided, axis=1))[32]
    assert jump.argmax() == 33 and jump[33] > 3 * np.abs(np.diff(plain, axis=1)).max()


def test_correction_returns_what_the_filter_lost() -> None:
    rng = np.random.default_rng(5)
    guide = rng.uniform(20, 80, (64, 64)).astype(np.float32)
    chroma = rng.uniform(-40, 40, (2, 16, 16)).astype(np.float32)

    def loss(corrected: bool) -> float:
        result = applied(guided_coefficients(guide, chroma, corrected=corrected), guide)
        answer = result.transpose(2, 0, 1).reshape(2, 16, 4, 16, 4).mean(axis=(2, 4))
        return float(np.abs(answer - chroma).mean())

    assert loss(True) < 0.6 * loss(False)


def test_plain_coefficients_ignore_lightness() -> None:
    chroma = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    planes = plain_coefficients(chroma)
    assert not planes[..., :2].any()
    np.testing.assert_array_equal(planes[..., 2:].transpose(2, 0, 1), chroma)
