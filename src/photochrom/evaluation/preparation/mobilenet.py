"""MobileNetV2, the classifier of ImageNet's thousand classes, as a graph.

Source: Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: inverted residuals and linear
bottlenecks", CVPR 2018, with torchvision's weights of 2018 (71.9 % top-1 as torchvision states it).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from photochrom.evaluation.preparation.network import Network, folded
from photochrom.evaluation.preparation.pickles import Weights

_SHORT_SIDE: Final = 256
_CROP: Final = 224
# Of ImageNet's training pictures, 0…1, as torchvision has them.
_MEAN: Final = np.array([0.485, 0.456, 0.406])
_DEVIATION: Final = np.array([0.229, 0.224, 0.225])
_EPSILON: Final = 1e-5
# The paper's table 2: expansion, repetitions, stride of the first.
_STAGES: Final = ((1, 1, 1), (6, 2, 2), (6, 3, 2), (6, 4, 2), (6, 3, 1), (6, 3, 2), (6, 1, 1))


def mobilenet_v2(weights: Weights, name: str) -> bytes:  # noqa: ARG001 (as every builder)
    """Input "rgb" of any size; output "logits" (N, 1000) float32.

    The short side is brought to 256 pixels by a triangle filter as wide as the reduction, and the
    central 224 × 224 are looked at: torchvision's own protocol, but for the rounding to 8 bits.
    """
    net = Network()
    x = net.resized(net.pictures(), _SHORT_SIDE, keep_aspect=True, antialias=True)
    x = net.add("CenterCropPad", x, np.array([_CROP, _CROP], np.int64), axes=[2, 3])
    x = net.scaled(x, 1 / (255 * _DEVIATION), -_MEAN / _DEVIATION)
    x = _clipped(net, _conv(net, weights, x, "features.0.0", "features.0.1", stride=2))
    index = 1
    for expansion, count, first in _STAGES:
        for i in range(count):
            stride = first if i == 0 else 1
            inner = _bottleneck(net, weights, x, f"features.{index}.conv", expansion, stride)
            # The first of a stage changes the channels, the others add to what came in.
            x = inner if i == 0 else net.add("Add", x, inner)
            index += 1
    x = _clipped(net, _conv(net, weights, x, f"features.{index}.0", f"features.{index}.1"))
    x = net.add("Flatten", net.add("GlobalAveragePool", x), axis=1)
    logits = net.add("Gemm", x, weights["classifier.1.weight"], weights["classifier.1.bias"], transB=1)
    return net.finish("mobilenet-v2", {"logits": logits}, ("n", 1000))


def _bottleneck(net: Network, weights: Weights, x: str, name: str, expansion: int, stride: int) -> str:
    """Widen, filter each channel, narrow; without the first where nothing is widened."""
    part = 0
    if expansion > 1:
        x = _clipped(net, _conv(net, weights, x, f"{name}.0.0", f"{name}.0.1"))
        part = 1
    x = _clipped(net, _conv(net, weights, x, f"{name}.{part}.0", f"{name}.{part}.1", stride=stride))
    return _conv(net, weights, x, f"{name}.{part + 1}", f"{name}.{part + 2}")


def _conv(net: Network, weights: Weights, x: str, conv: str, norm: str, *, stride: int = 1) -> str:
    """A convolution that keeps the size, but for its stride, and its normalisation."""
    weight, bias = folded(
        weights[f"{conv}.weight"],
        weights[f"{norm}.running_mean"],
        weights[f"{norm}.running_var"],
        weights[f"{norm}.bias"],
        gain=weights[f"{norm}.weight"],
        epsilon=_EPSILON,
    )
    padding = weight.shape[2] // 2
    # One input channel a filter is a depthwise convolution: nothing else here has so few.
    groups = weight.shape[0] if weight.shape[1] == 1 else 1
    return net.conv(x, weight, bias, stride=stride, padding=(padding, padding), groups=groups)


def _clipped(net: Network, x: str) -> str:
    """ReLU6."""
    return net.add("Clip", x, np.array(0, np.float32), np.array(6, np.float32))
