"""A checkpoint becomes two ONNX graphs and their card.

Weights are stored as float16 and widened when a graph is loaded: half the file for a rounding that
`Exported.worst` states. Batch normalisation is folded by the exporter.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from photochrom.color.bins import mix_prior
from photochrom.errors import TrainingError
from photochrom.networks.flagship import HINT_STRIDE, STRIDE, Features, Flagship
from photochrom.training import checkpoint
from photochrom.training.config import Recipe, from_values
from photochrom.training.loop import build

OPSET = 17
SMALLEST_HALVED = 1024
MOST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Exported:
    """What export wrote, and the largest difference of logits between torch and the graphs."""

    card: Path
    worst: float
    bytes: int


class _Encoder(nn.Module):
    def __init__(self, network: Flagship) -> None:
        super().__init__()
        self.encoder = network.encoder

    def forward(self, lightness: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.encoder(lightness))


class _Decoder(nn.Module):
    def __init__(self, network: Flagship) -> None:
        super().__init__()
        self.decoder = network.decoder

    def forward(
        self, s2: Tensor, s4: Tensor, s8: Tensor, s16: Tensor, s32: Tensor, hints: Tensor, wishes: Tensor
    ) -> Tensor:
        logits: Tensor = self.decoder(Features(s2, s4, s8, s16, s32), hints, wishes)
        return logits


def export(source: Path, out: Path, *, name: str = "flagship", about: Mapping[str, Any] | None = None) -> Exported:
    """Write NAME.encoder.onnx, NAME.decoder.onnx and NAME.json into the folder `out`.

    source: a checkpoint of `training.loop`; its averaged weights are taken. `about` adds to the card
    (summary, data, licences, figures). Raises TrainingError if the graphs disagree with torch.
    """
    state = checkpoint.load(source)
    recipe = from_values(Recipe, state["recipe"])
    network = build(dataclasses.replace(recipe, encoder_weights=""), bins=len(state["centers"]))
    network.load_state_dict(state["average"])
    network.eval()

    out.mkdir(parents=True, exist_ok=True)
    files = {part: out / f"{name}.{part}.onnx" for part in ("encoder", "decoder")}
    height, width = 3 * STRIDE, 5 * STRIDE  # unequal, so that no axis is taken for another
    lightness = torch.rand(1, 1, height, width) * 100
    hints = torch.zeros(1, 3, height // HINT_STRIDE, width // HINT_STRIDE)
    wishes = torch.zeros(1, len(state["centers"]) + 3)
    with torch.no_grad():
        features = network.encoder(lightness)
    names = list(Features._fields)
    # The exporter folds normalisation into the very tensors it is given, so it gets a copy.
    copied = copy.deepcopy(network)
    _write(_Encoder(copied), (lightness,), ["lightness"], names, files["encoder"])
    _write(_Decoder(copied), (*features, hints, wishes), [*names, "hints", "wishes"], ["logits"], files["decoder"])
    worst = difference(network, files["encoder"], files["decoder"], bins=len(state["centers"]))
    if not worst < MOST_DIFFERENCE:
        raise TrainingError(source, f"exported graphs differ from torch by {worst:.3g} in the logits")

    card = out / f"{name}.json"
    size = sum(file.stat().st_size for file in files.values())
    values = {
        "format": 1,
        "name": name,
        "encoder": files["encoder"].name,
        "decoder": files["decoder"].name,
        "sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files.values()},
        "bytes": size,
        "parameters": sum(p.numel() for p in network.parameters()),
        "stride": STRIDE,
        "hint_stride": HINT_STRIDE,
        "worst_difference": round(worst, 5),
        "trained": {"steps": state["step"], "hours": round(state["seconds"] / 3600, 2), "recipe": state["recipe"]},
        **(about or {}),
        "bins": state["centers"].int().tolist(),
        "prior": [float(f"{p:.4g}") for p in mix_prior(state["prior"].double().numpy())],
    }
    values["trained"]["recipe"]["encoder_weights"] = Path(recipe.encoder_weights).name
    partial = card.with_suffix(".json.part")
    partial.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", "utf8")
    partial.replace(card)
    return Exported(card, worst, size)


def _write(
    module: nn.Module, arguments: tuple[Tensor, ...], inputs: list[str], outputs: list[str], target: Path
) -> None:
    axes = {}
    for value in (*inputs, *outputs):
        axes[value] = {0: "batch"} if value == "wishes" else {0: "batch", 2: f"{value}_h", 3: f"{value}_w"}
    partial = target.with_suffix(".onnx.part")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor and of traced shapes
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            module, arguments, str(partial), input_names=inputs, output_names=outputs,
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    model = halved(onnx.load(partial))
    onnx.checker.check_model(model)
    onnx.save(model, partial)
    partial.replace(target)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 weights as float16, each behind a Cast that the runtime folds when it loads."""
    graph, casts = model.graph, []
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < SMALLEST_HALVED:
            continue
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{weight.name}.half"))
        casts.append(helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


@torch.no_grad()
def difference(network: Flagship, encoder: Path, decoder: Path, *, bins: int) -> float:
    """Largest difference of logits, torch float32 against ONNX Runtime, over sizes and hints."""
    import onnxruntime

    run_encoder = onnxruntime.InferenceSession(str(encoder), providers=["CPUExecutionProvider"])
    run_decoder = onnxruntime.InferenceSession(str(decoder), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for height, width in ((64, 64), (96, 160), (256, 192)):
        lightness = torch.rand((1, 1, height, width), generator=generator) * 100
        hints = torch.zeros(1, 3, height // HINT_STRIDE, width // HINT_STRIDE)
        hints[:, :, 3, 5] = torch.tensor([40.0, -20.0, 1.0])
        wishes = torch.zeros(1, bins + 3)
        logits = network(lightness, hints, wishes).numpy()
        features = run_encoder.run(None, {"lightness": lightness.numpy()})
        feed = dict(zip(Features._fields, features, strict=True))
        result = run_decoder.run(None, {**feed, "hints": hints.numpy(), "wishes": wishes.numpy()})[0]
        worst = max(worst, float(np.abs(logits - result).max()))
    return worst
