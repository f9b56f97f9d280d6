"""Inception-ResNet-v2: its size, its layers' names, and files that fit it or do not."""

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.inception_resnet_v2 import InceptionResNetV2, load_inception_resnet_v2


def empty(classes):
    """Without memory: to be counted and filled."""
    with torch.device("meta"):
        return InceptionResNetV2(classes=classes)


def published(classes, *, classifier="classif"):
    """Each tensor one number everywhere, which a file then holds once; by name."""
    return {
        name.replace("classif", classifier): torch.tensor(place, dtype=value.dtype).expand(value.shape)
        for place, (name, value) in enumerate(empty(classes).state_dict().items())
    }


@pytest.mark.parametrize(
    ("classes", "count"), [(1000, 55_843_464), (1001, 55_845_001), (0, 55_843_464 - 1_537_000)]
)
def test_parameters_are_those_that_timm_counts(classes, count):
    network = empty(classes)
    assert sum(p.numel() for p in network.parameters()) == count
    assert not any(p.requires_grad for p in network.parameters())


def test_names_are_those_of_published_files():
    names = empty(1001).state_dict()
    for name, shape in {
        "conv2d_1a.conv.weight": (32, 3, 3, 3),
        "mixed_5b.branch1.1.conv.weight": (64, 48, 5, 5),
        "mixed_5b.branch3.1.bn.running_var": (64,),
        "repeat.9.conv2d.bias": (320,),
        "repeat_1.19.branch1.2.conv.weight": (192, 160, 7, 1),
        "mixed_6a.branch0.conv.weight": (384, 320, 3, 3),
        "mixed_7a.branch2.2.conv.weight": (320, 288, 3, 3),
        "repeat_2.8.branch1.1.conv.weight": (224, 192, 1, 3),
        "block8.conv2d.weight": (2080, 448, 1, 1),
        "classif.weight": (1001, 1536),
    }.items():
        assert tuple(names[name].shape) == shape


@pytest.fixture(scope="module")
def networks():
    """One with logits and one with features, with memory."""
    return {classes: empty(classes).to_empty(device="cpu").eval() for classes in (1001, 0)}


@pytest.mark.parametrize(("classes", "in_file"), [(1001, 1001), (0, 1000)])
@pytest.mark.parametrize("classifier", ["classif", "last_linear"])
def test_files_fit_by_either_name(networks, tmp_path, classes, in_file, classifier):
    source = published(in_file, classifier=classifier)
    torch.save(source, tmp_path / "irv2.pth")
    network = networks[classes]
    load_inception_resnet_v2(network, tmp_path / "irv2.pth")
    for name, value in network.state_dict().items():
        assert (value == source[name.replace("classif", classifier)]).all(), name


def test_what_comes_out(networks):
    """That it computes what timm's does, on random weights and to the last bit, was checked once by hand."""
    for classes, network in networks.items():
        torch.manual_seed(0)
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value.fill_(1) if "running_var" in name else value.normal_(0, 0.01)
        with torch.no_grad():
            answer = network(torch.rand(2, 3, 75, 107) * 2 - 1)
        assert answer.shape == (2, classes or 1536)
        assert torch.isfinite(answer).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("block8.conv2d.bias"), r"block8\.conv2d\.bias"),
        (lambda s: s.update({"repeat.10.conv2d.bias": torch.ones(1)}), r"repeat\.10\.conv2d\.bias"),
        (lambda s: s.update({"classif.weight": torch.ones(1).expand(1000, 1536)}), r"classif\.weight"),
    ],
)
def test_files_that_do_not_fit_are_refused(networks, tmp_path, change, message):
    source = published(1001)
    change(source)
    torch.save(source, tmp_path / "irv2.pth")
    with pytest.raises(BadConfig, match=rf"(?s)irv2\.pth: not Inception-ResNet-v2's weights: .*{message}"):
        load_inception_resnet_v2(networks[1001], tmp_path / "irv2.pth")
