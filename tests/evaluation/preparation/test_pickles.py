"""Weights come out as they went in; nothing that a pickle asks for is run, and damage is one line."""

from __future__ import annotations

import collections
import io
import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from photochrom.errors import BadModel
from photochrom.evaluation.preparation.pickles import numpy_weights, torch_weights, torchscript_weights


class Evil:
    """Makes a file when it is unpickled by anything that runs what it is told."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def array_tree() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "net": {"kernel": rng.normal(size=(3, 2, 4)).astype(np.float32), "bias": np.arange(4.0)},
        "columns": np.asfortranarray(rng.normal(size=(3, 5)).astype(np.float32)),
        "big": np.arange(6, dtype=">f4"),
        "count": np.array(7, np.int64),
    }


def tensors() -> collections.OrderedDict[str, torch.Tensor]:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return collections.OrderedDict(
        whole=base,
        turned=base.T,
        part=base[1:3, 2:5],
        half=torch.tensor([1.5, -2], dtype=torch.float16),
        number=torch.tensor(5),
    )


def legacy(tree: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(tree, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def scripted() -> tuple[torch.nn.Module, bytes]:
    class Inner(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(3, 2))
            self.padding = [1, 2]
            self.stride = 2

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.weight * self.stride + self.padding[1]

    module = torch.nn.Sequential(collections.OrderedDict(first=Inner()))
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript as a whole
        torch.jit.save(torch.jit.script(module), stream)
    return module, stream.getvalue()


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_come_out_as_numpy_would_read_them(protocol: int) -> None:
    tree = array_tree()
    weights = numpy_weights(pickle.dumps(tree, protocol=protocol), "a.ckpt")
    assert list(weights) == ["net.kernel", "net.bias", "columns", "big", "count"]
    np.testing.assert_array_equal(weights["net.kernel"], tree["net"]["kernel"])
    for name in ("columns", "big", "count"):
        np.testing.assert_array_equal(weights[name], tree[name])


def test_tensors_come_out_of_the_old_format_as_torch_would_read_them() -> None:
    weights = torch_weights(legacy(tensors()), "a.pth")
    assert list(weights) == list(tensors())
    for name, tensor in tensors().items():
        np.testing.assert_array_equal(weights[name], tensor.numpy())


def test_attributes_come_out_of_a_scripted_module() -> None:
    module, data = scripted()
    weights = torchscript_weights(data, "a.pt")
    np.testing.assert_array_equal(weights["first.weight"], module.first.weight.detach().numpy())
    assert (weights["first.padding"], weights["first.stride"]) == ([1, 2], 2)


def test_a_pickle_that_would_run_something_is_refused_by_its_name(tmp_path: Path) -> None:
    target = tmp_path / "made"
    evil = Evil(target)
    for data, read in (
        (pickle.dumps({"weight": evil}), numpy_weights),
        (legacy({"weight": evil}), torch_weights),
        (replaced(scripted()[1], pickle.dumps(evil)), torchscript_weights),
    ):
        with pytest.raises(BadModel, match=rf"^cat\.bin: refused: it names {os.mkdir.__module__}\.mkdir"):
            read(data, "cat.bin")
        assert not target.exists()
    pickle.loads(pickle.dumps(evil))
    assert target.exists(), "the example is as evil as it should be"


@pytest.mark.parametrize("name", ["builtins.eval", "builtins.getattr", "numpy.fromfile", "torch.load"])
def test_names_near_those_that_are_known_are_refused(name: str) -> None:
    module, _, function = name.rpartition(".")
    data = b"\x80\x02c" + f"{module}\n{function}\n".encode() + b"."
    for read in (numpy_weights, torch_weights):
        with pytest.raises(BadModel, match=f"names {name},"):
            read(data, "a")


def test_objects_in_arrays_are_refused() -> None:
    with pytest.raises(BadModel, match="damaged: arrays of 'O8'"):
        numpy_weights(pickle.dumps(np.array([{}]), protocol=3), "a")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_one_line(share: float) -> None:
    for data, read in (
        (pickle.dumps(array_tree()), numpy_weights),
        (legacy(tensors()), torch_weights),
        (scripted()[1], torchscript_weights),
    ):
        with pytest.raises(BadModel, match=r"^cut\.bin: damaged: "):
            read(data[: int(share * len(data))], "cut.bin")


def test_a_tensor_cannot_reach_out_of_its_storage() -> None:
    data = legacy({"weight": torch.arange(6.0)})
    # The shape (6,), as the pickle has it: MARK is left out of a tuple of one.
    wide = data.replace(b"K\x06\x85", b"K\x07\x85")
    assert wide != data
    with pytest.raises(BadModel, match="a tensor reaches out of its storage"):
        torch_weights(wide, "a.pth")


def test_another_kind_of_file_is_no_torch_file() -> None:
    with pytest.raises(BadModel, match="damaged"):
        torch_weights(pickle.dumps(1) * 5, "a.pth")


def replaced(archive: bytes, data: bytes) -> bytes:
    """The same archive with another pickle in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name.endswith("/data.pkl") else old.read(name))
    return stream.getvalue()
