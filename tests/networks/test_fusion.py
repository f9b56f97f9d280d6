"""Fusion: who learns from the class of a scene, and what the whole picture decides."""

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.fusion import Fusion
from photochrom.networks.losses import LOSSES, Aids

SMALL = {"filters": 4, "glance": 64}


@pytest.fixture
def batch():
    torch.manual_seed(0)
    lightness = torch.rand(3, 1, 48, 64) * 100
    lab = torch.cat([lightness, torch.full((3, 2, 48, 64), 20.0)], dim=1)
    return Batch(lightness=lightness, lab=lab, rgb=torch.rand(3, 3, 48, 64), label=torch.tensor([2, -1, 0]))


def learning(network):
    return {name.partition(".")[0] for name, p in network.named_parameters() if p.grad is not None}


def test_the_class_of_a_scene_teaches_no_colour(batch):
    network = Fusion(classes=5, **SMALL)
    answer = network.asked(batch)
    assert answer.scene.shape == (3, 5)
    LOSSES["scene"].function(answer, batch, Aids()).backward()
    assert learning(network) == {"low", "seen", "scene"}


def test_colour_teaches_all_but_the_class(batch):
    network = Fusion(classes=5, **SMALL)
    LOSSES["l2"].function(network.asked(batch), batch, Aids()).backward()
    assert learning(network) == {"low", "seen", "mid", "told_of", "fusion", "color"}


def test_what_it_learns_is_the_truth_in_its_own_units(batch):
    answer = Fusion(**SMALL).asked(batch)
    assert answer.scene is None
    torch.testing.assert_close(answer.target, torch.full((3, 2, 48, 64), 0.6))
    torch.testing.assert_close(answer.ab, answer.value * 200 - 100)


def test_a_place_hears_of_all_others():
    """Of a corner's colour, the opposite corner is too far away for the convolutions to know."""
    torch.manual_seed(0)
    network = Fusion(norm=False, **SMALL).eval()
    lightness = (torch.rand(1, 1, 256, 256) * 100).requires_grad_()
    network(lightness)[0, :, 0, 0].sum().backward()
    assert lightness.grad[0, 0, -32:, -32:].abs().max() > 0
    for p in network.told_of.parameters():
        torch.nn.init.zeros_(p)
    lightness.grad = None
    network(lightness)[0, :, 0, 0].sum().backward()
    assert lightness.grad[0, 0, -32:, -32:].abs().max() == 0


def test_a_picture_of_the_size_of_a_glance_is_looked_at_once():
    torch.manual_seed(0)
    network = Fusion(**SMALL).eval()
    runs = []
    network.low.register_forward_hook(lambda *_: runs.append(1))
    lightness = torch.rand(1, 1, 64, 64) * 100
    with torch.no_grad():
        network(lightness)
        assert len(runs) == 1
        network(lightness[:, :, :48])
    assert len(runs) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fusion": 2}, "fusion: 2 is not one of 1, 3"),
        ({"glance": 100}, "glance: must be a multiple of 32, not 100"),
        ({"glance": 0}, "glance: must be a multiple of 32, not 0"),
        ({"filters": 5}, "filters: must be even, not 5"),
        ({"classes": -1}, "classes: must be 0 or more, not -1"),
    ],
)
def test_forms_that_there_are_not(options, message):
    with pytest.raises(BadConfig, match=message):
        Fusion(**options)
