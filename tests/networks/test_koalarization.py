"""Deep Koalarization: a classifier that never learns, and what it tells every place."""

import dataclasses

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.flagship import Encoder
from photochrom.networks.koalarization import EMBEDDINGS, Koalarization
from photochrom.networks.pretrained import _renamed

SMALL = {"filters": 4, "embedding": "lite2", "glance": 32}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Koalarization(**SMALL)


def test_the_stand_in_has_fewer_channels():
    with torch.device("meta"):
        network = Koalarization(embedding="lite2")
    learning = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert learning == 6_574_050 - (1001 - 352) * 256
    assert network.glance == 256


def test_the_classifier_does_not_learn(network):
    network.train()
    assert network.local.training
    assert not any(module.training for module in network.encoder.modules())
    before = {name: value.clone() for name, value in network.encoder.state_dict().items()}
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=0.1)
    lightness = torch.rand(2, 1, 32, 40) * 100
    lab = torch.cat([lightness, torch.full((2, 2, 32, 40), 63.5)], dim=1)
    batch = Batch(lightness=lightness, lab=lab, rgb=torch.rand(2, 3, 32, 40), label=torch.zeros(2).long())
    answer = network.asked(batch)
    torch.testing.assert_close(answer.target, torch.full((2, 2, 32, 40), 0.5))
    (answer.value - answer.target).square().mean().backward()
    optimizer.step()
    assert all(torch.equal(value, before[name]) for name, value in network.encoder.state_dict().items())


def test_every_place_is_told_of_the_whole_picture(network):
    """An even picture but for one corner: the opposite corner's colour follows it through the vector."""
    # Random weights tell nothing, so here the vector is the mean lightness.
    network.embedding = dataclasses.replace(
        network.embedding, seen=lambda _, lightness: lightness.mean((2, 3)).expand(-1, 352) / 100
    )
    network.eval()
    even, other = torch.full((1, 1, 256, 256), 50.0), torch.full((1, 1, 256, 256), 50.0)
    other[:, :, -64:, -64:] = 100
    with torch.no_grad():
        here, there = network(even), network(other)
        assert (here - there)[:, :, :8, :8].abs().max() > 1e-4
        network.fusion[0].weight[:, 16:] = 0
        assert torch.equal(network(even)[:, :, :8, :8], network(other)[:, :, :8, :8])


def test_one_answer_is_for_four_pixels(network):
    with torch.no_grad():
        ab = network.eval()(torch.rand(1, 1, 48, 64) * 100)
    assert torch.equal(ab, ab[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_strides_are_padded_at_the_end():
    """As TensorFlow pads: the first place sees the first three rows, not one beyond the edge."""
    network = Koalarization(**SMALL)
    x = torch.rand(1, 1, 16, 16, requires_grad=True)
    network.local[:2](x)[0, :, 0, 0].sum().backward()
    assert x.grad[0, 0].nonzero().max() == 2


def test_a_file_fills_the_stand_in(network, tmp_path):
    state = {}
    values = {
        name: torch.rand_like(v) if v.is_floating_point() else v for name, v in Encoder().state_dict().items()
    }
    for theirs, ours in _renamed():
        state |= {
            f"{theirs}.{name.rpartition('.')[2]}": value
            for name, value in values.items()
            if name.rpartition(".")[0] == ours
        }
    torch.save(state, tmp_path / "lite2.pth")
    network.load_backbone(tmp_path / "lite2.pth")
    assert all(torch.equal(value, values[name]) for name, value in network.encoder.state_dict().items())
    torch.save({"fc.weight": torch.rand(3, 3)}, tmp_path / "other.pth")
    with pytest.raises(BadConfig, match=r"other\.pth: not EfficientNet-Lite2's weights"):
        network.load_backbone(tmp_path / "other.pth")


@pytest.mark.parametrize("name", [name for name in EMBEDDINGS if name != "lite2"])
def test_inception_looks_at_its_own_square(name):
    row = EMBEDDINGS[name]
    assert row.side == 299
    assert row.channels == int(name.removeprefix("inception-"))
    seen = []
    row.seen(seen.append, torch.tensor([0.0, 100.0]).view(1, 1, 1, 2))
    assert seen[0].tolist() == [[[[-1, 1]]] * 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"embedding": "inception"}, "embedding: 'inception' is not one of inception-1001, "),
        ({"glance": 48}, "glance: lite2 cannot look at squares of 48"),
        (
            {"embedding": "inception-1536", "glance": 64},
            "glance: inception-1536 cannot look",
        ),
        ({"filters": 3}, "filters: must be even, not 3"),
    ],
)
def test_forms_that_there_are_not(options, message):
    with pytest.raises(BadConfig, match=message):
        Koalarization(**{**SMALL, **options})
