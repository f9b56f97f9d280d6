"""What leads clicks over a picture in training: the same as `inference.obey` does for those who colour."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from photochrom.color.bins import AbBins
from photochrom.inference.guess import KINSHIP
from photochrom.inference.obey import kinship, obey
from photochrom.networks.kinship import DIM, Kinship, led_over

H, W = 12, 16
CENTERS = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0], [-40.0, 0.0]])


def picture(seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn((1, 4, H, W), generator=generator)
    lightness = 100 * torch.rand((1, 1, H, W), generator=generator)
    seen = torch.randn((1, DIM, H, W), generator=generator) / 8
    ab = 10 * torch.randn((1, 2, H, W), generator=generator)
    return ab, seen, logits, lightness


def clicked(*places):
    clicks = torch.zeros(1, 3, H, W)
    for y, x, a, b, confidence in places:
        clicks[0, :, y, x] = torch.tensor([a, b, confidence])
    return clicks


@pytest.mark.parametrize(
    "places",
    [((3, 4, 20.0, -5.0, 1.0),), ((3, 4, 60.0, 0.0, 1.0), (9, 2, 0.0, 3.0, 0.5), (0, 15, -9, 9, 1.0))],
)
def test_training_leads_clicks_as_colouring_does(places):
    """Away from the clicks themselves, which colouring sets to what was asked for."""
    ab, seen, logits, lightness = picture()
    clicks = clicked(*places)
    there = led_over(ab, seen, logits, lightness, clicks, CENTERS).ab[0].numpy()
    kin = kinship(
        logits[0].numpy(), lightness[0, 0].numpy(), {KINSHIP: seen.numpy()}, AbBins(CENTERS.numpy())
    )
    here = obey(ab[0].numpy(), clicks[0].numpy(), kin)
    away = clicks[0, 2].numpy() == 0
    assert np.abs(here - ab[0].numpy())[:, away].max() > 1
    # Colouring alone keeps within what some hint asked for.
    asked = ((clicks[0, :2] - ab[0]) * clicks[0, 2]).flatten(1)
    low, high = (limit[:, None, None].numpy() for limit in (asked.amin(1), asked.amax(1)))
    within = ab[0].numpy() + (there - ab[0].numpy()).clip(low, high)
    np.testing.assert_allclose(here[:, away], within[:, away], atol=2e-3)


def test_pictures_of_a_batch_do_not_mix_and_without_clicks_nothing_changes():
    parts = [torch.cat(pair) for pair in zip(picture(0), picture(1), strict=True)]
    clicks = torch.cat([clicked((3, 4, 20.0, -5.0, 1.0)), clicked()])
    both = led_over(*parts, clicks, CENTERS)
    torch.testing.assert_close(both.ab[:1], led_over(*picture(0), clicks[:1], CENTERS).ab)
    assert torch.equal(both.ab[1:], parts[0][1:]) and both.spilt[1] == 0


def test_what_is_seen_apart_is_spilt_less():
    ab, seen, logits, lightness = picture()
    clicks = clicked((6, 8, 30.0, 0.0, 1.0))
    flat, level = torch.zeros_like(logits), torch.full_like(lightness, 50.0)
    alike = led_over(ab, torch.zeros_like(seen), flat, level, clicks, CENTERS).spilt
    apart = led_over(ab, 4 * seen, flat, level, clicks, CENTERS).spilt
    assert 0 < 3 * float(apart) < float(alike) < 1


def test_vectors_are_on_the_finest_grid_and_learn():
    torch.manual_seed(0)
    network = Kinship((4, 6, 8))
    maps = [torch.randn(2, count, 32 // step, 16 // step) for count, step in ((4, 1), (6, 2), (8, 4))]
    vectors = network(*maps)
    assert vectors.shape == (2, DIM, 32, 16)
    vectors.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
