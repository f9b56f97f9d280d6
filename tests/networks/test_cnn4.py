"""The four-layer network: what its forms draw, and what the published one cannot."""

import colorsys

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.cnn4 import Cnn4
from photochrom.networks.torch_color import srgb_to_lab

RED = (0.8, 0.2, 0.1)


@pytest.fixture
def red():
    rgb = torch.tensor(RED).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    lab = srgb_to_lab(rgb)
    return Batch(lightness=lab[:, :1], lab=lab, rgb=rgb, label=torch.tensor([-1]))


def painted(network, value):
    """The network, drawing one colour everywhere."""
    with torch.no_grad():
        last = network.layers[6]
        last.weight.zero_()
        last.bias.copy_(torch.as_tensor(value))
    return network


@pytest.mark.parametrize("space", ["rgb", "hls", "ab"])
@pytest.mark.parametrize("stride", [1, 2])
def test_what_it_should_draw_is_the_picture(red, space, stride):
    network = Cnn4(space=space, stride=stride, filters=4)
    target = network.asked(red).target[0, :, 3, 3]
    hue, light, vivid = colorsys.rgb_to_hls(*RED)
    expected = {
        "rgb": torch.tensor(RED) * 2 - 1,
        "hls": torch.tensor([hue * 180 / 255, light, vivid]),
        "ab": red.lab[0, 1:, 0, 0] / 110,
    }[space]
    torch.testing.assert_close(target, expected, atol=1e-5, rtol=0)
    # Were it to draw that, it would give the picture's chroma.
    ab = painted(network, target)(red.lightness)
    torch.testing.assert_close(ab, red.ab, atol=0.02, rtol=0)


def test_the_last_relu_takes_the_dark_half_away(red):
    network = painted(Cnn4(space="rgb", last="relu"), [0.6, -0.6, -0.8])
    assert network.asked(red).value[0, :, 5, 5].tolist() == pytest.approx([0.6, 0, 0])


def test_it_sees_nine_pixels_a_side():
    network = Cnn4()
    x = torch.rand(1, 1, 32, 32, requires_grad=True)
    network(x)[0, 0, 16, 16].backward()
    seen = x.grad[0, 0].nonzero()
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [9, 9]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"space": "lab"}, "space: 'lab' is not one of rgb, hls, ab"),
        ({"last": "tanh"}, "last: 'tanh' is not one of relu, none"),
        ({"stride": 3}, "stride: 3 is not one of 1, 2"),
    ],
)
def test_forms_that_there_are_not(options, message):
    with pytest.raises(BadConfig, match=message):
        Cnn4(**options)
