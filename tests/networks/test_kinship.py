"""What the network has learnt to see of places."""

from __future__ import annotations

import torch

from photochrom.networks.kinship import DIM, Kinship


def test_vectors_are_on_the_finest_grid_and_learn():
    torch.manual_seed(0)
    network = Kinship((4, 6, 8))
    maps = [torch.randn(2, count, 32 // step, 16 // step) for count, step in ((4, 1), (6, 2), (8, 4))]
    vectors = network(*maps)
    assert vectors.shape == (2, DIM, 32, 16)
    vectors.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
