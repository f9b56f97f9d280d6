"""Damage to the lightness that a network meets in training."""

import pytest
import torch

from photochrom.color.constants import RGB_TO_RELATIVE
from photochrom.datasets.degrade import DAMAGES, degrade, emulsion, jpeg, uniform

EYE = torch.tensor(RGB_TO_RELATIVE[1].tolist())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def lightness():
    """Eight pictures from a smooth one to noise, 0…100, 64×96."""
    ramp = torch.linspace(0, 100, 96).expand(1, 1, 64, 96)
    noise = torch.rand((8, 1, 64, 96), generator=generator(9)) * 100
    share = torch.linspace(0, 1, 8).view(8, 1, 1, 1)
    return ramp * (1 - share) + noise * share


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_range_is_kept(lightness, share, seed):
    before = lightness.clone()
    damaged = degrade(lightness, generator(seed), share=share)
    assert torch.equal(lightness, before)
    assert damaged.shape == lightness.shape
    assert damaged.dtype == torch.float32
    assert float(damaged.min()) >= 0
    assert float(damaged.max()) <= 100


def test_a_share_of_none_changes_nothing(lightness):
    assert torch.equal(degrade(lightness, generator(), share=0.0), lightness)


def test_the_same_generator_gives_the_same_damage(lightness):
    first, second = (degrade(lightness, generator(5), share=1.0) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, degrade(lightness, generator(6), share=1.0))


def test_about_the_share_asked_for_is_damaged():
    flat = torch.full((400, 1, 8, 8), 50.0)
    changed = (degrade(flat, generator(), share=0.5) != flat).flatten(1).any(1).float().mean()
    # Of those drawn, one in thirty escapes every damage.
    assert 0.4 < float(changed) < 0.56


@pytest.mark.parametrize("damage", [damage for damage, _ in DAMAGES], ids=lambda f: f.__name__)
def test_each_damage(lightness, damage):
    damaged = damage(lightness, generator())
    assert damaged.shape == lightness.shape
    assert torch.isfinite(damaged).all()
    assert not torch.equal(damaged, lightness)
    assert torch.equal(damaged, damage(lightness, generator()))
    # Damage, not destruction: a smooth picture is still itself.
    correlation = torch.corrcoef(torch.stack([damaged[0].flatten(), lightness[0].flatten()]))[0, 1]
    assert float(correlation) > 0.8


def test_pictures_with_black_and_white_give_numbers():
    extremes = torch.tensor([0.0, 100.0]).view(2, 1, 1, 1).expand(2, 1, 32, 32).contiguous()
    for seed in range(5):
        assert torch.isfinite(degrade(extremes, generator(seed), share=1.0)).all()


def test_jpeg_keeps_the_mean_of_a_flat_block():
    flat = torch.full((4, 1, 16, 16), 63.0)
    assert float((jpeg(flat, generator()) - flat).abs().max()) < 4


def test_emulsions_are_weights():
    film = emulsion(EYE, 500, generator(), share=1.0)
    assert film.shape == (500, 3, 1, 1)
    torch.testing.assert_close(film.sum(1), torch.ones(500, 1, 1))
    assert float(film.min()) > 0
    # Few early films saw red as well as the eye does.
    assert float(film[:, 0].mean()) < float(film[:, 2].mean())
    eye = emulsion(EYE, 3, generator(), share=0.0)
    torch.testing.assert_close(eye, EYE.view(1, 3, 1, 1).expand(3, 3, 1, 1))


def test_draws_lie_between_their_bounds():
    draws = uniform(torch.zeros(1000, 1), -3, 5, generator())
    assert draws.shape == (1000, 1, 1, 1)
    assert -3 <= float(draws.min()) < -2.9
    assert 4.9 < float(draws.max()) <= 5
