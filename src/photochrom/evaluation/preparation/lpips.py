"""AlexNet and VGG16 with the learned weights of LPIPS, as graphs that give embeddings.

Source: Zhang, Isola, Efros, Shechtman and Wang, "The unreasonable effectiveness of deep features as
a perceptual metric", CVPR 2018; version 0.1 of its weights. LPIPS weighs squared differences of
features, and none of its weights is negative. So the square roots of the weights go into the
features here, and the distance that is left is a plain Euclidean one, between embeddings of which
the truth's need be worked out only once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadModel
from photochrom.evaluation.preparation.network import Network
from photochrom.evaluation.preparation.pickles import Weights

# For −1…1, as the paper's code has them: ImageNet's means and deviations, shifted and doubled.
_SHIFT: Final = np.array([-0.030, -0.088, -0.188])
_SCALE: Final = np.array([0.458, 0.448, 0.450])
_EPSILON: Final = 1e-10
# Convolutions between two poolings; the last of each group, after its ReLU, is compared.
_VGG_GROUPS: Final = (2, 2, 3, 3, 3)


def alexnet(weights: Weights, name: str) -> bytes:
    """Input "rgb"; outputs "layer0"…"layer4", (N, 64, 192, 384, 256 or 256, h, w) float32."""
    net = Network()
    x = _normalized(net)
    layers = []
    for i, (stride, padding, pooled) in enumerate(
        [(4, 2, False), (1, 2, True), (1, 1, True), (1, 1, False), (1, 1, False)]
    ):
        if pooled:
            x = net.max_pool(x, 3, 2)
        weight, bias = _conv(weights, f"AlexNet_0.Conv_{i}")
        x = net.relu(net.conv(x, weight, bias, stride=stride, padding=(padding, padding)))
        layers.append(_embedded(net, x, _head(weights, i, name)))
    return _finished(net, "lpips-alex", layers)


def vgg16(weights: Weights, name: str) -> bytes:
    """Input "rgb"; outputs "layer0"…"layer4", (N, 64, 128, 256, 512 or 512, h, w) float32."""
    net = Network()
    x = _normalized(net)
    layers = []
    index = 0
    for group, count in enumerate(_VGG_GROUPS):
        if group:
            x = net.max_pool(x, 2, 2)
        for _ in range(count):
            weight, bias = _conv(weights, f"VGG16_0.Conv_{index}")
            x = net.relu(net.conv(x, weight, bias, padding=(1, 1)))
            index += 1
        layers.append(_embedded(net, x, _head(weights, group, name)))
    return _finished(net, "lpips-vgg", layers)


def _finished(net: Network, name: str, layers: Sequence[str]) -> bytes:
    outputs = {f"layer{i}": layer for i, layer in enumerate(layers)}
    return net.finish(name, outputs, ("n", "channels", "height", "width"))


def _normalized(net: Network) -> str:
    return net.scaled(net.pictures(), 1 / (127.5 * _SCALE), (-1 - _SHIFT) / _SCALE)


def _conv(weights: Weights, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(kh, kw, in, out) becomes (out, in, kh, kw)."""
    return np.transpose(weights[f"{name}.kernel"], (3, 2, 0, 1)), weights[f"{name}.bias"]


def _head(weights: Weights, index: int, name: str) -> NDArray[np.float32]:
    """(C,): how much each channel counts."""
    head: NDArray[np.float32] = weights[f"NetLinLayer_{index}.Conv_0.kernel"].reshape(-1)
    if head.min() < 0:
        raise BadModel(name, "has negative weights, which LPIPS does not")
    return head


def _embedded(net: Network, x: str, head: NDArray[np.float32]) -> str:
    """Each position's features at length 1, weighed."""
    length = net.add("ReduceL2", x, np.array([1], np.int64), keepdims=1)
    unit = net.add("Div", x, net.add("Add", length, np.array(_EPSILON, np.float32)))
    return net.add("Mul", unit, np.sqrt(head).reshape(1, -1, 1, 1))
