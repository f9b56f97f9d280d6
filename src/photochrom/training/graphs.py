"""A network as ONNX graphs, and how far the runtime's answers lie from torch's."""

from __future__ import annotations

import copy
import logging
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from photochrom.inference.card import BLEND, ModelCard
from photochrom.inference.guess import KINSHIP
from photochrom.inference.network import load_network
from photochrom.networks.batch import System
from photochrom.networks.blend import TOLD
from photochrom.networks.flagship import HINT_STRIDE, STRIDE, Features, Flagship
from photochrom.networks.kinship import DIM

OPSET = 17
SMALLEST_HALVED = 1024
# Beyond it float16 knows infinity alone.
_LARGEST_HALVED = 65_504.0
# Of weights with int8 steps: smaller tensors save nothing, and the layers that hints enter are among them,
# whose few large columns would take all the steps.
SMALLEST_BYTES = 16384
# The last layer's rounding is that of the logits themselves; all others' is averaged over what follows.
FINE = ("decoder.head.weight",)
# Sides of the pictures that graphs are traced and compared with, at least.
LEAST_SIDE = 64


@dataclass(frozen=True)
class Graph:
    """One graph to be written."""

    part: str
    """What the card calls it."""
    module: nn.Module
    """What is traced."""
    arguments: tuple[Tensor, ...]
    """An example of its input."""
    inputs: tuple[str, ...]
    """Their names."""
    outputs: tuple[str, ...]
    """The names of what comes out."""
    halved: bool
    """Whether large weights are stored as float16."""


class _Encoder(nn.Module):
    def __init__(self, network: Flagship) -> None:
        super().__init__()
        self.encoder = network.encoder
        self.kinship = network.kinship

    def forward(self, lightness: Tensor) -> tuple[Tensor, ...]:
        features = self.encoder(lightness)
        return (*features, self.kinship(*features[1:]))


class _Blend(nn.Module):
    def __init__(self, network: Flagship) -> None:
        super().__init__()
        self.blend = network.blend

    def forward(self, look: Tensor, told: Tensor) -> Tensor:
        answer: Tensor = self.blend(look, told)
        return answer


class _Decoder(nn.Module):
    def __init__(self, network: Flagship) -> None:
        super().__init__()
        self.decoder = network.decoder

    def forward(
        self, s2: Tensor, s4: Tensor, s8: Tensor, s16: Tensor, s32: Tensor, hints: Tensor, wishes: Tensor
    ) -> Tensor:
        logits: Tensor = self.decoder(Features(s2, s4, s8, s16, s32), hints, wishes)
        return logits


def gives(network: System) -> str:
    """What the network's answer is, as a card says it."""
    return "ab" if network.centers is None else "logits"


def graphs_of(network: System) -> tuple[Graph, ...]:
    """An encoder and a decoder of the flagship, so that a palette runs the decoder alone; else one graph."""
    # The exporter folds normalisation into the very tensors it is given, so it gets a copy.
    network = copy.deepcopy(network).eval()
    if isinstance(network, Flagship):
        return _pair(network)
    (height, width), *_ = sizes_for(network)
    lightness = torch.full((1, 1, height, width), 50.0)
    return (Graph("network", network, (lightness,), ("lightness",), (gives(network),), halved=False),)


def _pair(network: Flagship) -> tuple[Graph, ...]:
    height, width = 3 * STRIDE, 5 * STRIDE  # unequal, so that no axis is taken for another
    lightness = torch.full((1, 1, height, width), 50.0)
    hints = torch.zeros(1, 3, height // HINT_STRIDE, width // HINT_STRIDE)
    wishes = torch.zeros(1, len(network.centers) + 3)
    with torch.no_grad():
        features = network.encoder(lightness)
    names = Features._fields
    return (
        Graph("encoder", _Encoder(network), (lightness,), ("lightness",), (*names, KINSHIP), halved=True),
        Graph(
            "decoder", _Decoder(network), (*features, hints, wishes), (*names, "hints", "wishes"),
            ("logits",), halved=True,
        ),
        Graph(BLEND, _Blend(network), _planes(network, 24, 40), ("look", "told"), ("blended",), halved=True),
    )  # fmt: skip


def _planes(network: Flagship, height: int, width: int) -> tuple[Tensor, Tensor]:
    """An example of what `Blend` takes: numbers of about the size that pictures and hints have."""
    generator = torch.Generator().manual_seed(0)
    bins = len(network.centers)
    look = 8 * torch.rand((1, 2 + DIM + bins, height // 2, width // 2), generator=generator)
    look[:, 2 + DIM :] /= 8 * bins**0.5
    return look, torch.rand((1, TOLD, height, width), generator=generator)


def sizes_for(network: System) -> tuple[tuple[int, int], ...]:
    """Unlike sizes that the network takes without padding."""
    step = network.multiple
    side = -(-LEAST_SIDE // step) * step
    return ((side, side + step), (side, side), (side + 2 * step, side))


def write_graph(graph: Graph, target: Path, *, in_bytes: bool = False) -> None:
    """Trace, check and write one graph; batch and picture sides stay free.

    in_bytes: the largest of weights that would be float16 become int8.
    """
    axes = {}
    for value in (*graph.inputs, *graph.outputs):
        axes[value] = {0: "batch"} if value == "wishes" else {0: "batch", 2: f"{value}_h", 3: f"{value}_w"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor and of traced shapes
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            graph.module, graph.arguments, str(target), input_names=list(graph.inputs),
            output_names=list(graph.outputs), dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load(target)
    if graph.halved:
        model = halved(model)
        if in_bytes:
            model = bytes_stored(model)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 weights as float16, each behind a Cast that the runtime folds when it loads."""
    graph, casts = model.graph, []
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < SMALLEST_HALVED:
            continue
        if float(np.abs(values).max()) > _LARGEST_HALVED:
            continue
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{weight.name}.half"))
        casts.append(helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def bytes_stored(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the largest float16 weights as int8 with a scale for each output.

    A Cast and a Mul widen them, which the runtime folds when it loads: a quantised file for arithmetic in
    float32. DequantizeLinear would say the same, but runtimes keep it for integer arithmetic.
    """
    graph = model.graph
    matrices = {node.input[1] for node in graph.node if node.op_type == "MatMul"}
    widened: dict[str, str] = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Cast"}
    nodes, gone = [], set()
    for weight in list(graph.initializer):
        name = widened.get(weight.name)
        values = numpy_helper.to_array(weight).astype(np.float32)
        if name is None or name in FINE or values.size < SMALLEST_BYTES:
            continue
        # Outputs come first in kernels of convolutions and in Gemm's transposed matrices.
        inputs = tuple(range(values.ndim - 1)) if name in matrices else tuple(range(1, values.ndim))
        scale = np.maximum(np.abs(values).max(axis=inputs, keepdims=True), 1e-12) / 127
        graph.initializer.remove(weight)
        graph.initializer.append(
            numpy_helper.from_array(np.rint(values / scale).astype(np.int8), f"{name}.bytes")
        )
        graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale"))
        nodes.append(helper.make_node("Cast", [f"{name}.bytes"], [f"{name}.steps"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}.steps", f"{name}.scale"], [name]))
        gone.add(weight.name)
    nodes += [node for node in graph.node if not (node.op_type == "Cast" and node.input[0] in gone)]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


@torch.no_grad()
def difference(network: System, card: Path) -> float:
    """Largest difference of answers, torch in float32 against a card's graphs.

    Of the pair in logits and in what leads hints, over sizes and hints. Of a single graph as a share of the
    largest answer, over sizes: ab reach 100 and logits 20, and float32 rounds both. Infinite where an
    answer is no number.
    """
    described = ModelCard.load(card)
    graphs = load_network(described, provider="cpu")
    generator = torch.Generator().manual_seed(0)
    pair = isinstance(network, Flagship)
    worst = 0.0
    for height, width in ((64, 64), (96, 160), (256, 192)) if pair else sizes_for(network):
        lightness = torch.rand((1, 1, height, width), generator=generator) * 100
        feed = graphs.encode(lightness[0, 0].numpy())
        arguments: Sequence[Tensor] = ()
        if pair:
            hints = torch.zeros(1, 3, height // HINT_STRIDE, width // HINT_STRIDE)
            hints[:, :, 3, 5] = torch.tensor([40.0, -20.0, 1.0])
            wishes = torch.zeros(1, described.planes + 3)
            arguments = (hints, wishes)
            feed = {**feed, "hints": hints.numpy(), "wishes": wishes.numpy()}
        there = network(lightness, *arguments)[0].numpy()
        apart = float(np.abs(graphs.decode(feed) - there).max())
        # Cards from before there was one have none.
        if isinstance(network, Flagship) and KINSHIP in feed:
            seen = network.kinship(*network.encoder(lightness)[1:]).numpy()
            apart = max(apart, float(np.abs(feed[KINSHIP] - seen).max()))
        blend = graphs.blend
        if isinstance(network, Flagship) and blend is not None:
            look, told = _planes(network, height // HINT_STRIDE, width // HINT_STRIDE)
            there = network.blend(look, told)[0].numpy()
            apart = max(apart, float(np.abs(blend(look[0].numpy(), told[0].numpy()) - there).max()))
        if not math.isfinite(apart):
            return math.inf
        worst = max(worst, apart if pair else apart / max(1.0, float(np.abs(there).max())))
    return worst
