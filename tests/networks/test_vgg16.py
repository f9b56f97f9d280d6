"""VGG16 under torchvision's names."""

import pytest
import torch
from safetensors.torch import save_file

from photochrom.errors import BadConfig
from photochrom.networks.vgg16 import NUMBERS, Vgg16


@pytest.fixture(scope="module")
def published():
    """Random weights as torchvision names them, with what comes after conv4_3."""
    torch.manual_seed(0)
    ours = list(Vgg16().parameters())
    state = {"features.24.weight": torch.zeros(4, 4), "classifier.0.bias": torch.zeros(3)}
    for number, (weight, bias) in zip(NUMBERS, zip(ours[::2], ours[1::2], strict=True), strict=True):
        state[f"features.{number}.weight"] = torch.randn(weight.shape) * 0.05
        state[f"features.{number}.bias"] = torch.randn(bias.shape) * 0.05
    return state


def test_every_convolution_finds_its_place(published, tmp_path):
    save_file(published, tmp_path / "vgg16.safetensors")
    network = Vgg16.from_file(tmp_path / "vgg16.safetensors")
    assert sum(p.numel() for p in network.parameters()) == 7_635_264
    assert not any(p.requires_grad for p in network.parameters())
    with torch.no_grad():
        features = network(torch.rand(1, 3, 32, 48))
    assert [tuple(part.shape[1:]) for part in features] == [
        (64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6)
    ]  # fmt: skip
    # By hand, down to ReLU 2_2.
    conv, relu = torch.nn.functional.conv2d, torch.nn.functional.relu
    grey = torch.full((1, 3, 8, 8), 0.5)
    x = (grey - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(1, 3, 1, 1)
    for number in (0, 2, 5, 7):
        if number == 5:
            x = torch.nn.functional.max_pool2d(x, 2)
        x = relu(
            conv(x, published[f"features.{number}.weight"], published[f"features.{number}.bias"], padding=1)
        )
    torch.testing.assert_close(network(grey)[1], x)


def test_another_network_is_refused(published, tmp_path):
    for name, fault in (("missing", None), ("shape", torch.zeros(3))):
        state = {**published, "features.5.bias": fault}
        file = tmp_path / f"{name}.safetensors"
        save_file({key: value for key, value in state.items() if value is not None}, file)
        with pytest.raises(BadConfig, match=rf"{name}\.safetensors: not VGG16's weights"):
            Vgg16.from_file(file)
