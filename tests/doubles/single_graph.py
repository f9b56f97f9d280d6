"""Cards of one graph: light is warm, whatever the picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from photochrom.inference.pipeline import Colorizer

RAMP = np.tile(np.linspace(40, 210, 300).astype(np.uint8), (200, 1))
BINS = [[0, 0], [20, 30], [-10, -30]]
AB = {"gives": "ab", "stride": 8}
LOGITS = {"gives": "logits", "stride": 8, "bins": BINS, "prior": [0.8, 0.1, 0.1]}


def port(name: str, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def single(
    *,
    planes: int = 2,
    shrink: int = 4,
    takes: str = "lightness",
    shape: tuple[Any, ...] = (1, 1, "H", "W"),
    gives: tuple[str, ...] = ("ab",),
) -> onnx.ModelProto:
    """The mean lightness of shrink × shrink pixels, less 50, times 0.4, 0.8 …: light is warm.

    gives: the names of its outputs, each half of the one before
    """
    slopes = 0.4 * np.arange(1, planes + 1, dtype=np.float32)
    kernel = slopes.reshape(planes, 1, 1, 1).repeat(shape[1], axis=1)
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(-50 * slopes, "bias")]
    nodes = [
        helper.make_node("AveragePool", [takes], ["mean"], kernel_shape=[shrink] * 2, strides=[shrink] * 2),
        helper.make_node("Conv", ["mean", "kernel", "bias"], [gives[0]]),
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        *(helper.make_node("Mul", ["half", a], [b]) for a, b in zip(gives, gives[1:], strict=False)),
    ]
    outputs = [port(name, [1, planes, "h", "w"]) for name in gives]
    graph = helper.make_graph(nodes, "single", [port(takes, list(shape))], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def ending_in(model: onnx.ModelProto, node: onnx.NodeProto, shape: list[Any]) -> onnx.ModelProto:
    """The same with one node more, from "ab" to its "end", of this shape."""
    model.graph.node.append(node)
    model.graph.output[0].CopyFrom(port("end", shape))
    onnx.checker.check_model(model)
    return model


def three_of_four() -> onnx.ModelProto:
    """Gives three planes, which is not known before it runs."""
    model = single(planes=4)
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 1, 0, 1], bool), "kept"))
    node = helper.make_node("Compress", ["ab", "kept"], ["end"], axis=1)
    return ending_in(model, node, [1, "K", "h", "w"])


def channels_last() -> onnx.ModelProto:
    node = helper.make_node("Transpose", ["ab"], ["end"], perm=[0, 2, 3, 1])
    return ending_in(single(), node, [1, "h", "w", 2])


def write(folder: Path, model: onnx.ModelProto, **values: Any) -> Path:
    """A graph and the card that a person would write for it; a value of None leaves a key out."""
    data = model.SerializeToString()
    (folder / "mine.onnx").write_bytes(data)
    card = {"format": 1, "name": "mine", "network": "mine.onnx"}
    card |= {"sha256": {"mine.onnx": hashlib.sha256(data).hexdigest()}, **values}
    path = folder / "mine.json"
    path.write_text(json.dumps({key: value for key, value in card.items() if value is not None}), "utf8")
    return path


def colorizer_of(folder: Path, model: onnx.ModelProto, **values: Any) -> Colorizer:
    return Colorizer(write(folder, model, **values), threads=1, provider="cpu")
