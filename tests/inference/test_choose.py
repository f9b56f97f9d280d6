"""One colour of a distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color.bins import gamut_bins
from photochrom.inference.choose import choose
from photochrom.inference.vividness import ColorRule

BINS = gamut_bins()
FLAT = np.log(np.full(len(BINS), 1 / len(BINS), np.float32))


def about(*colors: tuple[float, float], width: float = 8.0) -> np.ndarray:
    """Logits (K, 1, 1) of a mixture of bells round these colours, all alike."""
    away = np.square(BINS.centers[:, None] - np.array(colors)).sum(axis=-1)
    return np.log(np.exp(-away / (2 * width**2)).sum(axis=1)).astype(np.float32)[:, None, None]


def chroma(logits: np.ndarray, rule: ColorRule) -> float:
    return float(np.hypot(*choose(logits, rule, BINS, FLAT)).item())


@given(seed=st.integers(0, 99), temperature=st.floats(0.3, 2), factor=st.floats(0, 2))
def test_without_tau_it_is_the_annealed_mean(seed: int, temperature: float, factor: float) -> None:
    logits = np.random.default_rng(seed).normal(size=(len(BINS), 3, 4)).astype(np.float32) * 3
    rule = ColorRule(temperature=temperature, chroma=factor)
    plain = BINS.annealed_mean(logits, temperature, axis=0) * factor
    np.testing.assert_allclose(choose(logits, rule, BINS, FLAT), plain, atol=1e-3)


def test_tau_favours_what_is_rare() -> None:
    prior = np.where(np.hypot(*BINS.centers.T) < 25, 1.0, 0.01)
    rare = np.log(prior / prior.sum()).astype(np.float32)
    logits = about((0, 0), (0, 50))
    plain, favoured = (choose(logits, ColorRule(tau=tau), BINS, rare)[1].item() for tau in (0, 0.5))
    assert favoured > plain + 10


def test_a_boost_is_for_what_is_sure() -> None:
    """Blue or orange, nobody knows, stays as it is; a sky becomes bluer."""
    sky, either = about((0, -40)), about((-5, -40), (-10, 40))
    plain, boosted = ColorRule(), ColorRule(boost=0.5)
    assert chroma(sky, boosted) > 1.5 * chroma(sky, plain)
    assert chroma(either, boosted) < 1.05 * chroma(either, plain)


@pytest.mark.parametrize("hue", [-50, -17, 15, 45, 70])
def test_violet_to_skin_wants_more_certainty_and_gets_less(hue: float) -> None:
    """As unsure as a green that is boosted, a red or violet hardly is; one that is certain is, by half."""

    def toward(degrees: float, *, spread: float) -> np.ndarray:
        angles = np.radians([degrees - spread, degrees, degrees + spread])
        return about(*(40 * np.stack([np.cos(angles), np.sin(angles)], axis=1)))

    def gained(logits: np.ndarray) -> float:
        return chroma(logits, ColorRule(boost=0.5)) / chroma(logits, ColorRule()) - 1

    elsewhere = 10 + 180
    assert gained(toward(hue, spread=60)) < 0.3 * gained(toward(elsewhere, spread=60))
    assert 0.2 < gained(toward(hue, spread=5)) < 0.5 * gained(toward(elsewhere, spread=5))


def test_more_boost_is_more_chroma_everywhere() -> None:
    logits = np.random.default_rng(0).normal(size=(len(BINS), 8, 8)).astype(np.float32) * 3
    sizes = [np.hypot(*choose(logits, ColorRule(boost=b), BINS, FLAT)) for b in (0, 0.3, 0.6, 1.0)]
    assert all((more >= less).all() for less, more in zip(sizes, sizes[1:], strict=False))


@pytest.mark.parametrize(("size", "factor"), [(2.0, 1.25), (7.0, (9 / 7) ** 0.5), (9.0, 1.0), (40.0, 0.8)])
def test_a_balance_brings_dull_and_vivid_pictures_nearer(size: float, factor: float) -> None:
    """Alike at all places of a picture, and by no more than a quarter."""
    logits = np.full((len(BINS), 4, 4), -60, np.float32)
    index, weight = BINS.encode(np.array([0, size]))
    logits[index] = np.log(np.maximum(weight, 1e-20))[:, None, None]
    plain, balanced = (choose(logits, ColorRule(balance=b), BINS, FLAT) for b in (0, 0.5))
    np.testing.assert_allclose(plain[1], size, rtol=1e-3)
    np.testing.assert_allclose(balanced, plain * factor, rtol=1e-3, atol=1e-4)
