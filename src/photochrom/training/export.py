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
import tempfile
import warnings
from collections.abc import Mapping, Sequence
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
from photochrom.inference.card import FORMAT, ModelCard
from photochrom.inference.network import load_network
from photochrom.networks.flagship import HINT_STRIDE, STRIDE, Features, Flagship
from photochrom.training import checkpoint
from photochrom.training.config import Recipe, from_values
from photochrom.training.run import build

OPSET = 17
SMALLEST_HALVED = 1024
# Logits span some 20; a difference this large moves no colour by a visible step.
MOST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Exported:
    """What export wrote."""

    card: Path
    """The card; the graphs lie beside it."""
    worst: float
    """Largest difference of logits between torch in float32 and the graphs as the runtime loads them."""
    bytes: int
    """Size of both graphs."""


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


def export(
    source: Path,
    out: Path,
    *,
    others: Sequence[Path] = (),
    name: str = "flagship",
    about: Mapping[str, Any] | None = None,
) -> Exported:
    """Write NAME.encoder.onnx, NAME.decoder.onnx and NAME.json into the folder `out`.

    source: a checkpoint of `training.loop`; its averaged weights are taken. others: earlier ones of
    the same run, whose averaged weights count as much (Wortsman et al. 2022, "Model soups", arXiv
    2203.05482). `about` adds to the card (summary, data, licences, figures). Raises TrainingError,
    and leaves `out` as it was, if the graphs disagree with torch or a checkpoint does not hold such
    a network.
    """
    state = _mixed(source, others)
    network = _averaged(source, state)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{name}-") as folder:
        files = [Path(folder, f"{name}.{part}.onnx") for part in ("encoder", "decoder")]
        _write_graphs(network, *files, bins=len(state["centers"]))
        card = Path(folder, f"{name}.json")
        size = sum(file.stat().st_size for file in files)
        values = {
            "format": FORMAT,
            "name": name,
            "encoder": files[0].name,
            "decoder": files[1].name,
            "sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
            "bytes": size,
            "parameters": sum(p.numel() for p in network.parameters()),
            "stride": STRIDE,
            "hint_stride": HINT_STRIDE,
            "worst_difference": 0.0,
            **_history(state),
            **(about or {}),
            "bins": state["centers"].int().tolist(),
            "prior": [float(f"{p:.4g}") for p in mix_prior(state["prior"].double().numpy())],
        }
        _write_card(card, values)
        worst = difference(network, card)
        if not worst < MOST_DIFFERENCE:
            raise TrainingError(source, f"exported graphs differ from torch by {worst:.3g} in the logits")
        _write_card(card, {**values, "worst_difference": round(worst, 5)})
        for file in (*files, card):
            file.replace(out / file.name)
    return Exported(out / card.name, worst, size)


def _mixed(source: Path, others: Sequence[Path]) -> dict[str, Any]:
    """The checkpoint `source`, its averaged weights replaced by their mean with those of `others`."""
    state = checkpoint.load(source)
    states = [state, *map(checkpoint.load, others)]
    own: dict[str, Tensor] = state["average"]
    for file, other in zip(others, states[1:], strict=True):
        theirs = other["average"]
        alike = theirs.keys() == own.keys() and all(theirs[k].shape == v.shape for k, v in own.items())
        if not alike or not torch.equal(other["centers"], state["centers"]):
            raise TrainingError(file, f"holds another network than {source}")
    state["average"] = {
        key: torch.stack([s["average"][key].double() for s in states]).mean(0).to(value.dtype)
        if value.is_floating_point()
        else value
        for key, value in own.items()
    }
    return state


def _averaged(source: Path, state: Mapping[str, Any]) -> Flagship:
    """The checkpoint's network with its averaged weights, ready to be asked."""
    try:
        recipe = dataclasses.replace(from_values(Recipe, state["recipe"]), encoder_weights="")
        network = build(recipe, bins=len(state["centers"]))
        network.load_state_dict(state["average"])
    except (KeyError, RuntimeError, TrainingError) as error:
        raise TrainingError(source, f"holds no such network: {error}") from error
    return network.eval()


def _history(state: Mapping[str, Any]) -> dict[str, Any]:
    """How the weights came about, for the card. Of the file they began from, its name alone."""
    recipe = {**state["recipe"], "encoder_weights": Path(state["recipe"]["encoder_weights"]).name}
    hours = round(state["seconds"] / 3600, 2)
    return {"trained": {"steps": state["step"], "hours": hours, "recipe": recipe}}


def _write_card(card: Path, values: Mapping[str, Any]) -> None:
    card.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", "utf8")


def _write_graphs(network: Flagship, encoder: Path, decoder: Path, *, bins: int) -> None:
    height, width = 3 * STRIDE, 5 * STRIDE  # unequal, so that no axis is taken for another
    lightness = torch.full((1, 1, height, width), 50.0)
    hints = torch.zeros(1, 3, height // HINT_STRIDE, width // HINT_STRIDE)
    wishes = torch.zeros(1, bins + 3)
    with torch.no_grad():
        features = network.encoder(lightness)
    names = list(Features._fields)
    # The exporter folds normalisation into the very tensors it is given, so it gets a copy.
    copied = copy.deepcopy(network)
    _write_graph(_Encoder(copied), (lightness,), ["lightness"], names, encoder)
    inputs = [*names, "hints", "wishes"]
    _write_graph(_Decoder(copied), (*features, hints, wishes), inputs, ["logits"], decoder)


def _write_graph(
    module: nn.Module, arguments: tuple[Tensor, ...], inputs: list[str], outputs: list[str], target: Path
) -> None:
    axes = {}
    for value in (*inputs, *outputs):
        axes[value] = {0: "batch"} if value == "wishes" else {0: "batch", 2: f"{value}_h", 3: f"{value}_w"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor and of traced shapes
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            module, arguments, str(target), input_names=inputs, output_names=outputs,
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    model = halved(onnx.load(target))
    onnx.checker.check_model(model)
    onnx.save(model, target)


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
def difference(network: Flagship, card: Path) -> float:
    """Largest difference of logits, torch in float32 against a card's graphs, over sizes and hints."""
    described = ModelCard.load(card)
    graphs = load_network(described, provider="cpu")
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for height, width in ((64, 64), (96, 160), (256, 192)):
        lightness = torch.rand((1, 1, height, width), generator=generator) * 100
        hints = torch.zeros(1, 3, height // HINT_STRIDE, width // HINT_STRIDE)
        hints[:, :, 3, 5] = torch.tensor([40.0, -20.0, 1.0])
        wishes = torch.zeros(1, described.planes + 3)
        logits = network(lightness, hints, wishes)[0].numpy()
        features = graphs.encode(lightness[0, 0].numpy())
        result = graphs.decode({**features, "hints": hints.numpy(), "wishes": wishes.numpy()})
        worst = max(worst, float(np.abs(logits - result).max()))
    return worst
