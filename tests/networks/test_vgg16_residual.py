"""VGG16's features added up: its colours as U and V, its frozen part, its weights."""

from pathlib import Path

import pytest
import torch
from torch import nn

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.torch_color import srgb_to_lab
from photochrom.networks.vgg16 import NUMBERS, Vgg16
from photochrom.networks.vgg16_residual import Vgg16Residual, srgb_to_uv, uv_to_srgb
from photochrom.training.config import load_recipe

CONFIGS = Path(__file__).parents[2] / "configs"
COLOURS = torch.tensor([[0.8, 0.2, 0.1], [0.3, 0.6, 0.9], [0.5, 0.5, 0.5], [0.1, 0.7, 0.2]])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Vgg16Residual()


def shown(rgb):
    lab = srgb_to_lab(rgb)
    return Batch(lightness=lab[:, :1], lab=lab, rgb=rgb, label=torch.full((len(rgb),), -1))


def test_chroma_by_hand():
    rgb = COLOURS.view(4, 3, 1, 1)
    for (red, green, blue), found in zip(COLOURS.tolist(), srgb_to_uv(rgb)[:, :, 0, 0].tolist(), strict=True):
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        u, v = 0.492 * (blue - luma), 0.877 * (red - luma)
        assert found == pytest.approx([u / 0.871824 + 0.5, v / 1.229554 + 0.5], abs=1e-6)
    luma = (rgb * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    torch.testing.assert_close(uv_to_srgb(luma, srgb_to_uv(rgb)), rgb)
    # The source's own way back, whose figures are rounded.
    u, v = ((srgb_to_uv(rgb)[:, i, 0, 0] - 0.5) * scale for i, scale in ((0, 0.871824), (1, 1.229554)))
    y = luma[:, 0, 0, 0]
    theirs = torch.stack([y + 1.14 * v, y - 0.395 * u - 0.581 * v, y + 2.033 * u], dim=1)
    torch.testing.assert_close(theirs, COLOURS, atol=1e-3, rtol=0)


def test_the_extremes_of_chroma_just_fit():
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3).view(8, 3, 1, 1)
    uv = srgb_to_uv(corners)
    assert uv.amin((0, 2, 3)).tolist() == pytest.approx([0, 0], abs=1e-3)
    assert uv.amax((0, 2, 3)).tolist() == pytest.approx([1, 1], abs=1e-3)


def test_truth_comes_back_nearly(network, monkeypatch):
    batch = shown((COLOURS * 0.3 + 0.35).view(4, 3, 1, 1).expand(-1, -1, 8, 8))
    target = network.asked(batch).target
    monkeypatch.setattr(network, "_chroma", lambda _grey: target)
    ab = network(batch.lightness)
    # Off by what lightness and luma differ in.
    assert (ab - batch.ab).norm(dim=1).max() < 1.5
    torch.testing.assert_close(ab[2], batch.ab[2], atol=1e-3, rtol=0)


def test_vgg16_does_not_learn(network):
    frozen = [p for p in network.parameters() if not p.requires_grad]
    assert sum(p.numel() for p in frozen) == 7_635_264
    assert {id(p) for p in frozen} == {id(p) for p in network.encoder.parameters()}
    # What is averaged while it learns is its own alone: VGG16 has no normalisation.
    assert not any(isinstance(part, nn.BatchNorm2d) for part in network.encoder.modules())


def test_levels_are_added_up(network):
    """With nothing from below and no chroma of its own, each level is what its features make of it."""
    seen = {}
    handles = [
        step.register_forward_pre_hook(lambda _module, given, level=level: seen.update({level: given[0]}))
        for level, step in enumerate(network.steps)
    ]
    network.eval()
    grey = torch.rand(1, 1, 32, 48)
    with torch.no_grad():
        network._chroma(grey)
        features = (grey.expand(-1, 3, -1, -1), *network.encoder(grey.expand(-1, 3, -1, -1)))
        x = network.deepest(network.joined[4](features[4]))
        for level in (3, 2, 1, 0):
            if level:
                x = nn.functional.interpolate(x, size=features[level].shape[2:], mode="bilinear")
            x = x + network.joined[level](features[level])
            torch.testing.assert_close(seen[level], x)
            x = network.steps[level](x)
    for handle in handles:
        handle.remove()


def test_imagenets_weights_take_their_place(tmp_path):
    torch.manual_seed(0)
    values = list(Vgg16().parameters())
    named = {
        f"features.{number}.{kind}": torch.rand_like(values[2 * i + j])
        for i, number in enumerate(NUMBERS)
        for j, kind in enumerate(("weight", "bias"))
    }
    torch.save(named, tmp_path / "vgg16.pth")
    network = Vgg16Residual()
    network.load_backbone(tmp_path / "vgg16.pth")
    assert torch.equal(network.encoder.blocks[3][1].weight, named["features.17.weight"])
    assert not any(p.requires_grad for p in network.encoder.parameters())
    del named["features.7.bias"]
    torch.save(named, tmp_path / "less.pth")
    with pytest.raises(BadConfig, match=r"less\.pth: not VGG16's weights: blocks\.1\.3\.bias is missing$"):
        network.load_backbone(tmp_path / "less.pth")


def test_each_recipe_has_its_loss():
    losses = {
        name: dict(load_recipe(CONFIGS / f"{name}.toml").losses)
        for name in ("vgg16-residual", "vgg16-residual-mixed", "vgg16-residual-plain")
    }
    assert losses == {
        "vgg16-residual": {"blurred_squares": 1.0},
        "vgg16-residual-mixed": {"mixed_squares": 1.0},
        "vgg16-residual-plain": {"squares": 1.0},
    }
