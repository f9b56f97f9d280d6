"""The ab bins: encoded colours are themselves on average, and every sRGB colour can be encoded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color.bins import AbBins, gamut_bins, mix_prior
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption

BINS = gamut_bins()
# A square of nine, small enough to work out by hand.
NINE = AbBins([[a, b] for a in (-10, 0, 10) for b in (-10, 0, 10)])


def mean_of(bins, index, weight):
    return (bins.centers[index].astype(np.float64) * weight[..., np.newaxis]).sum(axis=-2)


def occupied_cells():
    """The cells of the 10-unit grid that hold any of the 2²⁴ sRGB colours, numbered; by slices of red."""
    codes = np.arange(256, dtype=np.float32) / 255
    green, blue = np.meshgrid(codes, codes, indexing="ij")
    seen = set()
    for red in codes:
        lab = srgb_to_lab(np.stack([np.full_like(green, red), green, blue], axis=-1))
        cells = np.floor(lab[..., 1:].reshape(-1, 2) / 10).astype(np.int64)
        seen.update(np.unique(cells[:, 0] * 100 + cells[:, 1]).tolist())
    return {((cell + 50) // 100, (cell + 50) % 100 - 50) for cell in seen}


def test_the_bins_are_the_corners_of_every_occupied_cell():
    cells = occupied_cells()
    corners = {(a + i, b + j) for a, b in cells for i in (0, 1) for j in (0, 1)}
    assert len(cells) == 268
    assert [tuple(point) for point in (BINS.centers / 10).astype(int).tolist()] == sorted(corners)
    assert len(BINS) == 309


def test_every_srgb_colour_is_the_mean_of_its_bins(srgb_cube):
    ab = srgb_to_lab(srgb_cube)[:, 1:]
    index, weight = BINS.encode(ab)
    assert index.dtype == np.int64
    assert weight.dtype == np.float32
    np.testing.assert_allclose(mean_of(BINS, index, weight), ab, atol=2e-5)
    np.testing.assert_allclose(weight.sum(axis=-1), 1, atol=3e-7)
    assert weight.min() >= 0
    assert weight.max() <= 1


def test_weights_by_hand():
    index, weight = NINE.encode([2.5, -4.0])
    shares = {tuple(NINE.centers[i].tolist()): float(w) for i, w in zip(index, weight, strict=True)}
    expected = {(0, -10): 0.3, (0, 0): 0.45, (10, -10): 0.1, (10, 0): 0.15}
    assert shares == pytest.approx(expected, abs=1e-6)


def test_a_bin_is_itself():
    index, weight = BINS.encode(BINS.centers)
    likeliest = np.take_along_axis(index, weight.argmax(axis=-1)[:, np.newaxis], axis=-1)[:, 0]
    np.testing.assert_array_equal(likeliest, np.arange(len(BINS)))
    np.testing.assert_array_equal(weight.max(axis=-1), 1)


@pytest.mark.parametrize("bins", [BINS, NINE])
@given(ab=arrays(np.float64, (20, 2), elements=st.floats(-1e9, 1e9, allow_subnormal=False)))
def test_any_colour_gets_a_distribution_over_bins(bins, ab):
    index, weight = bins.encode(ab)
    assert index.min() >= 0
    assert index.max() < len(bins)
    assert weight.min() >= 0
    np.testing.assert_allclose(weight.sum(axis=-1), 1, atol=3e-7)


@given(ab=arrays(np.float64, (20, 2), elements=st.floats(-10, 10, allow_subnormal=False)))
def test_the_mean_is_the_colour_wherever_the_corners_are_bins(ab):
    np.testing.assert_allclose(mean_of(NINE, *NINE.encode(ab)), ab, atol=2e-6)


def test_colours_beyond_the_bins_go_to_the_nearest():
    index, weight = NINE.encode([[500.0, 0.0], [-12.0, -300.0]])
    np.testing.assert_allclose(mean_of(NINE, index, weight), [[10, 0], [-10, -10]], atol=1e-6)


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2), (2, 1, 3, 2), (0, 2)])
def test_encoding_any_number_of_dimensions(shape):
    ab = np.linspace(-9, 9, int(np.prod(shape))).reshape(shape).astype(np.float32)
    index, weight = NINE.encode(ab)
    assert index.shape == weight.shape == (*shape[:-1], 4)
    np.testing.assert_allclose(mean_of(NINE, index, weight), ab, atol=1e-5)


@pytest.mark.parametrize("ab", [[np.nan, 0.0], [np.inf, 0.0], [1.0, 2.0, 3.0], 4.0])
def test_colours_that_cannot_be_encoded(ab):
    with pytest.raises(ValueError, match=r"finite|shape"):
        NINE.encode(ab)


def test_bins_from_a_list_are_the_same_bins():
    again = AbBins(BINS.centers.tolist())
    assert again == BINS
    assert hash(again) == hash(BINS)
    assert again != NINE
    assert BINS != "bins"
    assert gamut_bins() is BINS


@pytest.mark.parametrize(
    "centers",
    [[], [[1, 2, 3]], [[0, 0], [3, 0]], [[0, 0], [0, 0]], [[np.nan, 0]], [[1e6, 0]], [0, 10]],
)
def test_what_cannot_be_bins(centers):
    with pytest.raises(BadOption, match="centers"):
        AbBins(centers)


def test_centers_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        BINS.centers[0] = 0


def test_temperature_1_is_the_mean_and_a_low_one_the_likeliest():
    logits = np.log(np.array([1, 1, 1, 1, 4, 1, 1, 1, 9.0]))
    np.testing.assert_allclose(NINE.annealed_mean(logits), [4, 4], atol=1e-9)
    np.testing.assert_allclose(NINE.annealed_mean(logits, 0.01), [10, 10], atol=1e-9)
    np.testing.assert_allclose(NINE.annealed_mean(logits, 1e6), [0, 0], atol=1e-4)


def test_the_mean_of_an_encoded_colour_is_the_colour(some_srgb):
    ab = srgb_to_lab(some_srgb)[:, 1:]
    index, weight = BINS.encode(ab)
    share = np.zeros((len(ab), len(BINS)))
    np.add.at(share, (np.arange(len(ab))[:, np.newaxis], index), weight)
    with np.errstate(divide="ignore"):
        logits = np.log(share)
    np.testing.assert_allclose(BINS.annealed_mean(logits), ab, atol=2e-5)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_and_b_take_the_place_of_the_logits(axis, dtype):
    logits = np.random.default_rng(6).normal(size=(4, 5, 9)).astype(dtype)
    expected = NINE.annealed_mean(logits, 0.6)
    colors = NINE.annealed_mean(np.moveaxis(logits, -1, axis), 0.6, axis=axis)
    assert colors.dtype == dtype
    np.testing.assert_allclose(np.moveaxis(colors, axis, -1), expected, atol=1e-12)


def test_huge_logits_do_not_overflow():
    np.testing.assert_allclose(NINE.annealed_mean(np.arange(9) * 1e6, 0.01), [10, 10])
    assert np.isnan(NINE.annealed_mean(np.full(9, np.nan))).all()


@pytest.mark.parametrize("temperature", [0, -1, np.nan])
def test_temperatures_that_mean_nothing(temperature):
    with pytest.raises(BadOption, match="temperature"):
        NINE.annealed_mean(np.zeros(9), temperature)


def test_another_number_of_logits_is_refused():
    with pytest.raises(ValueError, match="9 logits"):
        NINE.annealed_mean(np.zeros((9, 8)))


def test_the_prior_has_a_uniform_part():
    prior = mix_prior([0, 30, 70])
    np.testing.assert_allclose(prior, [0.02 / 3, 0.294 + 0.02 / 3, 0.686 + 0.02 / 3])
    np.testing.assert_allclose(mix_prior([0, 30, 70], uniform=1), 1 / 3)
    np.testing.assert_allclose(mix_prior([0, 30, 70], uniform=0), [0, 0.3, 0.7])


@given(counts=arrays(np.float64, 309, elements=st.floats(0, 1e9)))
def test_a_prior_adds_up_and_leaves_no_bin_out(counts):
    prior = mix_prior(counts + 1e-3)
    assert prior.sum() == pytest.approx(1)
    assert prior.min() >= 0.02 / 309 * (1 - 1e-9)


@pytest.mark.parametrize(
    ("counts", "options"),
    [([0, 0], {}), ([-1, 2], {}), ([np.nan, 2], {}), ([[1, 2]], {}), ([1, 2], {"uniform": 1.5})],
)
def test_what_is_no_distribution(counts, options):
    with pytest.raises(BadOption):
        mix_prior(counts, **options)
