"""The third graph of a model: it blends the ways in which hints are led."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from photochrom.errors import BadModel
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import Colorizer

GREY = np.full((64, 128), 128, np.uint8)


def blending(*inputs: str, first: float = 1.0) -> onnx.ModelProto:
    """look, told → shares of the four ways to lead hints, the first the more, and nothing beside them."""
    shares = np.array([first, 0, 0, 1 - first, 0, 0], np.float32).reshape(1, 6, 1, 1)
    nodes = [
        helper.make_node("ReduceMean", [inputs[-1]], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "nothing"], ["none"]),
        helper.make_node("Add", ["none", "shares"], ["blended"]),
    ]
    constants = [
        numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
        numpy_helper.from_array(shares, "shares"),
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, f"{name}_n", f"{name}_h", f"{name}_w"])
        for name in inputs
    ]
    out = helper.make_tensor_value_info("blended", TensorProto.FLOAT, [1, 6, "told_h", "told_w"])
    graph = helper.make_graph(nodes, "blend", ports, [out], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def with_blend(toy: Path, folder: Path, graph: onnx.ModelProto) -> Colorizer:
    """The toy with a third graph."""
    shutil.copytree(toy, folder, dirs_exist_ok=True)
    (folder / "toy.blend.onnx").write_bytes(graph.SerializeToString())
    values = json.loads((folder / "toy.json").read_text("utf8"))
    values["blend"] = "toy.blend.onnx"
    values["sha256"]["toy.blend.onnx"] = hashlib.sha256((folder / "toy.blend.onnx").read_bytes()).hexdigest()
    (folder / "toy.json").write_text(json.dumps(values), "utf8")
    return Colorizer(folder, threads=1, provider="cpu")


def far(colorizer: Colorizer) -> float:
    """How far a click changes what is a picture's width away from it."""
    guess = colorizer.guess(read_picture(GREY))
    hints = np.zeros(guess.features["hints"].shape[1:], np.float32)
    hints[:, 2, 2] = (10, 0, 1)
    rule = colorizer.card.rule(1)
    told = colorizer.chroma(colorizer.hinted(guess, hints), rule)
    assert told[0, 2, 2] == pytest.approx(10, abs=0.1)
    return abs(float((told - colorizer.chroma(guess, rule))[0, 2, -1]))


def test_a_third_graph_blends_the_ways_in_which_hints_are_led(toy: Path, tmp_path: Path) -> None:
    by_rule = far(Colorizer(toy, threads=1, provider="cpu"))
    rule, wide = (blending("look", "told", first=first) for first in (0, 1))
    assert far(with_blend(toy, tmp_path / "rule", rule)) == pytest.approx(by_rule)
    assert far(with_blend(toy, tmp_path / "wide", wide)) > 1.2 * by_rule > 0


def test_a_blend_is_not_asked_for_without_hints_and_a_wrong_one_is_named(toy: Path, tmp_path: Path) -> None:
    colorizer = with_blend(toy, tmp_path, blending("told"))
    colorizer(GREY)
    with pytest.raises(BadModel, match="the blend takes told, where look, told would be fed"):
        far(colorizer)
    (tmp_path / "toy.blend.onnx").write_bytes(b"")
    colorizer = Colorizer(tmp_path, threads=1, provider="cpu")
    colorizer(GREY)
    with pytest.raises(BadModel, match=r"toy\.blend\.onnx.*checksum"):
        far(colorizer)


def test_what_is_chosen_without_hints_is_kept_and_by_another_rule_chosen_anew(toy: Path) -> None:
    colorizer = Colorizer(toy, threads=1, provider="cpu")
    guess = colorizer.guess(read_picture(GREY))
    first, dull = (colorizer.chroma(guess, colorizer.card.rule(v)) for v in (1, 0.5))
    np.testing.assert_array_equal(colorizer.chroma(guess, colorizer.card.rule(1)), first)
    assert np.abs(dull).sum() < np.abs(first).sum()
    # What comes out is the caller's own.
    first[:] = 0
    assert np.abs(colorizer.chroma(guess, colorizer.card.rule(1))).sum() > 0
