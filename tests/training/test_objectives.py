"""What a step shows and asks."""

import numpy as np
import pytest
import torch

from photochrom.color.srgb import srgb_to_lab
from photochrom.networks import told
from photochrom.networks.flagship import HINT_SCALE, Flagship
from photochrom.networks.losses import Aids
from photochrom.networks.torch_color import srgb_to_linear
from photochrom.training import objectives
from photochrom.training.config import Sampling

NETWORK = Flagship(dim=32, blocks=0, widths=(8, 8))
TARGETS = NETWORK.targets
BINS = len(TARGETS.centers)
LABEL = torch.full((6,), -1)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def rgb():
    return torch.randint(0, 256, (6, 32, 64, 3), dtype=torch.uint8, generator=generator(3))


def shown(rgb, sampling, seed=0):
    label = torch.full((len(rgb),), -1)
    return objectives.sample(rgb, label, NETWORK, sampling, generator(seed))


def test_shapes_and_ranges(rgb):
    batch = shown(rgb, Sampling(hinted=1.0, wished=1.0))
    assert batch.lightness.shape == (6, 1, 32, 64)
    assert 0 <= float(batch.lightness.min()) <= float(batch.lightness.max()) <= 100
    assert batch.hints.shape == (6, 3, 8, 16)
    assert batch.wishes.shape == (6, BINS + 3)
    assert batch.ab.shape == (6, 2, 32, 64)
    assert torch.equal(batch.label, LABEL)
    answer = NETWORK.asked(batch)
    assert answer.bins.shape == answer.shares.shape == (6, 4, 8, 16)


def test_without_damage_it_is_the_picture(rgb):
    batch = objectives.automatic(rgb, LABEL)
    bins, shares = NETWORK.binned(batch)
    there = srgb_to_lab(rgb.numpy() / 255)
    np.testing.assert_allclose(batch.lightness[:, 0].numpy(), there[..., 0], atol=1e-3)
    mean = there[..., 1:].reshape(6, 8, 4, 16, 4, 2).mean((2, 4))
    np.testing.assert_allclose(batch.lab.permute(0, 2, 3, 1).numpy(), there, atol=1e-3)
    np.testing.assert_array_equal(batch.rgb.permute(0, 2, 3, 1).numpy(), rgb.numpy() / np.float32(255))
    expected = (TARGETS.centers[bins] * shares[..., None]).sum(1)
    np.testing.assert_allclose(expected.numpy(), mean, atol=1e-3)
    assert batch.hints is None
    assert batch.wishes is None


def test_damage_leaves_the_colours_asked_for_alone(rgb):
    sound = objectives.automatic(rgb, LABEL)
    damaged = shown(rgb, Sampling(damaged=1.0, film=1.0))
    assert torch.equal(sound.lab, damaged.lab)
    assert torch.equal(sound.rgb, damaged.rgb)
    assert not torch.equal(sound.lightness, damaged.lightness)


def test_a_sample_is_a_function_of_its_generator(rgb):
    sampling = Sampling(damaged=0.5, film=0.25, hinted=0.5, wished=0.5)
    first, second, other = (shown(rgb, sampling, seed) for seed in (1, 1, 2))
    for name in ("lightness", "hints", "wishes", "lab", "rgb"):
        assert torch.equal(getattr(first, name), getattr(second, name))
    assert not torch.equal(first.lightness, other.lightness)


def test_the_table_of_bytes_is_the_curve():
    planes = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    torch.testing.assert_close(objectives.linear_light(planes), srgb_to_linear(planes.float() / 255))


def test_hints_tell_the_truth():
    ab = torch.randn((200, 2, 16, 24), generator=generator(1)).mul(10).cumsum(3)
    hints = told.sampled_hints(ab, generator(), share=0.6)
    hinted = hints[:, 2].flatten(1).any(1)
    assert float(hinted.float().mean()) == pytest.approx(0.6, abs=0.1)
    assert 0 <= float(hints[:, 2].min()) <= float(hints[:, 2].max()) <= 1
    assert not hints[:, :2][(hints[:, 2:] == 0).expand(-1, 2, -1, -1)].any()
    # A click carries the mean of its cells, so over a flat picture it is the colour itself.
    flat = torch.tensor([30.0, -40.0]).view(1, 2, 1, 1).expand(50, 2, 16, 24)
    hints = told.sampled_hints(flat, generator(), share=1.0)
    at = hints[:, 2] > 0
    assert at.flatten(1).any(1).all()
    torch.testing.assert_close(hints[:, 0][at], torch.full((int(at.sum()),), 30.0))
    torch.testing.assert_close(hints[:, 1][at], torch.full((int(at.sum()),), -40.0))


def test_no_hints_when_none_are_wanted():
    assert not told.sampled_hints(torch.ones(9, 2, 8, 8), generator(), share=0.0).any()


def test_wishes_are_the_pictures_own(rgb):
    batch = shown(rgb, Sampling(wished=1.0))
    palette, given, colorful, asked = batch.wishes.split([BINS, 1, 1, 1], dim=1)
    assert (given == 1).all()
    assert (asked == 1).all()
    torch.testing.assert_close(palette.sum(1), torch.ones(6))
    torch.testing.assert_close(palette @ TARGETS.centers, batch.ab.mean((2, 3)), atol=1e-3, rtol=0)
    figure = told.colorfulness(rgb.permute(0, 3, 1, 2) / 255)
    torch.testing.assert_close(colorful[:, 0] * 50, figure)


def test_wishes_not_told_are_zero(rgb):
    big = rgb.repeat(40, 1, 1, 1)
    batch = shown(big, Sampling(wished=0.3))
    palette, given, colorful, asked = batch.wishes.split([BINS, 1, 1, 1], dim=1)
    for values, flag in ((palette, given), (colorful, asked)):
        assert float(flag.mean()) == pytest.approx(0.3, abs=0.1)
        assert not values[flag[:, 0] == 0].any()
        assert values[flag[:, 0] == 1].any(1).all()


def test_colourfulness_of_known_pictures():
    # Hasler and Süsstrunk's M3 by hand: rg = ±255, yb = ±127.5 of pure red and cyan, half and half.
    halves = torch.tensor([[1.0, 0, 0], [0, 1, 1]]).T.view(1, 3, 1, 2)
    grey = torch.rand(1, 1, 4, 4).expand(1, 3, 4, 4)
    assert float(told.colorfulness(halves)) == pytest.approx((255**2 + 127.5**2) ** 0.5, rel=1e-4)
    assert float(told.colorfulness(grey)) == pytest.approx(0, abs=1e-3)
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    assert float(told.colorfulness(red)) == pytest.approx(0.3 * (255**2 + 127.5**2) ** 0.5, rel=1e-4)


def test_the_flagship_loses_what_it_lost_before_it_joined_the_zoo():
    """Figures of the trainer that knew the flagship alone, whose shipped weights this one must go on from."""
    torch.manual_seed(0)
    network = Flagship(dim=32, blocks=1, widths=(16, 8))
    drawn = generator(1)
    smooth = torch.nn.functional.interpolate(
        torch.rand((4, 3, 4, 4), generator=drawn) * 255, (64, 32), mode="bilinear"
    )
    for parameter in network.decoder.head.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=drawn)
    # That trainer's weights were of hints that came in smaller; brought over they are of the same function.
    decoder = network.decoder
    with torch.no_grad():
        for told_of in (decoder.hint16.weight, decoder.skip8.weight[:, -3:], decoder.skip4.weight[:, -3:]):
            told_of /= HINT_SCALE
    sampling = Sampling(damaged=0.5, film=0.25, hinted=0.4, wished=0.15)
    label = torch.full((4,), -1)
    batch = objectives.sample(smooth.byte().permute(0, 2, 3, 1), label, network, sampling, generator(7))
    (loss,) = objectives.weighed(network.asked(batch), batch, Aids(), {"cross_entropy": 1.0}).values()
    loss.backward()
    assert float(loss.detach()) == pytest.approx(6.318199634552002, abs=2e-5)
    assert float(batch.lightness.sum()) == pytest.approx(471824.78125, rel=1e-6)
    assert float(batch.hints.abs().sum()) == pytest.approx(1628.814208984375, rel=1e-6)
    assert float(batch.wishes.sum()) == pytest.approx(3.0587778091430664, rel=1e-5)
    gradient = network.encoder.stem[0].weight.grad
    assert float(gradient.abs().sum()) == pytest.approx(401.74456787109375, rel=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_a_smaller_look_is_smaller_and_of_sides_that_the_network_takes(seed):
    lightness = torch.rand(2, 1, 192, 256, generator=generator(3)) * 100
    small = objectives.smaller_look(lightness, NETWORK, generator(seed))
    height, width = small.shape[2:]
    assert height % NETWORK.multiple == width % NETWORK.multiple == 0
    assert 0.3 * 192 <= height < 192 and 0.3 * 256 <= width < 256
    assert objectives.smaller_look(lightness[..., :64, :96], NETWORK, generator(seed)).shape[2] == 32
    assert objectives.smaller_look(lightness[..., :32, :32], NETWORK, generator(seed)).shape[2] == 32
    assert float(small.mean()) == pytest.approx(float(lightness.mean()), abs=1)
    batch = objectives.automatic(torch.zeros(2, 64, 96, 3, dtype=torch.uint8), LABEL[:2])
    answer = NETWORK.asked(batch._replace(smaller=batch.lightness[:, :, :32, :64]))
    assert answer.smaller.shape == answer.logits.shape
    assert NETWORK.asked(batch).smaller is None
