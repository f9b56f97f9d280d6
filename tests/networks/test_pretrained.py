"""ImageNet weights under their authors' names."""

import pytest
import torch
from safetensors.torch import save_file

from photochrom.errors import BadConfig
from photochrom.networks.flagship import Encoder
from photochrom.networks.pretrained import _renamed, fill, load_lite2


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


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, r"\.weight is missing$"),
        (torch.zeros(3), r"\.weight is 3 and not \d+$"),
        (torch.zeros(()), r"\.weight is a number and not \d+$"),
    ],
)
def test_another_network_is_refused(published, tmp_path, values, message):
    state = {**published, "_blocks.4._bn0.weight": values}
    torch.save({name: value for name, value in state.items() if value is not None}, tmp_path / "other.pth")
    start = r"other\.pth: not EfficientNet-Lite2's weights: stages\.2.*"
    with pytest.raises(BadConfig, match=start + message):
        load_lite2(Encoder(), tmp_path / "other.pth")


def test_the_first_misfit_is_named_and_the_others_counted(tmp_path):
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    values = module.state_dict()
    # Files older than these counters have none.
    del values["1.num_batches_tracked"]
    fill(module, values, file=tmp_path / "a.pth", what="these")
    values["0.weight"], values["2.weight"] = torch.zeros(2, 3, 3, 3), torch.zeros(1)
    del values["1.bias"]
    expected = r"a\.pth: not these: 0\.weight is 2×3×3×3 and not 2×1×3×3 \(and 2 more\)$"
    with pytest.raises(BadConfig, match=expected):
        fill(module, values, file=tmp_path / "a.pth", what="these")
    more = {"2.weight": torch.zeros(1)}
    with pytest.raises(BadConfig, match=r"a\.pth: not these: 2\.weight is one too many$"):
        fill(module, {**module.state_dict(), **more}, file=tmp_path / "a.pth", what="these")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("data", [None, b"", b"no weights at all"])
def test_a_file_of_something_else_is_refused(tmp_path, suffix, data):
    file = tmp_path / f"weights{suffix}"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(BadConfig, match=rf"weights{suffix}: not EfficientNet-Lite2's weights"):
        load_lite2(Encoder(), file)
