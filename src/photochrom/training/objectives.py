"""From a batch of colour pictures to a loss: what the flagship sees and what it is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color import constants as c
from photochrom.datasets.degrade import degrade, emulsion
from photochrom.networks.ab_targets import AbTargets, soft_cross_entropy
from photochrom.networks.flagship import HINT_STRIDE
from photochrom.networks.torch_color import lightness_from_luminance, linear_to_lab, srgb_to_linear
from photochrom.training.config import Recipe

# Each further hint has this chance (Zhang et al. 2017: points per picture are geometric, mean 7).
ANOTHER_HINT = 7 / 8
MOST_HINTS = 40
# Hasler and Süsstrunk's colourfulness of a vivid photograph; wishes are given in this unit.
COLORFULNESS_UNIT = 50.0


@dataclass(frozen=True)
class Sample:
    """One batch on the training device. H and W are those of the network's input."""

    lightness: Tensor  # (N, 1, H, W), 0…100, as the network sees it
    hints: Tensor  # (N, 3, H/4, W/4): a, b, confidence
    wishes: Tensor  # (N, bins + 3)
    index: Tensor  # (N, 4, H/4, W/4): bins of the target
    weight: Tensor  # (N, 4, H/4, W/4): their shares
    ab: Tensor  # (N, 2, H/4, W/4)


def sample(rgb: Tensor, targets: AbTargets, recipe: Recipe, generator: torch.Generator) -> Sample:
    """rgb: (N, H, W, 3) bytes on the training device → what a step needs. H, W: multiples of 8.

    Every draw comes from `generator`, which may be of another device.
    """
    planes = rgb.permute(0, 3, 1, 2).contiguous()
    pictures = planes.float() / 255
    light = linear_light(planes)
    eye = torch.tensor(c.RGB_TO_RELATIVE[1].tolist(), device=rgb.device)
    grey = (light * emulsion(eye, len(rgb), generator, share=recipe.film)).sum(1, keepdim=True)
    seen = degrade(lightness_from_luminance(grey), generator, share=recipe.damaged)
    ab = F.avg_pool2d(linear_to_lab(light)[:, 1:], HINT_STRIDE)
    index, weight = targets(ab)
    return Sample(
        lightness=seen.contiguous(memory_format=torch.channels_last),
        hints=sampled_hints(ab, generator, share=recipe.hinted),
        wishes=sampled_wishes(index, weight, pictures, len(targets.centers), generator, share=recipe.wished),
        index=index,
        weight=weight,
        ab=ab,
    )


def linear_light(planes: Tensor) -> Tensor:
    """sRGB bytes of any shape → linear light 0…1: 256 powers in place of one a pixel."""
    table = srgb_to_linear(torch.arange(256, device=planes.device) / 255)
    return table.index_select(0, planes.flatten().int()).view(planes.shape)


def automatic(rgb: Tensor, targets: AbTargets) -> Sample:
    """The same without damage, hints or wishes: how the network is judged."""
    plain = Recipe(damaged=0.0, film=0.0, hinted=0.0, wished=0.0)
    return sample(rgb, targets, plain, torch.Generator().manual_seed(0))


def sampled_hints(ab: Tensor, generator: torch.Generator, *, share: float) -> Tensor:
    """Simulated clicks. ab: (N, 2, h, w) → (N, 3, h, w).

    As in Zhang et al. 2017 the number is geometric, places gather round the centre, a click covers
    one to three cells a side and carries their mean colour; here confidence also varies.
    """
    n, _, h, w = ab.shape
    # Hundreds of small patches: on a graphics card each would be a launch or three.
    colors, out = ab.cpu(), torch.zeros((n, 3, h, w))
    draws = torch.rand((n, 2), generator=generator, device=generator.device).tolist()
    for i, (has, many) in enumerate(draws):
        if has >= share:
            continue
        # Inverse of the geometric distribution, at least one.
        count = min(MOST_HINTS, 1 + int(math.log(1 - many) / math.log(ANOTHER_HINT)))
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
    spread = torch.hypot(rg.std(1, correction=0), yb.std(1, correction=0))
    return spread + 0.3 * torch.hypot(rg.mean(1), yb.mean(1))


def flagship_loss(network: nn.Module, batch: Sample) -> Tensor:
    """Plain cross-entropy to the soft bins; vividness is chosen later, from the prior."""
    return soft_cross_entropy(network(batch.lightness, batch.hints, batch.wishes), batch.index, batch.weight)
