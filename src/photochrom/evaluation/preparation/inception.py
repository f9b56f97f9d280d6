"""The Inception network of the Fréchet inception distance, as a graph.

Source: Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, with
the weights of TensorFlow's release of 2015 that Heusel et al. measured with. It differs from the
paper in its pooling, and the figures depend on that: zeros beyond an edge are not averaged, and the
last block takes the largest value where the others take the mean.
"""

from __future__ import annotations

from typing import Final

from photochrom.evaluation.preparation.network import Network, folded
from photochrom.evaluation.preparation.pickles import Weights

_SIDE: Final = 299
_EPSILON: Final = 1e-3


def inception(weights: Weights, name: str) -> bytes:  # noqa: ARG001 (as every builder)
    """Input "rgb" of any size; output "features" (N, 2048) float32.

    The picture is brought to 299 × 299 by bilinear interpolation between pixel centres, without a
    filter for reductions, and not rounded; then (v − 128) / 128.
    """
    tower = _Tower(weights)
    net = tower.net
    x = net.scaled(net.resized(net.pictures(), _SIDE), 1 / 128, -1)
    x = tower.chain(x, "conv", "conv_1", "conv_2")
    x = tower.chain(net.max_pool(x, 3, 2), "conv_3", "conv_4")
    x = net.max_pool(x, 3, 2)
    for block in ("mixed", "mixed_1", "mixed_2"):
        x = _block_a(tower, x, block)
    x = _reduction_b(tower, x, "mixed_3")
    for block in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        x = _block_c(tower, x, block)
    x = _reduction_d(tower, x, "mixed_8")
    x = _block_e(tower, x, "mixed_9", net.average_pool(x, 3, 1, padding=1))
    x = _block_e(tower, x, "mixed_10", net.max_pool(x, 3, 1, padding=1))
    features = net.add("Flatten", net.average_pool(x, 8, 8), axis=1)
    return net.finish("fid-inception", {"features": features}, ("n", 2048))


class _Tower:
    """Writes convolutions by their names in the file, which also holds their strides and padding."""

    def __init__(self, weights: Weights) -> None:
        self.net = Network()
        self._weights = weights

    def conv(self, x: str, name: str) -> str:
        """A convolution, its normalisation and ReLU."""
        part = {key: self._weights[f"net.layers.{name}.{key}"] for key in _PARTS}
        weight, bias = folded(part["weight"], part["mean"], part["var"], part["beta"], epsilon=_EPSILON)
        padding = part["padding"]
        sides = padding if isinstance(padding, list) else (padding, padding)
        return self.net.relu(self.net.conv(x, weight, bias, stride=part["stride"], padding=sides))

    def chain(self, x: str, *names: str) -> str:
        """One after the other."""
        for name in names:
            x = self.conv(x, name)
        return x

    def tower(self, x: str, name: str, count: int) -> str:
        """The `count` convolutions of a part: conv, conv_1, …"""
        return self.chain(x, *(f"{name}.conv{f'_{i}' if i else ''}" for i in range(count)))


_PARTS: Final = ("weight", "beta", "mean", "var", "stride", "padding")


def _block_a(tower: _Tower, x: str, name: str) -> str:
    return tower.net.joined(
        [
            tower.conv(x, f"{name}.conv"),
            tower.tower(x, f"{name}.tower", 2),
            tower.tower(x, f"{name}.tower_1", 3),
            tower.tower(tower.net.average_pool(x, 3, 1, padding=1), f"{name}.tower_2", 1),
        ]
    )


def _reduction_b(tower: _Tower, x: str, name: str) -> str:
    return tower.net.joined(
        [
            tower.conv(x, f"{name}.conv"),
            tower.tower(x, f"{name}.tower", 3),
            tower.net.max_pool(x, 3, 2),
        ]
    )


def _block_c(tower: _Tower, x: str, name: str) -> str:
    return tower.net.joined(
        [
            tower.conv(x, f"{name}.conv"),
            tower.tower(x, f"{name}.tower", 3),
            tower.tower(x, f"{name}.tower_1", 5),
            tower.tower(tower.net.average_pool(x, 3, 1, padding=1), f"{name}.tower_2", 1),
        ]
    )


def _reduction_d(tower: _Tower, x: str, name: str) -> str:
    return tower.net.joined(
        [
            tower.tower(x, f"{name}.tower", 2),
            tower.tower(x, f"{name}.tower_1", 4),
            tower.net.max_pool(x, 3, 2),
        ]
    )


def _block_e(tower: _Tower, x: str, name: str, pooled: str) -> str:
    second = tower.conv(x, f"{name}.tower_conv")
    third = tower.chain(x, f"{name}.tower_1_conv", f"{name}.tower_1_conv_1")
    return tower.net.joined(
        [
            tower.conv(x, f"{name}.conv"),
            tower.conv(second, f"{name}.tower_mixed_conv"),
            tower.conv(second, f"{name}.tower_mixed_conv_1"),
            tower.conv(third, f"{name}.tower_1_mixed_conv"),
            tower.conv(third, f"{name}.tower_1_mixed_conv_1"),
            tower.conv(pooled, f"{name}.tower_2_conv"),
        ]
    )
