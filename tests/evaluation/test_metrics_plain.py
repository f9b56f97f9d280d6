"""SSIM, MSE, PSNR of ab, colourfulness, histograms and gamut against oracles of other hands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from photochrom.evaluation.metrics.colorfulness import colorfulness, colorfulness_abs, colorfulness_error
from photochrom.evaluation.metrics.fidelity import mse, psnr_ab
from photochrom.evaluation.metrics.gamut import clipped
from photochrom.evaluation.metrics.histogram import AB_EDGES, ab_shares, intersection_a, intersection_b
from photochrom.evaluation.metrics.similarity import ssim
from photochrom.evaluation.rendered import Rendered, from_lab


def random_picture(seed: int, height: int = 40, width: int = 60) -> Rendered:
    return Rendered(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def noisy(picture: Rendered, strength: float) -> Rendered:
    noise = np.random.default_rng(1).normal(0, strength, picture.rgb.shape)
    return Rendered((picture.rgb + noise).clip(0, 255).astype(np.uint8))


def flat(*code: int) -> Rendered:
    return Rendered(np.full((16, 16, 3), code, np.uint8))


def test_mse_is_that_of_scikit_image() -> None:
    one, two = random_picture(0), random_picture(1)
    assert mse(one, two) == pytest.approx(mean_squared_error(one.rgb, two.rgb))


def test_psnr_of_ab_is_that_of_scikit_image() -> None:
    one, two = random_picture(0), random_picture(1)
    theirs = peak_signal_noise_ratio(rgb2lab(one.rgb)[..., 1:], rgb2lab(two.rgb)[..., 1:], data_range=255)
    # scikit-image's matrix and white are rounded to six figures.
    assert psnr_ab(two, one) == pytest.approx(theirs, abs=0.01)


def test_psnr_of_ab_does_not_see_lightness() -> None:
    ramp = np.zeros((16, 16, 3), np.float32)
    ramp[..., 0] = np.linspace(5, 95, 16)
    assert psnr_ab(from_lab(ramp), from_lab(ramp[:, ::-1])) == 100


@pytest.mark.parametrize("shape", [(11, 11), (11, 40), (33, 12), (64, 48)])
@pytest.mark.parametrize("strength", [2, 40])
def test_ssim_is_that_of_scikit_image(shape: tuple[int, int], strength: float) -> None:
    truth = random_picture(3, *shape)
    result = noisy(truth, strength)
    theirs = structural_similarity(
        truth.rgb,
        result.rgb,
        data_range=255,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(result, truth) == pytest.approx(theirs, abs=1e-9)


def test_ssim_of_two_flat_pictures_is_the_formula_for_means() -> None:
    # No variance: what is left is (2 μ₁μ₂ + C1) / (μ₁² + μ₂² + C1), C1 = 6.5025.
    expected = (2 * 100 * 120 + 6.5025) / (100**2 + 120**2 + 6.5025)
    assert ssim(flat(100, 100, 100), flat(120, 120, 120)) == pytest.approx(expected, abs=1e-12)


def test_ssim_of_a_picture_smaller_than_its_window_is_not_known() -> None:
    small = random_picture(0, 10, 40)
    assert math.isnan(ssim(small, small))


def test_colorfulness_with_absolute_values_is_the_worked_example() -> None:
    # Red and green: |rg| = 255 twice, |yb| = 127.5 twice, so no spread; 0.3 · √(255² + 127.5²).
    two = Rendered(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8))
    assert colorfulness_abs(two) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_colorfulness_with_absolute_values_is_that_of_the_code_it_is_named_for() -> None:
    picture = random_picture(4)
    red, green, blue = np.moveaxis(picture.rgb.astype(float), -1, 0)
    rg, yb = np.absolute(red - green), np.absolute(0.5 * (red + green) - blue)
    expected = math.hypot(np.std(rg), np.std(yb)) + 0.3 * math.hypot(np.mean(rg), np.mean(yb))
    assert colorfulness_abs(picture) == pytest.approx(expected)


def test_the_two_definitions_agree_where_no_hue_has_its_opposite() -> None:
    reddish = np.random.default_rng(0).integers(0, 60, (20, 20, 3), dtype=np.uint8)
    reddish += np.array([180, 100, 20], np.uint8)
    assert colorfulness_abs(Rendered(reddish)) == pytest.approx(colorfulness(Rendered(reddish)))


def test_colorfulness_error_is_the_distance_either_way() -> None:
    dull, vivid = flat(120, 110, 100), flat(200, 100, 50)
    gap = colorfulness(vivid) - colorfulness(dull)
    assert gap > 0
    assert colorfulness_error(dull, vivid) == colorfulness_error(vivid, dull) == pytest.approx(gap)


def test_histograms_are_those_of_numpy() -> None:
    picture = random_picture(5)
    for axis, shares in enumerate(ab_shares(picture)):
        counts, _ = np.histogram(picture.lab[..., axis + 1].astype(np.float64), AB_EDGES)
        assert shares == pytest.approx(counts / counts.sum(), abs=1e-12)


def test_every_color_of_srgb_has_a_bin() -> None:
    corners = np.array(np.meshgrid([0, 255], [0, 255], [0, 255])).reshape(3, 1, 8).T.astype(np.uint8)
    assert ab_shares(Rendered(corners)).sum(axis=1) == pytest.approx([1, 1])


def test_intersection_of_a_worked_example() -> None:
    # Three quarters grey and a quarter red against all grey have three quarters in common.
    grey = flat(128, 128, 128)
    mixed = grey.rgb.copy()
    mixed[:8, :8] = [200, 40, 40]
    assert intersection_a(Rendered(mixed), grey) == intersection_b(Rendered(mixed), grey) == 0.75


@given(seed=st.integers(0, 2**32 - 1))
def test_intersection_is_one_less_half_of_the_distance_of_shares_and_blind_to_places(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = (Rendered(rng.integers(0, 256, (5, 8, 3), dtype=np.uint8)) for _ in range(2))
    apart = np.abs(ab_shares(one) - ab_shares(two)).sum(axis=1)
    assert [intersection_a(one, two), intersection_b(one, two)] == pytest.approx(1 - apart / 2)
    moved = Rendered(rng.permutation(one.rgb.reshape(-1, 3)).reshape(one.rgb.shape))
    assert intersection_a(moved, one) == intersection_b(moved, one) == 1


def test_clipped_counts_colors_on_the_boundary_and_neither_black_nor_white() -> None:
    row = [
        [0, 0, 0],  # black
        [255, 255, 255],  # white
        [255, 250, 245],  # a white that is hardly a colour
        [3, 0, 1],  # a black that is hardly one
        [255, 0, 0],  # red
        [255, 255, 0],  # yellow, of lightness 97
        [0, 90, 120],
        [1, 90, 120],  # just inside
    ]
    assert clipped(Rendered(np.array([row], np.uint8))) == pytest.approx(100 * 3 / 8)


def test_clipped_grows_with_vividness() -> None:
    lab = np.array(random_picture(6).lab)
    scales = [np.array([1, vividness, vividness], np.float32) for vividness in (0, 0.3, 0.6, 1, 1.5, 3)]
    shares = [clipped(from_lab(lab * scale)) for scale in scales]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] > 80
