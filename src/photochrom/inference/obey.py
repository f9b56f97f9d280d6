"""Hints obeyed: places told a colour get it, and what belongs to them follows.

The difference between the colours asked for and those chosen is known at the hints alone. It is led
over the picture by Gaussian-process regression (Rasmussen and Williams, "Gaussian Processes for
Machine Learning", 2006, equation 2.25): two places share a difference as far as they are kin, that
is as far as the network expects the same colours of them, sees the same in them, and they are near
and equally light. Where the network is sure of its colour little is changed. `docs/hints.md` has the
measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.inference.grids import nearest, shrink
from photochrom.inference.guess import likelihoods
from photochrom.inference.upsample import enlarge

Plane = NDArray[np.float32]
Cells = NDArray[np.int64]

# All of these were chosen by measuring: docs/hints.md has what each of them gives.
SOFTENED: Final = 3.0
"""Temperature at which distributions are compared: unlikely colours tell places apart too."""
DISTRIBUTION: Final = 24.0
"""Weight of how much they differ: squared Hellinger distance, 0…1."""
FEATURES: Final[Mapping[int, float]] = {8: 0.1, 16: 0.2, 32: 0.1}
"""Pixels to one place of an encoder's map → weight of how much it differs, 1 − cosine, 0…2."""
NEAR: Final = 1.0
"""Distance over which kinship fades, in short sides of the picture."""
LIGHT: Final = 40.0
"""Difference of L over which kinship fades."""
LEAST_DOUBT: Final = 1.0
"""The network's standard deviation of ab, in units of Lab, counts as at least this."""
NOISE: Final = 0.03
"""Variance of a hint's own error, as a share of the variance allowed at its place."""
LARGE: Final = 15.0
"""A difference larger than this, in units of Lab, is a wish for one thing rather than a general error: of
it the share (LARGE / difference)² goes to all that is kin …"""
CLOSER: Final = 2
"""… and the rest only to what is close kin: kinship to this power."""
MOST_CELLS: Final = 500
"""Hinted cells that are solved exactly; of more, the insides of areas are thinned out."""


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
    maps: tuple[tuple[float, Plane], ...] = field(repr=False)
    """Weight and unit vectors (C, h', w'), each map on a grid of its own."""


def kinship(
    logits: Plane, lightness: Plane, features: Mapping[str, NDArray[np.float32]], bins: AbBins
) -> Kinship:
    """What one look tells. logits: (K, h, w); lightness: (H, W), 0…100; features: (1, C, h', w') each."""
    count, h, w = logits.shape
    share, softened = (
        likelihoods(logits.reshape(count, -1) / t) for t in (np.float32(1), np.float32(SOFTENED))
    )
    mean, square = bins.centers.T @ share, np.square(bins.centers).sum(axis=1) @ share
    spread = np.sqrt(np.maximum(square - np.square(mean).sum(axis=0), 0))
    rows, columns = np.indices((h, w)).reshape(2, -1)
    found = [
        (FEATURES[lightness.shape[0] // map_.shape[2]], _unit(map_[0]))
        for name, map_ in features.items()
        if name not in ("hints", "wishes")
        and map_.ndim == 4
        and lightness.shape[0] // map_.shape[2] in FEATURES
    ]
    return Kinship(
        shape=(h, w),
        lightness=shrink(lightness, h, w).ravel(),
        places=(np.stack([rows, columns], axis=-1) / min(h, w)).astype(np.float32),
        doubt=np.maximum(spread, np.float32(LEAST_DOUBT)),
        roots=np.sqrt(softened),
        maps=tuple(found),
    )


def obey(ab: Plane, hints: Plane, kin: Kinship) -> Plane:
    """`ab` with the hints obeyed, and what is kin to them changed alike.

    ab: (2, h, w), as chosen without any hint; hints: (3, h', w') a, b and confidence 0…1, as
    `Colorizer.hinted` takes them. Returns (2, h, w), in gamut or not. A hinted place comes out as
    the mean of both, weighted by the confidence; without any hint `ab` comes back as it is.
    """
    told = nearest(hints, *kin.shape).reshape(3, -1)
    cells = np.flatnonzero(told[2] > 0)
    if not len(cells):
        return ab
    colors = ab.reshape(2, -1)
    residual = np.where(told[2] > 0, (told[:2] - colors) * told[2], 0)
    solved = thinned(told, cells, kin.shape)
    alike = correlation(kin, solved)
    known = residual[:, solved].T.astype(np.float64)
    size = np.linalg.norm(known, axis=1, keepdims=True)
    usual = known * np.minimum(1, LARGE / np.maximum(size, LARGE)) ** 2
    change = _led(usual, alike, solved, kin.doubt)
    if (size > LARGE).any():
        change += _led(known - usual, alike**CLOSER, solved, kin.doubt)
    # Hints that contradict each other side by side would be continued far beyond what either asks for.
    lowest, highest = np.minimum(known.min(axis=0), 0), np.maximum(known.max(axis=0), 0)
    changed = colors + change.clip(lowest[:, np.newaxis], highest[:, np.newaxis])
    # What the noise and the thinning left over, where there is no doubt about what is wanted.
    changed[:, cells] = (colors + residual)[:, cells]
    return np.asarray(changed.reshape(ab.shape), np.float32)


def _led(known: NDArray[np.float64], alike: Plane, cells: Cells, doubt: Plane) -> Plane:
    """Values known at M cells, (M, 2), led over all N places, (2, N). alike: (N, M), of `correlation`."""
    inner = alike[cells].astype(np.float64)
    inner[np.diag_indices(len(cells))] += NOISE
    # Doubt scales both sides of the covariance, so it can be taken out of the equation.
    weights = np.linalg.solve(inner, known / doubt[cells, np.newaxis])
    return np.asarray(doubt * (weights.T.astype(np.float32) @ alike.T))


def correlation(kin: Kinship, cells: Cells) -> Plane:
    """How far a difference at each of M cells is shared by each of N places: (N, M), 0…1."""
    apart = DISTRIBUTION * (1 - kin.roots.T @ kin.roots[:, cells])
    for weight, vectors in kin.maps:
        alike = np.tensordot(_at(vectors, cells, kin.shape), vectors, axes=(0, 0))
        apart += weight * (1 - enlarge(alike, *kin.shape).reshape(len(cells), -1).T)
    for values, scale in ((kin.lightness, LIGHT), *((kin.places[:, i], NEAR) for i in range(2))):
        apart += np.square(values[:, np.newaxis] - values[cells]) * np.float32(0.5 / scale**2)
    return np.asarray(np.exp(-apart))


def thinned(told: Plane, cells: Cells, shape: tuple[int, int]) -> Cells:
    """At most MOST_CELLS of the hinted cells: insides of areas of one colour on an ever wider grid.

    told: (3, N); cells: those with confidence.
    """
    if len(cells) <= MOST_CELLS:
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
        if len(kept) <= MOST_CELLS:
            return kept
    few: Cells = cells[np.linspace(0, len(cells) - 1, MOST_CELLS).astype(np.int64)]
    return few


_NEIGHBOURS: Final = ((-1, 0), (1, 0), (0, -1), (0, 1))


def _unit(map_: Plane) -> Plane:
    """Channels made alike in mean and deviation, then places of length 1. map_: (C, h', w')."""
    flat = map_.reshape(len(map_), -1)
    flat = (flat - flat.mean(axis=1, keepdims=True)) / (flat.std(axis=1, keepdims=True) + 1e-3)
    flat = flat / (np.linalg.norm(flat, axis=0) + 1e-6)
    return np.asarray(flat.reshape(map_.shape), np.float32)


def _at(vectors: Plane, cells: Cells, shape: tuple[int, int]) -> Plane:
    """Vectors (C, h', w') between their places, where the cells of the finer grid are: (C, M)."""
    sides = np.array(vectors.shape[1:])
    place = (np.stack(np.divmod(cells, shape[1])) + 0.5) * (sides / shape)[:, np.newaxis] - 0.5
    place = place.clip(0, (sides - 1)[:, np.newaxis])
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, (sides - 1)[:, np.newaxis])
    (y, x), ((top, left), (bottom, right)) = (place - low).astype(np.float32), (low, high)
    upper = vectors[:, top, left] * (1 - x) + vectors[:, top, right] * x
    lower = vectors[:, bottom, left] * (1 - x) + vectors[:, bottom, right] * x
    return np.asarray(upper * (1 - y) + lower * y)
