"""The U-Net over ResNet-18: how it climbs, what it starts from, and when its critic comes in."""

from pathlib import Path

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.resnet18 import ResNet18
from photochrom.networks.resnet18_unet import Climb, ResNet18UNet, Shuffle
from photochrom.training.config import load_recipe
from photochrom.training.run import build

CONFIGS = Path(__file__).parents[2] / "configs"


def test_channels_on_the_way_up():
    network = ResNet18UNet()
    assert [climb.layers[2].out_channels for climb in network.climbs] == [512, 384, 256, 96]
    assert network.last.in_channels == 97
    network.eval()
    seen = []
    for climb in network.climbs:
        climb.register_forward_hook(lambda _module, _given, answer: seen.append(answer.shape[2:]))
    with torch.no_grad():
        network(torch.full((1, 1, 64, 96), 50.0))
    assert [tuple(shape) for shape in seen] == [(4, 6), (8, 12), (16, 24), (32, 48)]


def test_a_new_shuffle_draws_no_chequerboard():
    torch.manual_seed(0)
    y = Shuffle(8, 6)(torch.randn(2, 8, 5, 7))
    assert y.shape == (2, 6, 10, 14)
    for row, column in ((0, 1), (1, 0), (1, 1)):
        assert torch.equal(y[:, :, row::2, column::2], y[:, :, ::2, ::2])
    kernels = Shuffle(8, 6)[0].weight[::4]
    assert not torch.equal(kernels[0], kernels[1])


def test_what_comes_across_is_normalised():
    torch.manual_seed(0)
    climb = Climb(8, 4, 6).train()
    below, across = torch.randn(4, 8, 3, 3), torch.randn(4, 4, 6, 6)
    torch.testing.assert_close(climb(below, across), climb(below, across * 7 + 3), atol=1e-4, rtol=1e-3)


def test_imagenets_weights_take_their_place(tmp_path):
    torch.manual_seed(0)
    there = ResNet18().state_dict()
    file = tmp_path / "resnet18.pth"
    named = {}
    for name, value in there.items():
        stage, _, rest = name.removeprefix("layers.").partition(".")
        named[f"layer{int(stage) + 1}.{rest}" if name.startswith("layers.") else name] = value
    named["conv1.weight"] = there["conv1.weight"].repeat(1, 3, 1, 1) / 3
    torch.save(named, file)
    network = ResNet18UNet()
    middle = network.middle[2].weight.clone()
    network.load_backbone(file)
    for name, value in network.encoder.state_dict().items():
        torch.testing.assert_close(value, there[name])
    assert torch.equal(network.middle[2].weight, middle)
    # Narrower than ResNet-18, it cannot take them.
    with pytest.raises(BadConfig, match=r"resnet18\.pth: not ResNet-18's weights: conv1\.weight is 64×1×7×7"):
        ResNet18UNet(filters=8).load_backbone(file)


def test_the_critic_comes_in_when_it_can_colour():
    recipe = load_recipe(CONFIGS / "resnet18-unet.toml")
    first, second = recipe.stages
    assert "adversarial" not in recipe.losses_of(first)
    assert recipe.losses_of(second) == {"l1": 100.0, "adversarial": 1.0}
    assert recipe.losses_of(first)["l1"] == recipe.losses_of(second)["l1"]
    assert first.rate == 1e-4
    # The critic's start is not the generator's, whose kernels N(0, 0.02) would spoil.
    assert recipe.critic_init == "normal"
    torch.manual_seed(0)
    kernels = build(recipe).climbs[0].shuffle[0].weight.detach()
    assert float(kernels.std()) == pytest.approx((2 / 512) ** 0.5, rel=0.05)


@pytest.mark.parametrize("filters", [0, 7])
def test_channels_must_halve(filters):
    with pytest.raises(BadConfig, match=f"filters: must be even, not {filters}"):
        ResNet18UNet(filters=filters)
