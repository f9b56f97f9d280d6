"""ImageNet weights under their authors' names."""

import pytest
import torch
from safetensors.torch import save_file

from photochrom.errors import BadConfig
from photochrom.networks.flagship import Encoder
from photochrom.networks.pretrained import _renamed, load_lite2


@pytest.fixture(scope="module")
def published():
    """Random weights as efficientnet_lite_pytorch names them: three input channels, and a classifier."""
    torch.manual_seed(1)
    ours = Encoder().state_dict()
    state = {"_fc.weight": torch.zeros(10, 1280), "_conv_head.weight": torch.zeros(1280, 352, 1, 1)}
    for theirs, mine in _renamed():
        for key, value in ours.items():
            if key.rpartition(".")[0] == mine:
                noise = torch.rand(value.shape) if value.is_floating_point() else value
                state[f"{theirs}.{key.rpartition('.')[2]}"] = noise
    state["_conv_stem.weight"] = torch.rand(32, 3, 3, 3)
    return state


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_every_tensor_finds_its_place(published, tmp_path, suffix):
    file = tmp_path / f"lite2{suffix}"
    torch.save(published, file) if suffix == ".pth" else save_file(published, file)
    encoder = Encoder()
    load_lite2(encoder, file)
    state = encoder.state_dict()
    torch.testing.assert_close(state["stem.0.weight"], published["_conv_stem.weight"].sum(1, keepdim=True))
    for ours, theirs in (
        ("stem.1.running_var", "_bn0.running_var"),
        ("stages.0.0.layers.0.weight", "_blocks.0._depthwise_conv.weight"),
        ("stages.0.0.layers.3.weight", "_blocks.0._project_conv.weight"),
        ("stages.1.0.layers.0.weight", "_blocks.1._expand_conv.weight"),
        ("stages.1.2.layers.4.bias", "_blocks.3._bn1.bias"),
        ("stages.6.0.layers.7.running_mean", "_blocks.20._bn2.running_mean"),
    ):
        assert torch.equal(state[ours], published[theirs]), ours


@pytest.mark.parametrize("fault", ["missing", "shape"])
def test_another_network_is_refused(published, tmp_path, fault):
    state = dict(published)
    if fault == "missing":
        del state["_blocks.4._bn0.weight"]
    else:
        state["_blocks.4._bn0.weight"] = torch.zeros(3)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(BadConfig, match=r"other\.pth: not EfficientNet-Lite2's weights"):
        load_lite2(Encoder(), tmp_path / "other.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("data", [None, b"", b"no weights at all"])
def test_a_file_of_something_else_is_refused(tmp_path, suffix, data):
    file = tmp_path / f"weights{suffix}"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(BadConfig, match=rf"weights{suffix}: not EfficientNet-Lite2's weights"):
        load_lite2(Encoder(), file)
