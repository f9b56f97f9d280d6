"""Clicks led over pictures in training: what `inference.obey` does in numpy for those who colour."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.hints import led
from photochrom.networks.blend import PATHS, Blend

WISH = 30.0
"""A wish that nobody took from the truth, in units of Lab, and …"""
FAR = 0.25
"""… the distance in short sides from which its thing is taken to have ended."""
# Invented wishes: their sizes, from how many clicks at once, and how vivid the picture is without them, in
# turn over the pictures of a batch.
_SIZES = (0.5, 1.0, 2.0)
_AT_ONCE = (1, 1, 3, 1)
_VIVID = (1.0, 1.0, 1.0, 0.0, 1.5)
# Of two places: no more is told apart.
_FARTHEST = 60.0


class Led(NamedTuple):
    """What clicks make of pictures."""

    ab: Tensor
    """(N, 2, h, w): the chosen colours with all clicks led over them by the rule."""
    spilt: Tensor
    """(N,): of a wish of `WISH` units at one of the clicks alone, the mean share that reaches places further
    than `FAR`; 0 without clicks."""
    blended: Tensor
    """As `ab`, with the rule blended with closer and wider ones."""
    departed: Tensor
    """(N,): of invented wishes at some of the clicks, how far blending departs from the rule, as a share of
    what is wished, mean over places; 0 without clicks."""


class Sight(NamedTuple):
    """What is seen of one picture, in reading order."""

    ab: Tensor  # (2, N), as chosen without any click
    doubt: Tensor  # (N,)
    vectors: Tensor  # (C, N), the last two of them places
    roots: Tensor  # (K, N)


class Paths(NamedTuple):
    """The change that clicks ask for, led in several ways over one picture."""

    changes: Tensor  # (PATHS, 2, N), the rule's last
    supports: Tensor  # (PATHS - 1, N)
    hinted: Tensor  # (N,)
    independent: Tensor  # ()
    size: Tensor  # (), the root mean square of what is asked for
    low: Tensor  # (2, N)
    high: Tensor  # (2, N)


def led_over(
    ab: Tensor, seen: Tensor, logits: Tensor, lightness: Tensor, clicks: Tensor, centers: Tensor, blend: Blend
) -> Led:
    """Clicks led over pictures, all on one grid and in float32.

    ab: (N, 2, h, w), as chosen without any click. seen: (N, DIM, h, w), of `Kinship`; logits: (N, K, h, w)
    over `centers` (K, 2); lightness: (N, 1, h, w), 0…100; clicks: (N, 3, h, w), a, b and confidence
    0…1. A picture without clicks keeps its colours.
    """
    share = torch.softmax(logits, dim=1)
    mean = torch.einsum("nkhw,kc->nchw", share, centers)
    square = torch.einsum("nkhw,k->nhw", share, centers.square().sum(1))
    doubt = (square - mean.square().sum(1)).clamp_min(led.LEAST_DOUBT**2).sqrt()
    roots = torch.softmax(logits / led.SOFTENED, dim=1).sqrt()
    h, w = ab.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    places = torch.stack([rows, columns]).to(ab) / (led.NEAR * min(h, w))
    vectors = torch.cat([seen, lightness / led.LIGHT, places.expand(len(ab), -1, -1, -1)], dim=1)
    look = F.avg_pool2d(torch.cat([doubt[:, None], lightness, seen, roots], dim=1), 2)
    vivid = ab.new_tensor([_VIVID[i % len(_VIVID)] for i in range(len(ab))])[:, None, None, None]
    otherwise = ab * vivid
    flat = zip(ab.flatten(2), doubt.flatten(1), vectors.flatten(2), roots.flatten(2), strict=True)
    sights = [Sight(*parts) for parts in flat]
    asked, wishes, spilt = [], [], []
    for i, (sight, told) in enumerate(zip(sights, clicks.flatten(2), strict=True)):
        cells = told[2].nonzero().flatten()
        wanted = ((told[:2] - sight.ab) * told[2])[:, cells].T
        asked.append(_paths(sight, cells, wanted))
        some, wish = _invented(cells, wanted, i)
        wishes.append(_paths(sight._replace(ab=otherwise[i].flatten(1)), some, wish))
        spilt.append(_spilt(sight, cells, wanted))
    by_rule = torch.stack([paths.changes[-1] for paths in asked]).reshape(ab.shape)
    blended = _blended(blend, look, ab, asked)
    kept = torch.stack([paths.changes[-1] for paths in wishes]).reshape(ab.shape)
    apart = _blended(blend, look, otherwise, wishes) - kept
    sizes = torch.stack([paths.size for paths in wishes]).clamp_min(1)
    departed = apart.square().sum(1).add(1e-2).sqrt().mean((1, 2)) / sizes
    has = clicks[:, 2].flatten(1).any(1)
    return Led(ab + by_rule, torch.stack(spilt), ab + blended, departed * has)


def _blended(blend: Blend, look: Tensor, ab: Tensor, pictures: list[Paths]) -> Tensor:
    """The changes of pictures, blended: (N, 2, h, w). look: as `Blend` takes it; ab: (N, 2, h, w)."""
    grid = ab.shape[2:]
    changes, supports, hinted, independent, sizes, low, high = (
        torch.stack(parts) for parts in zip(*pictures, strict=True)
    )
    says = independent.log()[:, None, None].expand(-1, 1, hinted.shape[1])
    told = torch.cat([ab.flatten(2), changes.flatten(1, 2), supports, hinted[:, None], says], dim=1)
    answer = blend(look, told.reshape(*told.shape[:2], *grid)).flatten(2)
    sizes = sizes[:, None, None]
    mixed = (answer[:, :PATHS, None] * changes).sum(1) + led.BESIDE * sizes * answer[:, PATHS:]
    mixed = torch.minimum(torch.maximum(mixed, low - led.BEYOND * sizes), high + led.BEYOND * sizes)
    return torch.where(hinted[:, None] > 0, changes[:, -1], mixed).reshape(len(look), 2, *grid)


def _paths(sight: Sight, cells: Tensor, wanted: Tensor) -> Paths:
    """What M cells want, (M, 2), led over one picture."""
    if not len(cells):
        nothing = torch.zeros_like(sight.ab)
        none = nothing.new_zeros(len(led.REACHES), nothing.shape[1])
        zero = nothing.new_zeros(())
        return Paths(nothing.expand(PATHS, -1, -1), none, none[0], zero + 1, zero, nothing, nothing)
    alike = _alike(sight, cells)
    known = wanted / sight.doubt[cells, None]
    low, high = wanted.amin(0).clamp_max(0)[:, None], wanted.amax(0).clamp_min(0)[:, None]
    changes, supports = [], []
    for reach in led.REACHES:
        kernel = alike**reach
        solved = torch.linalg.solve(_covariance(kernel, cells), torch.cat([known, kernel.T], dim=1))
        led_so = sight.doubt * (kernel @ solved[:, :2]).T
        changes.append(torch.minimum(torch.maximum(led_so, low), high))
        supports.append((kernel.T * solved[:, 2:]).sum(0))
    rule = by_rule(alike, wanted, sight, cells).index_copy(1, cells, wanted.T)
    changes.append(rule)
    return Paths(
        changes=torch.stack(changes),
        supports=torch.stack(supports),
        hinted=torch.zeros_like(sight.doubt).index_fill(0, cells, 1.0),
        independent=len(cells) ** 2 / alike[cells].square().sum(),
        size=wanted.square().sum(1).mean().sqrt(),
        low=torch.minimum(low, rule),
        high=torch.maximum(high, rule),
    )


def _alike(sight: Sight, cells: Tensor) -> Tensor:
    """How far a difference at each of M cells is shared by each of N places: (N, M), 0…1."""
    apart = led.DISTRIBUTION * (1 - sight.roots.T @ sight.roots[:, cells])
    apart = apart + torch.cdist(sight.vectors.T, sight.vectors[:, cells].T).square() / 2
    # Beyond it roots of what is shared have no finite slope.
    return torch.exp(-apart.clamp_max(_FARTHEST))


def _covariance(kernel: Tensor, cells: Tensor) -> Tensor:
    return kernel[cells] + led.NOISE * torch.eye(len(cells), device=kernel.device)


def _invented(cells: Tensor, wanted: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Some of the clicks with a colour that nobody took from the truth; nothing is drawn here."""
    if not len(cells):
        return cells, wanted
    step = max(1, len(cells) // _AT_ONCE[number % len(_AT_ONCE)])
    some = slice(step // 2, None, step)
    # Turned by a right angle: a direction of no meaning, but a possible one.
    turned = wanted[some].flip(1) * wanted.new_tensor([1.0, -1.0])
    return cells[some], WISH * _SIZES[number % len(_SIZES)] * F.normalize(turned, dim=1)


def _spilt(sight: Sight, cells: Tensor, wanted: Tensor) -> Tensor:
    """Of one of the clicks, as large as a wish, the share that the rule leads far from it."""
    if not len(cells):
        return sight.doubt.new_zeros(())
    # Any click is as good as another, and its direction is one that wishes take: nothing is drawn here.
    middle = cells[len(cells) // 2 : len(cells) // 2 + 1]
    wish = WISH * F.normalize(wanted[len(cells) // 2 : len(cells) // 2 + 1], dim=1)
    reached = by_rule(_alike(sight, middle), wish, sight, middle)
    reached = reached.square().sum(0).clamp_min(1e-6).sqrt()
    places = sight.vectors[-2:] * led.NEAR
    far = (places - places[:, middle]).norm(dim=0) > FAR
    share: Tensor = (reached * far).sum() / far.sum().clamp_min(1) / WISH
    return share


def by_rule(alike: Tensor, wanted: Tensor, sight: Sight, cells: Tensor) -> Tensor:
    """What is wanted at M cells, (M, 2), led over all N places: (2, N).

    alike: (N, M). `inference.obey` has the reasons.
    """
    ab, doubt = sight.ab, sight.doubt
    size = wanted.norm(dim=1, keepdim=True) / doubt[cells, None]
    general = (led.LARGE / size.clamp_min(led.LARGE)).square()
    vivid = doubt * ab / torch.maximum(doubt, ab.norm(dim=0))
    basis = vivid[:, cells].T * general / doubt[cells, None]
    scaled = torch.cat([wanted * general / doubt[cells, None], basis], dim=1)
    weights, of_basis = torch.linalg.solve(_covariance(alike, cells), scaled).split(2, dim=1)
    share = (basis * weights).sum() / (1 / led.COMMON + (basis * of_basis).sum())
    heard = 1 - alike[cells].square().sum() / len(cells) ** 2
    share = heard * share.clamp(-led.MOST_COMMON, led.MOST_COMMON)
    left = wanted - share * vivid[:, cells].T
    change = torch.zeros_like(ab)
    for kernel, part in ((alike, general), (alike**led.CLOSER, 1 - general)):
        known = part * left / doubt[cells, None]
        change = change + doubt * (kernel @ torch.linalg.solve(_covariance(kernel, cells), known)).T
    low, high = left.amin(0).clamp_max(0)[:, None], left.amax(0).clamp_min(0)[:, None]
    total: Tensor = share * vivid + torch.minimum(torch.maximum(change, low), high)
    return total
