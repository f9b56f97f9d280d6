"""Frozen features: told apart by their files, and never taught."""

from __future__ import annotations

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks import flagship
from photochrom.networks.features import Lite2Features, features_from
from photochrom.networks.flagship import TAP_CHANNELS
from photochrom.networks.pretrained import _renamed
from photochrom.networks.vgg16 import NUMBERS, Vgg16


@pytest.fixture
def lite2(monkeypatch, tmp_path):
    """A file of weights as EfficientNet-Lite2's are named, of one block a stage."""
    monkeypatch.setattr(flagship, "LITE2", tuple((*row[:4], 1) for row in flagship.LITE2))
    monkeypatch.setattr("photochrom.networks.pretrained.LITE2", flagship.LITE2)
    torch.manual_seed(0)
    state = Lite2Features().encoder.state_dict()
    renamed = {ours: theirs for theirs, ours in _renamed()}
    named = {f"{renamed[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": v for name, v in state.items()}
    torch.save(named, tmp_path / "lite2.pth")
    return tmp_path / "lite2.pth"


def test_lite2_sees_colour_and_is_never_taught(lite2):
    features = features_from(lite2).train()
    assert not any(module.training for module in features.modules())
    rgb = torch.rand(1, 3, 40, 64, requires_grad=True)
    maps = features(rgb)
    assert [one.shape[1] for one in maps] == list(TAP_CHANNELS)
    assert [tuple(one.shape[2:]) for one in maps] == [(64 // k, 64 // k) for k in (2, 4, 8, 16, 32)]
    other = features(rgb[:, [2, 1, 0]])
    assert not torch.allclose(maps[0], other[0]), "red is not blue"
    maps[-1].sum().backward()
    assert rgb.grad is not None and rgb.grad.abs().max() > 0
    assert all(p.grad is None for p in features.parameters())


def test_the_file_says_which_network_it_is(tmp_path):
    state = Vgg16().state_dict()
    names = [name for name in state if name.endswith("weight")]
    named = {
        f"features.{number}.{kind}": state[name.replace("weight", kind)]
        for name, number in zip(names, NUMBERS, strict=True)
        for kind in ("weight", "bias")
    }
    torch.save(named, tmp_path / "vgg16.pth")
    assert isinstance(features_from(tmp_path / "vgg16.pth"), Vgg16)
    torch.save({"other": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(BadConfig, match=r"other\.pth: not VGG16's weights"):
        features_from(tmp_path / "other.pth")
    (tmp_path / "letter.pth").write_text("Dear Sir,")
    with pytest.raises(BadConfig, match=r"letter\.pth: not weights of VGG16 or EfficientNet-Lite2"):
        features_from(tmp_path / "letter.pth")
