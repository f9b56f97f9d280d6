"""Any ONNX file, loaded and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from photochrom.errors import BadModel, BadOption
from photochrom.inference import session
from photochrom.inference.pipeline import Colorizer
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


@pytest.fixture(params=["silently", "loudly"])
def broken_card(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """ONNX Runtime claims a graphics card, and takes the processor or raises when it is to be used.

    What is said to whom asks for that card.
    """
    monkeypatch.setattr(session, "available_providers", lambda: ["cuda", "cpu"])
    real = session.onnxruntime.InferenceSession

    def start(source, options, *, providers, **others):
        if providers[0] == "CUDAExecutionProvider" and request.param == "loudly":
            raise RuntimeError("CUDA failure 35: driver version is insufficient")
        return real(source, options, providers=providers, **others)

    monkeypatch.setattr(session.onnxruntime, "InferenceSession", start)
    silent = "^provider: 'cuda' is installed but does not start on this machine$"
    return silent if request.param == "silently" else "does not load: CUDA failure 35"


# What the CPU's build says of a provider that it has not got; that of the graphics card says nothing.
@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_the_provider_is_the_one_in_use(
    toy: Path, broken_card: str, capfd: pytest.CaptureFixture[str]
) -> None:
    graph = Graph(twofold(), name="twofold", threads=1)
    assert graph.provider == "cpu"
    np.testing.assert_array_equal(graph.run({"x": np.ones((1, 2, 1, 1), np.float32)})[0], 2)
    assert Colorizer(toy, threads=1).provider == "cpu"
    with pytest.raises((BadOption, BadModel), match=broken_card):
        Graph(twofold(), name="twofold", threads=1, provider="cuda")
    with pytest.raises((BadOption, BadModel), match=broken_card):
        Colorizer(toy, threads=1, provider="cuda")
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_what_does_not_load_prints_nothing(provider: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadModel, match="does not load"):
        Graph(b"not a graph", name="lpips", provider=provider)
    assert capfd.readouterr().out == ""
