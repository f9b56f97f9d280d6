"""A model of four nodes: places of one lightness get one colour, so that every answer is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

# Grey, a warm colour for light places, a cold one for dark places; on the bins' grid.
CENTERS = [[0, 0], [20, 30], [-10, -30]]
SURE = 30.0


def value(name: str, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def encoder(*, kin: int = 0) -> onnx.ModelProto:
    """lightness → its mean over 4×4, as the only feature; kin: over as many pixels, what leads hints."""
    strides = {"s4": 4} | ({"kin": kin} if kin else {})
    nodes = [
        helper.make_node("AveragePool", ["lightness"], [name], kernel_shape=[k, k], strides=[k, k])
        for name, k in strides.items()
    ]
    outputs = [value(name, [1, 1, f"{name}_h", f"{name}_w"]) for name in strides]
    graph = helper.make_graph(nodes, "encoder", [value("lightness", [1, 1, "H", "W"])], outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def decoder() -> onnx.ModelProto:
    """Logit of the warm bin rises with L, that of the cold one falls; hints and wishes change nothing."""
    kernel = np.array([0, SURE / 50, -SURE / 50], np.float32).reshape(3, 1, 1, 1)
    bias = np.array([0, -SURE, SURE], np.float32)
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")]
    nodes = [
        helper.make_node("Conv", ["s4", "kernel", "bias"], ["plain"]),
        helper.make_node("ReduceSum", ["hints"], ["hinted"], keepdims=1),
        helper.make_node("ReduceSum", ["wishes"], ["wished"], keepdims=0),
        helper.make_node("Add", ["hinted", "wished"], ["asked"]),
        helper.make_node("Add", ["plain", "asked"], ["logits"]),
    ]
    inputs = [value("s4", [1, 1, "h", "w"]), value("hints", [1, 3, "h", "w"]), value("wishes", [1, 6])]
    graph = helper.make_graph(nodes, "decoder", inputs, [value("logits", [1, 3, "h", "w"])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the toy model's card and graphs. Not to be written to."""
    folder = tmp_path_factory.mktemp("toy")
    graphs = {"toy.encoder.onnx": encoder(), "toy.decoder.onnx": decoder()}
    for name, graph in graphs.items():
        onnx.checker.check_model(graph)
        (folder / name).write_bytes(graph.SerializeToString())
    card = {
        "format": 1,
        "name": "toy",
        "summary": "Light is warm, dark is cold.",
        "encoder": "toy.encoder.onnx",
        "decoder": "toy.decoder.onnx",
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in graphs},
        "parameters": 6,
        "bytes": 600,
        "stride": 32,
        "hint_stride": 4,
        "bins": CENTERS,
        "prior": [0.8, 0.1, 0.1],
        "detail": 256,
        "vividness": [[0, 0, 1, 0], [1, 0, 1, 1], [2, 0.5, 1, 1.2]],
    }
    (folder / "toy.json").write_text(json.dumps(card), "utf8")
    return folder


def _give_kin(folder: Path, kin: int) -> None:
    """The toy model in that folder gets an encoder that tells what leads hints."""
    graph = encoder(kin=kin).SerializeToString()
    (folder / "toy.encoder.onnx").write_bytes(graph)
    card = json.loads((folder / "toy.json").read_text("utf8"))
    card["sha256"]["toy.encoder.onnx"] = hashlib.sha256(graph).hexdigest()
    (folder / "toy.json").write_text(json.dumps(card), "utf8")


@pytest.fixture
def give_kin() -> Callable[[Path, int], None]:
    """Gives the toy model in a folder an encoder that tells what leads hints; over how many pixels, or 0."""
    return _give_kin


@pytest.fixture
def toy_copy(toy: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in toy.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
