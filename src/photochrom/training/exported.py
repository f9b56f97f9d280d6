"""An exported flagship's weights, back in a network that can learn.

A graph holds every weight, but normalisation is folded into the convolutions before it. What was folded
away are statistics of pictures, and they are measured again: the network then answers as the graph does, and
each normalisation stands where a network in training wants it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from photochrom.errors import TrainingError
from photochrom.inference.card import BLEND, ModelCard
from photochrom.networks.flagship import Flagship
from photochrom.training import graphs

_MOST_DIFFERENCE: Final = 0.05
_LEAST_VARIANCE: Final = 1e-12
_LEAST_NORM: Final = 1e-8
# What the exporter names anew, in the order in which the graph computes it.
_LINEAR: Final = ("qkv", "out", "mlp.0", "mlp.2")
_GROUP_NORMS: Final = ("conv8.0.1", "conv8.1.1", "conv4.0.1", "conv4.1.1")


def recipe_of(card: ModelCard) -> dict[str, Any]:
    """Network and options of a card that `photochrom export` wrote.

    Raises TrainingError for a model that is no flagship or says nothing of its training.
    """
    trained = card.about.get("trained")
    recipe = trained.get("recipe") if isinstance(trained, dict) else None
    if "encoder" not in card.graphs or not isinstance(recipe, dict) or recipe.get("network") != "flagship":
        raise TrainingError(card.path, "only a flagship that `photochrom export` wrote can be trained on")
    return {"network": "flagship", "options": recipe.get("options", {})}


def fill(network: Flagship, card: ModelCard, looks: Iterable[Tensor]) -> None:
    """Give the network the weights of a card's graphs.

    looks: batches of lightness, (N, 1, H, W), to measure the statistics on. Raises TrainingError if the
    graphs are not those of such a network; it is then filled in part.
    """
    network.eval()
    try:
        stored = _Stored(card, "encoder")
        _fill_encoder(network.encoder, stored)
        _fill_named(network.kinship, stored, "kinship")
        if BLEND in card.graphs:
            _fill_named(network.blend, _Stored(card, BLEND), "blend")
        _fill_decoder(network.decoder, _Stored(card, "decoder"))
    except (KeyError, ValueError, RuntimeError) as error:
        raise TrainingError(card.path, f"its graphs are not this network's: {error}") from error
    _unfold(network.encoder, looks)
    apart = graphs.difference(network, card.path)
    network.train()
    if not apart < _MOST_DIFFERENCE:
        raise TrainingError(card.path, f"its graphs compute otherwise than this network, by {apart:.3g}")


class _Stored:
    """The weights of one graph by name, in float32, and its operations in order."""

    def __init__(self, card: ModelCard, part: str) -> None:
        graph = onnx.load_model_from_string(card.graph(part)).graph
        raw = {
            one.name: torch.from_numpy(numpy_helper.to_array(one).astype(np.float32))
            for one in graph.initializer
        }
        self.weights = {name.removesuffix(".half"): value for name, value in raw.items()}
        for name in [name for name in raw if name.endswith(".bytes")]:
            plain = name.removesuffix(".bytes")
            self.weights[plain] = raw[name] * raw[f"{plain}.scale"]
        self.nodes = list(graph.node)
        # Weights that happen to be equal are stored once.
        for node in self.nodes:
            if node.op_type == "Identity" and node.input[0] in self.weights:
                self.weights[node.output[0]] = self.weights[node.input[0]]

    def inputs(self, *kinds: str) -> list[list[Tensor]]:
        """The weights that enter each operation of these kinds, of those that any enter."""
        found = [
            [self.weights[name] for name in node.input if name in self.weights]
            for node in self.nodes
            if node.op_type in kinds
        ]
        return [entering for entering in found if entering]


@torch.no_grad()
def _fill_encoder(encoder: nn.Module, stored: _Stored) -> None:
    """Folded kernels into convolutions; their biases into normalisations that do nothing else yet."""
    pairs = list(_normalised(encoder))
    # Those behind them are not the trunk's, and keep their names.
    for (conv, norm), (kernel, bias) in zip(pairs, stored.inputs("Conv")[: len(pairs)], strict=True):
        conv.weight.copy_(_shaped(kernel, conv.weight))
        _keep(norm, torch.zeros_like(bias), torch.full_like(bias, 1 - norm.eps))
        norm.weight.fill_(1.0)
        norm.bias.copy_(_shaped(bias, norm.bias))


def _fill_named(module: nn.Module, stored: _Stored, called: str) -> None:
    """What keeps its names; cards from before there was one have none, and it begins anew."""
    state = module.state_dict()
    module.load_state_dict(
        {name: stored.weights.get(f"{called}.{name}", value) for name, value in state.items()}
    )


def _fill_decoder(decoder: nn.Module, stored: _Stored) -> None:
    state = decoder.state_dict()
    values = {
        name: stored.weights[f"decoder.{name}"] for name in state if f"decoder.{name}" in stored.weights
    }
    unnamed = [name for name in state if name.endswith(".weight") and name not in values]
    linear = [name for name in unnamed if name.removesuffix(".weight").endswith(_LINEAR)]
    for name, (matrix,) in zip(linear, stored.inputs("MatMul"), strict=True):
        values[name] = matrix.T.contiguous()
    # Group normalisation without its own operator: a factor, then a term, for each channel.
    shapes = [value.flatten() for (value,) in stored.inputs("Mul", "Add") if value.ndim == 3]
    names = [f"{norm}.{part}" for norm in _GROUP_NORMS for part in ("weight", "bias")]
    values |= dict(zip(names, shapes, strict=True))
    decoder.load_state_dict(values)


@torch.no_grad()
def _unfold(encoder: nn.Module, looks: Iterable[Tensor]) -> None:
    """Measure what reaches each normalisation, and make it undo and do again what that is.

    Kernels come out with norm 1 for each output. Behind a normalisation their size means nothing, but
    optimisers step by a length of their own: as they are in the graph some are a tenth of others, and one
    hour of training at a usual rate cost 0.4 dB.
    """
    pairs = list(_normalised(encoder))
    sums = [[torch.zeros((), dtype=torch.float64)] * 3 for _ in pairs]

    def listen(place: int) -> Any:
        def heard(_module: nn.Module, _given: Any, out: Tensor) -> None:
            wide = out.double()
            so_far = sums[place]
            added = (wide.sum((0, 2, 3)), wide.square().sum((0, 2, 3)), torch.tensor(wide[:, 0].numel()))
            sums[place] = [total + part.cpu() for total, part in zip(so_far, added, strict=True)]

        return heard

    handles = [conv.register_forward_hook(listen(i)) for i, (conv, _) in enumerate(pairs)]
    for lightness in looks:
        encoder(lightness)
    for handle in handles:
        handle.remove()
    for (conv, norm), (total, squares, count) in zip(pairs, sums, strict=True):
        mean = total / count
        variance = (squares / count - mean.square()).clamp_min(_LEAST_VARIANCE)
        norm.bias.add_(mean.to(norm.bias))
        size = conv.weight.double().flatten(1).norm(dim=1).clamp_min(_LEAST_NORM)
        conv.weight.div_(size.to(conv.weight)[:, None, None, None])
        _keep(norm, mean / size, variance / size.square())
        norm.weight.copy_((variance / size.square() + norm.eps).sqrt() * size)


def _normalised(encoder: nn.Module) -> Iterable[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Each convolution and the normalisation behind it, in the order of computation."""
    last: nn.Conv2d | None = None
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            last = module
        elif isinstance(module, nn.BatchNorm2d):
            assert last is not None
            yield last, module


def _keep(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Set its running statistics."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


def _shaped(value: Tensor, like: Tensor) -> Tensor:
    if value.shape != like.shape:
        raise ValueError(f"{tuple(value.shape)} where {tuple(like.shape)} is wanted")
    return value
