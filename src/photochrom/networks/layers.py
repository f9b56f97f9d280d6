"""Layers that several networks share.

Every convolution here keeps channels-last memory and constant padding, so that an exported graph
holds no padding arithmetic as long as height and width are multiples of the network's stride.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SamePadConv(nn.Conv2d):
    """Convolution padded as TensorFlow's "SAME" pads inputs whose sides are multiples of 32.

    At stride 2 TensorFlow puts the odd row and column last: (0, 1) for 3×3, (1, 2) for 5×5.
    EfficientNet's published weights were trained with that; symmetric padding shifts every feature
    map by half a pixel per reduction.
    """

    def __init__(self, ins: int, outs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        total = kernel - stride
        before = total // 2
        symmetric = before == total - before
        super().__init__(
            ins,
            outs,
            kernel,
            stride=stride,
            groups=groups,
            bias=False,
            padding=before if symmetric else 0,
        )
        self.extra = None if symmetric else (before, total - before, before, total - before)

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, ins, H, W) → (N, outs, H/stride, W/stride)."""
        if self.extra is not None:
            x = F.pad(x, self.extra)
        slow = self.groups > 1 and x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        if slow and torch.is_grad_enabled():
            apply: Callable[..., Tensor] = _DepthwiseOnCpu.apply
            return apply(x, self.weight, self.stride[0], int(self.padding[0]))
        return super().forward(x)


class _DepthwiseOnCpu(torch.autograd.Function):
    """Depth-wise convolution whose gradients are depth-wise convolutions too, which oneDNN is fast at.

    Its own bfloat16 gradients take five to fifty times as long for 5×5 kernels and for stride 2 (53 ms in
    place of 3 for 32×144×32×32, 5×5, stride 2, one core), its float32 ones two to six times as long.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        dtype = torch.get_autocast_dtype("cpu")
        x, low = x.to(dtype), weight.to(dtype)
        ctx.save_for_backward(x, low)
        ctx.stride, ctx.padding = stride, padding
        with torch.autocast("cpu", enabled=False):
            return F.conv2d(x, low, stride=stride, padding=padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        x, weight = ctx.saved_tensors
        dx = _depthwise_dx(grad, weight, x.shape, ctx.stride, ctx.padding)
        if not ctx.needs_input_grad[1]:
            return dx, None, None, None
        dw = _depthwise_dw(grad, x, weight, ctx.stride, ctx.padding)
        return dx, dw.to(weight.dtype), None, None


def _depthwise_dx(grad: Tensor, weight: Tensor, shape: torch.Size, stride: int, padding: int) -> Tensor:
    """By the input, (N, C, H, W): the gradient, apart by the stride, under the kernel turned round."""
    kernel = weight.shape[-1]
    if stride > 1:
        _, _, height, width = grad.shape
        apart = grad.new_zeros(
            shape[0], shape[1], shape[2] + 2 * padding - kernel + 1, shape[3] + 2 * padding - kernel + 1
        ).to(memory_format=torch.channels_last)
        apart[:, :, : stride * height : stride, : stride * width : stride] = grad
        grad = apart
    return F.conv2d(grad, weight.flip(2, 3), padding=kernel - 1 - padding, groups=shape[1])


def _depthwise_dw(grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """By the kernel, (C, 1, k, k): each channel of each picture under its own gradient, summed.

    For 3×3 oneDNN's own gradient is as fast, and takes less memory.
    """
    n, channels, height, width = x.shape
    kernel = weight.shape[-1]
    if kernel <= 3:
        _, own, _ = torch.ops.aten.convolution_backward(
            grad, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], channels,
            [False, True, False],
        )  # fmt: skip
        return cast(Tensor, own)
    apart = x.permute(2, 3, 0, 1).reshape(1, height, width, n * channels).permute(0, 3, 1, 2)
    kernels = grad.reshape(n * channels, 1, *grad.shape[2:])
    dw = F.conv2d(apart, kernels, padding=padding, dilation=stride, groups=n * channels)
    return dw[:, :, :kernel, :kernel].reshape(n, channels, kernel, kernel).float().sum(0).unsqueeze(1)


class InvertedResidual(nn.Module):
    """MobileNetV2's block without squeeze-and-excitation: widen 1×1, depth-wise k×k, narrow 1×1.

    x: (N, ins, H, W) → (N, outs, H/stride, W/stride). The input is added where shapes agree.
    """

    def __init__(self, ins: int, outs: int, kernel: int, *, stride: int, expand: int) -> None:
        super().__init__()
        wide = ins * expand
        layers: list[nn.Module] = []
        if expand != 1:
            layers += [SamePadConv(ins, wide, 1), nn.BatchNorm2d(wide, eps=1e-3, momentum=0.01), nn.ReLU6()]
        layers += [
            SamePadConv(wide, wide, kernel, stride=stride, groups=wide),
            nn.BatchNorm2d(wide, eps=1e-3, momentum=0.01),
            nn.ReLU6(),
            SamePadConv(wide, outs, 1),
            nn.BatchNorm2d(outs, eps=1e-3, momentum=0.01),
        ]
        self.layers = nn.Sequential(*layers)
        self.adds_input = stride == 1 and ins == outs

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, ins, H, W) → (N, outs, H/stride, W/stride)."""
        y: Tensor = self.layers(x)
        return x + y if self.adds_input else y


class ConvNorm(nn.Sequential):
    """3×3 convolution, group normalisation, GELU: (N, ins, H, W) → (N, outs, H, W).

    Group and not batch normalisation: the decoder runs on a batch of one and on sizes unlike those
    of training, where running statistics drift.
    """

    def __init__(self, ins: int, outs: int, *, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(ins, outs, kernel, padding=kernel // 2, bias=False),
            nn.GroupNorm(8, outs),
            nn.GELU(approximate="tanh"),
        )


class TokenBlock(nn.Module):
    """Transformer block over a grid of tokens and one global token, pre-normalised.

    tokens: (N, H·W, C), whole: (N, 1, C), height, width → the same shapes. Place enters only through
    a depth-wise 3×3 convolution over the grid (after CPVT, arXiv 2102.10882), so any size works.
    """

    def __init__(self, dim: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.place = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)
        self.norm1 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 3 * dim), nn.GELU(approximate="tanh"), nn.Linear(3 * dim, dim)
        )

    def forward(self, grid: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
        """grid: (N, C, H, W), whole: (N, 1, C) → the same shapes."""
        n, c, height, width = grid.shape
        grid = grid + self.place(grid)
        tokens = torch.cat([whole, grid.flatten(2).transpose(1, 2)], dim=1)
        qkv = self.qkv(self.norm1(tokens)).reshape(n, -1, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = _attention(q, k, v)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2))
        tokens = tokens + self.mlp(self.norm2(tokens))
        whole, rest = tokens[:, :1], tokens[:, 1:]
        return rest.transpose(1, 2).reshape(n, c, height, width), whole


def _attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Scaled dot-product attention; each (N, heads, tokens, channels).

    A processor's gradients of PyTorch's own take seven times as long as these for the few tokens that
    pictures of training have (38 ms and 5 ms for 32 × 8 × 65 × 32 in bfloat16, one core).
    """
    if q.device.type == "cpu" and torch.is_grad_enabled():
        weights: Tensor = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1)
        return weights @ v
    return F.scaled_dot_product_attention(q, k, v)


class ConvBlock(nn.Sequential):
    """`count` 3×3 convolutions with ReLU, then one batch normalisation: (N, ins, H, W) → (N, outs, h, w).

    The last takes the stride, and batch normalisation comes after ReLU, as in Zhang et al. 2016,
    arXiv 1603.08511.
    """

    def __init__(self, ins: int, outs: int, *, count: int, stride: int = 1, dilation: int = 1) -> None:
        layers: list[nn.Module] = []
        for place in range(count):
            step = stride if place == count - 1 else 1
            layers += [nn.Conv2d(ins, outs, 3, step, padding=dilation, dilation=dilation), nn.ReLU()]
            ins = outs
        super().__init__(*layers, nn.BatchNorm2d(outs))


def padded(x: Tensor, multiple: int) -> Tensor:
    """x: (N, C, H, W) grown at the bottom and the right to multiples, by reflection.

    By its edge where the picture is too small for that. Where sides are multiples already, nothing of it
    is left in an exported graph.
    """
    down, right = -x.shape[2] % multiple, -x.shape[3] % multiple
    if not down and not right:
        return x
    fits = down < x.shape[2] and right < x.shape[3]
    return F.pad(x, (0, right, 0, down), mode="reflect" if fits else "replicate")
