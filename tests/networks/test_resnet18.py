"""ResNet-18: its sizes, and files that others name its weights in."""

import pytest
import torch
from safetensors.torch import save_file

from photochrom.errors import BadConfig
from photochrom.networks.resnet18 import ResNet18, load_resnet18


def published(*, colors=3, classes=5):
    """Random weights by torchvision's names."""
    torch.manual_seed(1)
    state = {}
    for name, value in ResNet18().state_dict().items():
        start, _, rest = name.partition(".")
        if start == "layers":
            stage, _, rest = rest.partition(".")
            name = f"layer{int(stage) + 1}.{rest}"
        state[name] = torch.rand_like(value) if value.is_floating_point() else value
    state["conv1.weight"] = torch.rand(64, colors, 7, 7)
    return {**state, "fc.weight": torch.rand(classes, 512), "fc.bias": torch.rand(classes)}


def test_what_leaves_it():
    network = ResNet18()
    # torchvision's 11,689,512 less the classifier and two of the three planes of the first kernels.
    assert sum(p.numel() for p in network.parameters()) == 11_689_512 - 513_000 - 2 * 64 * 49
    with torch.no_grad():
        shapes = [tuple(x.shape[1:]) for x in network(torch.rand(1, 1, 64, 96))]
    assert shapes == [(64, 32, 48), (64, 16, 24), (128, 8, 12), (256, 4, 6), (512, 2, 3)]


@pytest.mark.parametrize("stages", [2, 4])
@pytest.mark.parametrize("colors", [1, 3])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_published_weights_fill_it(tmp_path, stages, colors, suffix):
    source = published(colors=colors)
    file = tmp_path / f"resnet{suffix}"
    torch.save(source, file) if suffix == ".pth" else save_file(source, file)
    network = ResNet18(stages=stages)
    load_resnet18(network, file)
    state = network.state_dict()
    assert torch.equal(state["conv1.weight"], source["conv1.weight"].sum(1, keepdim=True))
    assert torch.equal(
        state["layers.1.0.downsample.1.running_var"], source["layer2.0.downsample.1.running_var"]
    )
    assert torch.equal(state["layers.1.1.conv2.weight"], source["layer2.1.conv2.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("layer1.0.conv2.weight"), r"layers\.0\.0\.conv2\.weight"),
        (
            lambda s: s.update({"layer1.2.conv1.weight": torch.rand(1)}),
            r"layers\.0\.2\.conv1\.weight",
        ),
        (lambda s: s.update({"bn1.weight": torch.rand(32)}), r"bn1\.weight"),
        (lambda s: s.update({"conv1.weight": torch.rand(64)}), r"conv1\.weight"),
        (lambda s: s.update({"layer.x": torch.rand(2)}), r"layer\.x"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, change, message):
    source = published()
    change(source)
    save_file(source, tmp_path / "resnet.safetensors")
    with pytest.raises(BadConfig, match=rf"(?s)not ResNet-18's weights: .*{message}"):
        load_resnet18(ResNet18(stages=2), tmp_path / "resnet.safetensors")
