"""Hints obeyed: places told a colour get it, and what belongs to them follows.

The difference between the colours asked for and those chosen is known at the hints alone. It is led
over the picture by Gaussian-process regression (Rasmussen and Williams, "Gaussian Processes for
Machine Learning", 2006, equation 2.25): two places share a difference as far as they are kin, that
is as far as the network has learnt to see the same in them (`networks.kinship`), expects the same
colours of them, and they are near and equally light. Where the network is sure of its colour little
is changed. Beside it one number says how much more vivid or duller than guessed all of the picture is
(equation 2.40, one explicit basis function). A model may bring a network that mixes this rule with wider
and closer ones from place to place (`networks.blend`). `docs/hints.md` has the measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.hints import led
from photochrom.inference.grids import nearest, shrink
from photochrom.inference.guess import KINSHIP, Blend, likelihoods

Plane = NDArray[np.float32]
Known = NDArray[np.float64]
Cells = NDArray[np.int64]

MOST_CELLS: Final = 500
"""Hinted cells that are solved exactly; of more, the insides of areas are thinned out."""
MOST_BLENDED: Final = 150
"""The same of those that are led in several ways to be blended."""


@dataclass(frozen=True, eq=False)
class Kinship:
    """What tells which places of a picture belong together: of one look, whatever the hints.

    N = h · w places in reading order.
    """

    shape: tuple[int, int]
    lightness: Plane
    """(N,): L."""
    places: Plane
    """(N, 2): y and x in short sides."""
    doubt: Plane
    """(N,): standard deviation of ab as the network expects it: how far colours may be changed."""
    roots: Plane
    """(K, N): square roots of the shares of all bins, softened."""
    seen: Plane = field(repr=False)
    """(C, N): what the network has learnt to see of a place; alike where things are."""

    @cached_property
    def look(self) -> Plane:
        """All of that but the places, (2 + C + K, h / 2, w / 2), as a `Blend` takes it."""
        planes = np.concatenate([self.doubt[np.newaxis], self.lightness[np.newaxis], self.seen, self.roots])
        h, w = self.shape
        return np.asarray(planes.reshape(-1, h // 2, 2, w // 2, 2).mean(axis=(2, 4)), np.float32)


def kinship(
    logits: Plane, lightness: Plane, features: Mapping[str, NDArray[np.float32]], bins: AbBins
) -> Kinship:
    """What one look tells. logits: (K, h, w); lightness: (H, W), 0…100; features: as of `Guess`.

    A model without the planes of `KINSHIP` is led by its distributions, lightness and nearness.
    """
    count, h, w = logits.shape
    share, softened = (
        likelihoods(logits.reshape(count, -1) / t) for t in (np.float32(1), np.float32(led.SOFTENED))
    )
    mean, square = bins.centers.T @ share, np.square(bins.centers).sum(axis=1) @ share
    spread = np.sqrt(np.maximum(square - np.square(mean).sum(axis=0), 0))
    rows, columns = np.indices((h, w)).reshape(2, -1)
    seen = features.get(KINSHIP, np.zeros((1, 0, h, w), np.float32))
    return Kinship(
        shape=(h, w),
        lightness=shrink(lightness, h, w).ravel(),
        places=(np.stack([rows, columns], axis=-1) / min(h, w)).astype(np.float32),
        doubt=np.maximum(spread, np.float32(led.LEAST_DOUBT)),
        roots=np.sqrt(softened),
        seen=seen[0].reshape(seen.shape[1], h * w),
    )


def obey(ab: Plane, hints: Plane, kin: Kinship, blend: Blend | None = None) -> Plane:
    """`ab` with the hints obeyed, and what is kin to them changed alike.

    ab: (2, h, w), as chosen without any hint; hints: (3, h', w') a, b and confidence 0…1, as
    `Colorizer.hinted` takes them; blend: of the model, if it has one. Returns (2, h, w), in gamut or not. A
    hinted place comes out as the mean of both, weighted by the confidence; without any hint `ab` comes back
    as it is.
    """
    told = nearest(hints, *kin.shape).reshape(3, -1)
    cells = np.flatnonzero(told[2] > 0)
    if not len(cells):
        return ab
    colors = ab.reshape(2, -1)
    residual = np.where(told[2] > 0, (told[:2] - colors) * told[2], 0)
    solved = thinned(told, cells, kin.shape, MOST_CELLS)
    alike = correlation(kin, solved)
    known = residual[:, solved].T.astype(np.float64)
    size = np.linalg.norm(known, axis=1, keepdims=True) / kin.doubt[solved, np.newaxis]
    general = np.minimum(1, led.LARGE / np.maximum(size, led.LARGE)) ** 2
    vivid = kin.doubt * _vivid(colors, kin.doubt)
    share = _share(known * general, vivid[:, solved].T * general, alike, solved, kin.doubt)
    known -= share * vivid[:, solved].T
    change = _led(known * general, alike, solved, kin.doubt)
    if (size > led.LARGE).any():
        change += _led(known * (1 - general), alike**led.CLOSER, solved, kin.doubt)
    # Hints that contradict each other side by side would be continued far beyond what either asks for.
    change = share * vivid + change.clip(*_limits(known))
    # What the noise and the thinning left over, where there is no doubt about what is wanted.
    change[:, cells] = residual[:, cells]
    if blend is not None:
        if len(cells) > MOST_BLENDED:
            solved = thinned(told, cells, kin.shape, MOST_BLENDED)
            alike = correlation(kin, solved)
        ways = np.concatenate([colors, *_ways(residual, change, told, alike, solved, kin)])
        change = _blended(ways, residual[:, solved], kin, blend)
        change[:, cells] = residual[:, cells]
    return np.asarray((colors + change).reshape(ab.shape), np.float32)


def _ways(
    residual: Plane, rule: Plane, told: Plane, alike: Plane, cells: Cells, kin: Kinship
) -> tuple[Plane, ...]:
    """What a blend is told beside the colours without hints, see `networks.blend.Blend`.

    residual: (2, N), what each hinted place lacks; rule: (2, N), the change by the rule; told: (3, N); alike:
    (N, M), of `correlation` to the M `cells` that are led.
    """
    known = residual[:, cells].T.astype(np.float64)
    low, high = _limits(known)
    paths, supports = [], []
    for reach in led.REACHES:
        kernel = _powered(alike, reach)
        paths.append(_led(known, kernel, cells, kin.doubt).clip(low, high))
        inverse = np.linalg.inv(_covariance(kernel, cells)).astype(np.float32)
        supports.append(np.einsum("nm,nm->n", kernel @ inverse, kernel))
    independent = len(cells) ** 2 / np.square(alike[cells]).sum()
    says = np.full(len(alike), np.log(independent))
    return (*paths, rule, np.stack([*supports, told[2] > 0, says]))


def _blended(told: Plane, asked: Plane, kin: Kinship, blend: Blend) -> Plane:
    """The change of all places, (2, N). told: (D, N), as `Blend` takes it; asked: (2, M), by hints."""
    planes = np.asarray(told.reshape(-1, *kin.shape), np.float32)
    answer = blend(kin.look, planes).reshape(-1, told.shape[1])
    count = len(led.REACHES) + 1
    paths = told[2 : 2 + 2 * count].reshape(count, 2, -1)
    size = np.sqrt(np.square(asked).sum(axis=0).mean())
    mixed = np.einsum("pn,pcn->cn", answer[:count], paths) + led.BESIDE * size * answer[count:]
    low, high = _limits(asked.T.astype(np.float64))
    rule, beyond = paths[-1], led.BEYOND * size
    return np.asarray(mixed.clip(np.minimum(low, rule) - beyond, np.maximum(high, rule) + beyond))


def _powered(alike: Plane, reach: float) -> Plane:
    """alike ** reach of a reach that is a power of two: roots and squares take a tenth of the time."""
    for _ in range(round(abs(np.log2(reach)))):
        alike = np.sqrt(alike) if reach < 1 else np.square(alike)
    return alike


def _limits(known: Known) -> tuple[Known, Known]:
    """How far a and b are changed at most where hints ask for `known`, (M, 2): two of (2, 1)."""
    return np.minimum(known.min(axis=0), 0)[:, np.newaxis], np.maximum(known.max(axis=0), 0)[:, np.newaxis]


def _vivid(colors: Plane, doubt: Plane) -> Plane:
    """What all colours of a picture have in common: themselves, in units of doubt, of length 1 at most.

    colors: (2, N); doubt: (N,). Returns (2, N).
    """
    return np.asarray(colors / np.maximum(doubt, np.hypot(*colors)), np.float32)


def _share(known: Known, common: Known, alike: Plane, cells: Cells, doubt: Plane) -> np.float32:
    """As much of what is common as what is known at M cells speaks for. known, common: (M, 2).

    A lone hint, or one area, speaks for its own thing alone: as many as are independent by their correlation
    (its participation ratio), less one, are heard.
    """
    basis = common / doubt[cells, np.newaxis]
    scaled = np.hstack([known / doubt[cells, np.newaxis], basis])
    weights, of_basis = np.hsplit(np.linalg.solve(_covariance(alike, cells), scaled), 2)
    share = (basis * weights).sum() / (1 / led.COMMON + (basis * of_basis).sum())
    heard = 1 - np.square(alike[cells]).sum() / len(cells) ** 2
    return np.float32(heard * share.clip(-led.MOST_COMMON, led.MOST_COMMON))


def _led(known: Known, alike: Plane, cells: Cells, doubt: Plane) -> Plane:
    """Values known at M cells, (M, 2), led over all N places, (2, N). alike: (N, M), of `correlation`."""
    # Doubt scales both sides of the covariance, so it can be taken out of the equation.
    weights = np.linalg.solve(_covariance(alike, cells), known / doubt[cells, np.newaxis])
    return np.asarray(doubt * (weights.T.astype(np.float32) @ alike.T))


def _covariance(alike: Plane, cells: Cells) -> Known:
    """Of what is known at M cells, in units of doubt: (M, M)."""
    inner = alike[cells].astype(np.float64)
    inner[np.diag_indices(len(cells))] += led.NOISE
    return inner


def correlation(kin: Kinship, cells: Cells) -> Plane:
    """How far a difference at each of M cells is shared by each of N places: (N, M), 0…1."""
    apart = led.DISTRIBUTION * (1 - kin.roots.T @ kin.roots[:, cells])
    vectors = np.vstack([kin.seen, kin.lightness / led.LIGHT, kin.places.T / led.NEAR]).astype(np.float32)
    length = np.square(vectors).sum(axis=0)
    squares = length[:, np.newaxis] + length[cells] - 2 * (vectors.T @ vectors[:, cells])
    return np.asarray(np.exp(-apart - squares.clip(0) / 2))


def thinned(told: Plane, cells: Cells, shape: tuple[int, int], most: int) -> Cells:
    """At most `most` of the hinted cells: insides of areas of one colour on an ever wider grid.

    told: (3, N); cells: those with confidence.
    """
    if len(cells) <= most:
        return cells
    plane = told.reshape(3, *shape)
    inside = np.zeros(shape, bool)
    middle = plane[:, 1:-1, 1:-1]
    same = [plane[:, 1 + dy : shape[0] - 1 + dy, 1 + dx : shape[1] - 1 + dx] for dy, dx in _NEIGHBOURS]
    inside[1:-1, 1:-1] = np.all([(other == middle).all(axis=0) for other in same], axis=0)
    rows, columns = cells // shape[1], cells % shape[1]
    edge = ~inside.ravel()[cells]
    for step in range(2, max(shape)):
        kept: Cells = cells[edge | ((rows % step == 0) & (columns % step == 0))]
        if len(kept) <= most:
            return kept
    few: Cells = cells[np.linspace(0, len(cells) - 1, most).astype(np.int64)]
    return few


_NEIGHBOURS: Final = ((-1, 0), (1, 0), (0, -1), (0, 1))
