"""The course project's network: its layers in order, and weights to begin from."""

import pytest
import torch
from torch import nn

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.fusion_resnet18 import FusionResNet18
from photochrom.networks.resnet18 import ResNet18


@pytest.mark.parametrize(
    ("form", "norms", "ends"), [("course", 2, [nn.Sigmoid]), ("tutorial", 4, [nn.BatchNorm2d, nn.ReLU])]
)
def test_what_stands_before_the_answer(form, norms, ends):
    layers = list(FusionResNet18(form=form, filters=4).decoder)
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in layers) == norms
    assert sum(isinstance(layer, nn.Upsample) for layer in layers) == 3
    assert [type(layer) for layer in layers[-2 - len(ends) :]] == [*ends, nn.Conv2d, nn.Upsample]


def test_its_units_are_those_of_8_bit_lab():
    lab = torch.tensor([50.0, -128.0, 127.0]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    batch = Batch(lightness=lab[:, :1], lab=lab, rgb=torch.rand(1, 3, 16, 16), label=torch.tensor([-1]))
    answer = FusionResNet18(filters=4).eval().asked(batch)
    assert answer.target[0, :, 0, 0].tolist() == [0, 1]
    torch.testing.assert_close(answer.ab, answer.value * 255 - 128)


def test_it_begins_from_the_weights_of_a_whole_resnet(tmp_path):
    torch.manual_seed(0)
    state = {}
    for name, value in ResNet18().state_dict().items():
        start, _, rest = name.partition(".")
        stage, _, rest = rest.partition(".") if start == "layers" else ("", "", rest)
        state[f"layer{int(stage) + 1}.{rest}" if stage else name] = value
    torch.save(state, tmp_path / "resnet18.pth")
    network = FusionResNet18()
    network.load_backbone(tmp_path / "resnet18.pth")
    assert torch.equal(network.encoder.layers[1][0].conv1.weight, state["layer2.0.conv1.weight"])
    with pytest.raises(BadConfig, match="not ResNet-18's weights"):
        FusionResNet18(filters=8).load_backbone(tmp_path / "resnet18.pth")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "cours"}, "form: 'cours' is not one of course, tutorial"),
        ({"filters": 7}, "filters: must be even, not 7"),
    ],
)
def test_forms_that_there_are_not(options, message):
    with pytest.raises(BadConfig, match=message):
        FusionResNet18(**options)
