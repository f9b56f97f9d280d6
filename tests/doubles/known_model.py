"""A model that gives every picture one tint, and `photochrom evaluate` of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

from photochrom.cli.evaluate import evaluate

BINS = [[0, 0], [30, -40], [10, 20]]
QUICK = "psnr,de2000,colorfulness"


def graph(tint: float) -> bytes:
    """Lightness in, everywhere the same logits out: the share of each colour does not depend on the place."""
    weights = [
        numpy_helper.from_array(np.zeros((3, 1, 1, 1), np.float32), "kernel"),
        numpy_helper.from_array(np.array([0, tint, 0], np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("AveragePool", ["lightness"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["mean", "kernel", "bias"], ["logits"]),
    ]
    inputs = [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, [1, 1, "H", "W"])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, "h", "w"])]
    made = helper.make_graph(nodes, "known", inputs, outputs, weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def write_card(folder: Path, name: str = "known", tint: float = 1.0) -> Path:
    """A model that gives every picture one tint."""
    folder.mkdir(exist_ok=True)
    network = graph(tint)
    (folder / f"{name}.onnx").write_bytes(network)
    card = {
        "format": 1,
        "name": name,
        "network": f"{name}.onnx",
        "gives": "logits",
        "sha256": {f"{name}.onnx": hashlib.sha256(network).hexdigest()},
        "stride": 8,
        "bins": BINS,
        "prior": [0.8, 0.1, 0.1],
    }
    (folder / f"{name}.json").write_text(json.dumps(card))
    return folder / f"{name}.json"


def run(*arguments: object) -> Result:
    """With the model that is known and a few quick metrics, unless others are given."""
    words = ["-q"] if "--model" in arguments else ["-q", "--model", "models/known.json"]
    words += [] if "--metrics" in arguments else ["--metrics", QUICK]
    return CliRunner().invoke(evaluate, [str(argument) for argument in (*words, *arguments)])


def first_cells(text: str) -> list[str]:
    return [line.split("  ")[0] for line in text.splitlines()]
