"""An ONNX graph, written node by node. Needs the `onnx` package, and that only to finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64] | float

# Resize along named axes, with its filter for reductions, came with 18.
_OPSET: Final = 18
_IR_VERSION: Final = 8


@dataclass(frozen=True)
class _Node:
    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


class Network:
    """A graph from pictures, input "rgb" (N, H, W, 3) uint8, to whatever `finish` names.

    Each method adds a node and gives the name of what comes out of it; `x` is such a name.
    """

    def __init__(self) -> None:
        self._nodes: list[_Node] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def add(self, op: str, *inputs: str | NDArray[Any], **attributes: Any) -> str:
        """Any node of ONNX with one output; arrays among the inputs become constants, "" is none."""
        names = tuple(item if isinstance(item, str) else self._constant(item) for item in inputs)
        output = f"{op}_{len(self._nodes)}"
        self._nodes.append(_Node(op, names, output, attributes))
        return output

    def _constant(self, array: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants[name] = np.ascontiguousarray(array)
        return name

    def pictures(self) -> str:
        """The input as (N, 3, H, W) float32, 0…255."""
        return self.add("Transpose", self.add("Cast", "rgb", to=_FLOAT), perm=[0, 3, 1, 2])

    def scaled(self, x: str, gain: Vector, offset: Vector) -> str:
        """x · gain + offset, by channel, or the same for all."""
        factors = np.reshape(np.asarray(gain, np.float32), (1, -1, 1, 1))
        terms = np.reshape(np.asarray(offset, np.float32), (1, -1, 1, 1))
        return self.add("Add", self.add("Mul", x, factors), terms)

    def resized(self, x: str, side: int, *, keep_aspect: bool = False, antialias: bool = False) -> str:
        """To side × side, or the short side to `side`: bilinear, pixels as areas ("half-pixel")."""
        return self.add(
            "Resize",
            x,
            "",
            "",
            np.array([side, side], np.int64),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
            keep_aspect_ratio_policy="not_smaller" if keep_aspect else "stretch",
            antialias=int(antialias),
            axes=[2, 3],
        )

    def conv(
        self,
        x: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        stride: int = 1,
        padding: Sequence[int] = (0, 0),
        groups: int = 1,
    ) -> str:
        """weight: (out, in / groups, kh, kw); padding: (rows, columns) of zeros on either side."""
        return self.add(
            "Conv", x, weight, bias, strides=[stride, stride], pads=[*padding, *padding], group=groups
        )

    def relu(self, x: str) -> str:
        """max(x, 0)."""
        return self.add("Relu", x)

    def max_pool(self, x: str, size: int, stride: int, *, padding: int = 0) -> str:
        """The largest of each window; a window that does not fit is left out."""
        return self.add("MaxPool", x, kernel_shape=[size, size], strides=[stride, stride], pads=[padding] * 4)

    def average_pool(self, x: str, size: int, stride: int, *, padding: int = 0) -> str:
        """The mean of each window; zeros beyond the edge are not counted."""
        return self.add(
            "AveragePool",
            x,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[padding] * 4,
            count_include_pad=0,
        )

    def joined(self, parts: Sequence[str]) -> str:
        """Side by side, along the channels."""
        return self.add("Concat", *parts, axis=1)

    def finish(self, name: str, outputs: Mapping[str, str], shape: Sequence[str | int]) -> bytes:
        """The file. outputs: name it is to have → x; shape: of each, free sides by any name."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        nodes = [
            helper.make_node(node.op, list(node.inputs), [node.output], **node.attributes)
            for node in self._nodes
        ]
        nodes += [helper.make_node("Identity", [x], [out]) for out, x in outputs.items()]
        graph = helper.make_graph(
            nodes,
            name,
            [helper.make_tensor_value_info("rgb", TensorProto.UINT8, ["n", "height", "width", 3])],
            [
                helper.make_tensor_value_info(
                    out, TensorProto.FLOAT, [f"{out}_{s}" if isinstance(s, str) else s for s in shape]
                )
                for out in outputs
            ],
            [numpy_helper.from_array(array, key) for key, array in self._constants.items()],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="photochrom",
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


_FLOAT: Final = 1
"""TensorProto.FLOAT, without importing onnx."""


def folded(
    weight: NDArray[np.float32],
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
    offset: NDArray[np.float32],
    *,
    gain: NDArray[np.float32] | float = 1.0,
    epsilon: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A convolution without bias and the batch normalisation after it, as one: weight and bias."""
    scale = gain / np.sqrt(variance.astype(np.float64) + epsilon)
    return (
        (weight * scale.reshape(-1, 1, 1, 1)).astype(np.float32),
        (offset - mean * scale).astype(np.float32),
    )
