"""Soft targets against `photochrom.color.bins`, and the loss on them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color.bins import gamut_bins
from photochrom.color.srgb import srgb_to_lab
from photochrom.networks.ab_targets import AbTargets, annealed_mean, soft_cross_entropy

BINS = gamut_bins()
TARGETS = AbTargets(torch.tensor(BINS.centers.tolist()))
STEPS = np.linspace(0, 1, 24)
CUBE = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)


def spread(index, weight):
    """(P, 4) bins and weights → (P, K): the distribution itself, whatever the order of corners."""
    whole = np.zeros((len(index), len(BINS)))
    np.add.at(whole, (np.arange(len(index))[:, None], index), weight)
    return whole


def encoded(ab):
    """(P, 2) → the torch targets as (P, 4) arrays."""
    index, weight = TARGETS(torch.from_numpy(ab.T.copy()).view(1, 2, 1, -1))
    return index[0, :, 0].T.numpy(), weight[0, :, 0].T.numpy()


def test_equals_numpy_over_the_gamut():
    ab = srgb_to_lab(CUBE)[:, 1:].astype(np.float32)
    np.testing.assert_allclose(spread(*encoded(ab)), spread(*BINS.encode(ab)), atol=1e-4)


@given(arrays(np.float32, (8, 3), elements=st.floats(0, 1, width=32)))
def test_mean_of_a_target_is_the_colour(rgb):
    ab = srgb_to_lab(rgb)[:, 1:].astype(np.float32)
    index, weight = encoded(ab)
    assert (weight >= 0).all()
    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose((BINS.centers[index] * weight[..., None]).sum(1), ab, atol=1e-3)


def test_colours_beyond_srgb_still_have_a_target():
    index, weight = encoded(np.array([[300.0, -300.0], [-500.0, 7.0], [127.0, 127.0]], np.float32))
    assert ((index >= 0) & (index < len(BINS))).all()
    np.testing.assert_allclose(weight.sum(1), 1, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_annealed_mean_equals_numpy(temperature):
    logits = torch.randn((2, len(BINS), 3, 4), generator=torch.Generator().manual_seed(0)) * 3
    there = BINS.annealed_mean(logits.numpy(), temperature, axis=1)
    np.testing.assert_allclose(annealed_mean(logits, TARGETS.centers, temperature).numpy(), there, atol=1e-4)


def test_loss_is_least_at_the_target():
    ab = torch.tensor([[13.0, -24.0], [0.0, 0.0], [45.5, 31.0]]).T.reshape(1, 2, 1, 3)
    index, weight = TARGETS(ab)
    target = torch.zeros(1, len(BINS), 1, 3).scatter_add_(1, index, weight)
    best = (target + 1e-9).log().requires_grad_()
    loss = soft_cross_entropy(best, index, weight).mean()
    loss.backward()
    least = float(loss.detach())
    entropy = -(target * (target + 1e-9).log()).sum(1).mean()
    assert least == pytest.approx(float(entropy), abs=1e-5)
    assert float(best.grad.abs().max()) < 1e-6
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        other = best.detach() + 0.5 * torch.randn(best.shape, generator=generator)
        assert float(soft_cross_entropy(other, index, weight).mean()) > least


def test_the_tables_are_no_part_of_a_checkpoint():
    assert not TARGETS.state_dict()
