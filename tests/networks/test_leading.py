"""What leads clicks over a picture in training: the same as `inference.obey` does for those who colour."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color.bins import AbBins
from photochrom.inference.guess import KINSHIP
from photochrom.inference.obey import kinship, obey
from photochrom.networks.blend import BESIDE, PATHS, TOLD, Blend
from photochrom.networks.kinship import DIM
from photochrom.networks.leading import led_over

H, W = 16, 24
CENTERS = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0], [-40.0, 0.0]])


def blend(*, moved=True):
    """One that departs from the rule as a trained one would, or one that has learnt nothing yet."""
    torch.manual_seed(0)
    network = Blend(len(CENTERS), width=8)
    if moved:
        torch.nn.init.normal_(network.head.weight, std=0.5)
    return network


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
    ab, seen, logits, lightness = picture()
    clicks, network = clicked(*places), blend()
    there = led_over(ab, seen, logits, lightness, clicks, CENTERS, network)
    kin = kinship(
        logits[0].numpy(), lightness[0, 0].numpy(), {KINSHIP: seen.numpy()}, AbBins(CENTERS.numpy())
    )
    here = obey(ab[0].numpy(), clicks[0].numpy(), kin)
    away = clicks[0, 2].numpy() == 0
    assert np.abs(here - ab[0].numpy())[:, away].max() > 1
    np.testing.assert_allclose(here, there.ab[0].numpy(), atol=2e-3)

    def blending(look, told):
        with torch.no_grad():
            return network(torch.from_numpy(look)[None], torch.from_numpy(told)[None])[0].numpy()

    blended = obey(ab[0].numpy(), clicks[0].numpy(), kin, blending)
    assert np.abs(blended - here)[:, away].max() > 1
    np.testing.assert_allclose(blended, there.blended[0].detach().numpy(), atol=2e-3)


def test_pictures_of_a_batch_do_not_mix_and_without_clicks_nothing_changes():
    parts = [torch.cat(pair) for pair in zip(picture(0), picture(1), strict=True)]
    clicks = torch.cat([clicked((3, 4, 20.0, -5.0, 1.0)), clicked()])
    both = led_over(*parts, clicks, CENTERS, blend())
    torch.testing.assert_close(both.ab[:1], led_over(*picture(0), clicks[:1], CENTERS, blend()).ab)
    assert torch.equal(both.ab[1:], parts[0][1:]) and both.spilt[1] == 0
    assert torch.equal(both.blended[1:], parts[0][1:]) and both.departed[1] == 0


def test_what_is_seen_apart_is_spilt_less():
    ab, seen, logits, lightness = picture()
    clicks = clicked((6, 8, 30.0, 0.0, 1.0))
    flat, level = torch.zeros_like(logits), torch.full_like(lightness, 50.0)
    alike = led_over(ab, torch.zeros_like(seen), flat, level, clicks, CENTERS, blend()).spilt
    apart = led_over(ab, 4 * seen, flat, level, clicks, CENTERS, blend()).spilt
    assert 0 < 3 * float(apart) < float(alike) < 1


def test_a_network_that_has_learnt_nothing_mostly_follows_the_rule_and_learns_from_both_losses():
    network = blend(moved=False)
    led = led_over(*picture(), clicked((3, 4, 20.0, -5.0, 1.0), (9, 12, 5.0, 5.0, 1.0)), CENTERS, network)
    by_rule, apart = led.ab - picture()[0], (led.blended - led.ab).detach()
    assert 0 < float(apart.norm()) < 0.3 * float(by_rule.norm())
    (led.blended.square().mean() + led.departed.sum()).backward()
    assert network.head.weight.grad.abs().max() > 0


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31), shape=st.sampled_from([(16, 24), (40, 40), (8, 16)]))
def test_what_comes_of_blending_is_shares_beside_a_colour(seed, shape):
    generator = torch.Generator().manual_seed(seed)
    half = (shape[0] // 2, shape[1] // 2)
    look = torch.randn((2, 2 + DIM + len(CENTERS), *half), generator=generator)
    told = torch.randn((2, TOLD, *shape), generator=generator)
    with torch.no_grad():
        answer = blend()(look, told)
    assert answer.shape == (2, PATHS + BESIDE, *shape)
    torch.testing.assert_close(answer[:, :PATHS].sum(1), torch.ones(2, *shape))


def test_hints_that_ask_for_nothing_change_nothing():
    ab, seen, logits, lightness = picture()
    clicks = clicked((3, 4, 0, 0, 1.0), (9, 12, 0, 0, 1.0))
    clicks[:, :2] = torch.where(clicks[:, 2:] > 0, ab, 0)
    led = led_over(ab, seen, logits, lightness, clicks, CENTERS, blend())
    torch.testing.assert_close(led.blended, ab)
