"""Hints and wishes, drawn from the truth: what a network is told in training beside lightness."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Each further hint has this chance (Zhang et al. 2017: points per picture are geometric, mean 7).
ANOTHER_HINT = 7 / 8
# Of clicks that are led, which are to be worth something in tens too.
ANOTHER_CLICK = 19 / 20
MOST_HINTS = 60
# Hasler and Süsstrunk's colourfulness of a vivid photograph; wishes are given in this unit.
COLORFULNESS_UNIT = 50.0
# Temperature and factor on the chroma by which the flagship's default makes colours of its bins.
SHOWN = (0.8, 1.2)


def sampled_hints(
    ab: Tensor, generator: torch.Generator, *, share: float, another: float = ANOTHER_HINT
) -> Tensor:
    """Simulated clicks. ab: (N, 2, h, w) → (N, 3, h, w).

    As in Zhang et al. 2017 the number is geometric, each click followed by a further one with the chance
    `another`, places gather round the centre, a click covers one to three cells a side and carries their
    mean colour; here confidence also varies.
    """
    n, _, h, w = ab.shape
    # Hundreds of small patches: on a graphics card each would be a launch or three.
    colors, out = ab.cpu(), torch.zeros((n, 3, h, w))
    draws = torch.rand((n, 2), generator=generator, device=generator.device).tolist()
    for i, (has, many) in enumerate(draws):
        if has >= share:
            continue
        # Inverse of the geometric distribution, at least one.
        count = min(MOST_HINTS, 1 + int(math.log(1 - many) / math.log(another)))
        places = torch.randn((count, 2), generator=generator, device=generator.device).tolist()
        kinds = torch.rand((count, 2), generator=generator, device=generator.device).tolist()
        for (v, u), (size, trust) in zip(places, kinds, strict=True):
            side = 1 + int(size * 3)
            top = min(max(int(h / 2 + v * h / 4 - side / 2), 0), h - side)
            left = min(max(int(w / 2 + u * w / 4 - side / 2), 0), w - side)
            patch = colors[i, :, top : top + side, left : left + side]
            out[i, :2, top : top + side, left : left + side] = patch.mean((1, 2), keepdim=True)
            out[i, 2, top : top + side, left : left + side] = 1.0 if trust < 0.7 else trust
    return out.to(ab.device)


def sampled_wishes(
    index: Tensor, weight: Tensor, pictures: Tensor, bins: int, generator: torch.Generator, *, share: float
) -> Tensor:
    """The picture's own palette and colourfulness, told to `share` of the pictures each: (N, bins + 3)."""
    n = len(index)
    histogram = torch.zeros((n, bins), device=index.device)
    histogram.scatter_add_(1, index.flatten(1), weight.flatten(1))
    histogram = histogram / histogram.sum(1, keepdim=True)
    told = (torch.rand((n, 2), generator=generator, device=generator.device) < share).float().to(index.device)
    colorful = torch.zeros((n, 1), device=index.device)
    asked = told[:, 1].nonzero().flatten()
    if len(asked):
        colorful[asked, 0] = colorfulness(pictures[asked]) / COLORFULNESS_UNIT
    return torch.cat([histogram * told[:, :1], told[:, :1], colorful, told[:, 1:]], dim=1)


def colorfulness(pictures: Tensor) -> Tensor:
    """Hasler and Süsstrunk 2003, without the stray absolute value. pictures: (N, 3, H, W), 0…1 → (N,)."""
    r, g, b = (pictures * 255).flatten(2).unbind(1)
    rg, yb = r - g, (r + g) / 2 - b
    # The sliver keeps the gradient of the root finite for grey pictures.
    spread = (rg.var(1, correction=0) + yb.var(1, correction=0) + 1e-8).sqrt()
    return spread + 0.3 * (rg.mean(1) ** 2 + yb.mean(1) ** 2 + 1e-8).sqrt()
