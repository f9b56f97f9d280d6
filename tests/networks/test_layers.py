"""Padding and the hand-written gradient."""

import pytest
import torch
from torch.nn import functional as F

from photochrom.networks.layers import InvertedResidual, SamePadConv, TokenBlock, _attention


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_pads_as_tensorflow_does(kernel, stride):
    torch.manual_seed(0)
    layer, x = SamePadConv(4, 4, kernel, stride=stride, groups=4), torch.randn(1, 4, 32, 64)
    # TensorFlow's rule: as many outputs as ⌈n/stride⌉, the odd row and column of padding last.
    pads = []
    for n in (64, 32):
        total = (-(-n // stride) - 1) * stride + kernel - n
        pads += [total // 2, total - total // 2]
    there = F.conv2d(F.pad(x, pads), layer.weight, stride=stride, groups=4)
    assert there.shape == (1, 4, 32 // stride, 64 // stride)
    torch.testing.assert_close(layer(x), there)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (13, 8)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_depthwise_gradients_in_bfloat16_are_those_of_float32(kernel, stride, height, width):
    torch.manual_seed(0)
    layer, x = (
        SamePadConv(8, 8, kernel, stride=stride, groups=8),
        torch.randn(2, 8, height, width, requires_grad=True),
    )
    parts = (x, layer.weight)
    there = torch.autograd.grad(layer(x).square().sum(), parts)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = layer(x)
        assert low.dtype == torch.bfloat16
        here = torch.autograd.grad(low.float().square().sum(), parts)
    for mine, theirs in zip(here, there, strict=True):
        assert mine.dtype == torch.float32
        assert float((mine - theirs).norm() / theirs.norm()) < 0.02


def test_the_input_is_added_where_shapes_agree():
    assert InvertedResidual(8, 8, 3, stride=1, expand=2).adds_input
    assert not InvertedResidual(8, 8, 3, stride=2, expand=2).adds_input
    assert not InvertedResidual(8, 16, 3, stride=1, expand=2).adds_input


def test_a_token_block_takes_any_grid():
    block = TokenBlock(32, heads=1)
    for height, width in ((1, 1), (2, 5), (7, 3)):
        grid, whole = block(torch.randn(2, 32, height, width), torch.randn(2, 1, 32))
        assert grid.shape == (2, 32, height, width)
        assert whole.shape == (2, 1, 32)


def test_attention_that_is_learned_through_is_that_of_pytorch():
    torch.manual_seed(0)
    parts = tuple(torch.randn(2, 3, 7, 32, requires_grad=True) for _ in range(3))
    here, there = _attention(*parts), F.scaled_dot_product_attention(*parts)
    torch.testing.assert_close(here, there)
    ours, theirs = (torch.autograd.grad(one.square().sum(), parts) for one in (here, there))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)
