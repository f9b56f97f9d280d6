"""Any ONNX file, loaded and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from photochrom.errors import BadModel, BadOption
from photochrom.inference.session import Graph


def twofold() -> bytes:
    """x (1, 2, H, W) → its double, its half."""
    nodes = [
        helper.make_node("Add", ["x", "x"], ["double"]),
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Div", ["x", "two"], ["half"]),
    ]
    ports = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 2, "H", "W"]) for n in ("double", "half")
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, "H", None])
    graph = helper.make_graph(nodes, "twofold", [x], ports)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.mark.parametrize("kind", ["bytes", "path"])
def test_a_graph_says_what_it_takes_and_runs(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "twofold.onnx"
    file.write_bytes(twofold())
    graph = Graph(twofold() if kind == "bytes" else file, name="twofold", threads=1, provider="cpu")
    assert graph.inputs == {"x": (1, 2, None, None)}
    assert list(graph.outputs) == ["double", "half"]
    assert (graph.provider, graph.threads) == ("cpu", 1)
    x = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    double, half = graph.run({"x": x})
    np.testing.assert_array_equal(double, 2 * x)
    np.testing.assert_array_equal(half, x / 2)


@pytest.mark.parametrize(
    "feed",
    [{}, {"y": np.zeros((1, 2, 3, 4), np.float32)}, {"x": np.zeros((1, 3, 3, 4), np.float32)},
     {"x": np.zeros((1, 2, 3, 4), np.int64)}],
)  # fmt: skip
def test_what_it_does_not_take_is_refused_by_name(feed: dict[str, np.ndarray]) -> None:
    graph = Graph(twofold(), name="twofold.onnx", threads=1, provider="cpu")
    with pytest.raises(BadModel, match=r"^twofold\.onnx: the graph failed: "):
        graph.run(feed)


def test_what_does_not_load_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"^lpips: the graph does not load: "):
        Graph(b"not a graph", name="lpips")
    with pytest.raises(BadModel, match=r"^lpips: the graph does not load: .*none\.onnx"):
        Graph(tmp_path / "none.onnx", name="lpips")
    with pytest.raises(BadOption, match="provider"):
        Graph(twofold(), name="twofold", provider="abacus")
    with pytest.raises(BadOption, match="threads"):
        Graph(twofold(), name="twofold", threads=0)
