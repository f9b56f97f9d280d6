"""Red and violet patches that end at nothing, taken back.

A faint doubt turns half a coat red: what people complain of first (`evaluation.metrics.blobs`). The network
itself knows better, for it has learnt which places belong to one thing (`networks.kinship`). Where a colour
is red or violet and vivid, what is kin to it is asked too, and the mean of all that is taken: a coat has one
colour and a red dress stays red. It is a cross bilateral filter (Petschnigg et al. 2004, "Digital photography
with flash and no-flash image pairs") in learnt features, of some hues alone: other colours may differ within
a thing without offending anyone, and are worth more as they are (`docs/flagship.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.grids import shrink
from photochrom.inference.guess import KINSHIP

Plane = NDArray[np.float32]

# Violet over magenta to red, −60…20 degrees of hue, and how many degrees within them it begins.
_MIDDLE: Final = -20.0
_HALF: Final = 40.0
_FADE: Final = 15.0
# Chroma over (L + 25) from which a colour counts, and from which it counts wholly: a dark coat looks purple
# at a chroma that nobody would see in a light wall.
_FAINT: Final = 0.12
_VIVID: Final = 0.2
_OFFSET: Final = 25.0
# Weight of what the network sees alike; the difference of L and the distance in short sides over which
# kinship fades; how many places a side are asked as one.
_SEEN: Final = 3.0
_LIGHT: Final = 30.0
_NEAR: Final = 0.5
_STEP: Final = 4


def coherent(ab: Plane, lightness: Plane, features: Mapping[str, Plane]) -> Plane:
    """`ab` with reds and violets that their own thing does not share made like it.

    ab: (2, h, w); lightness: (H, W), 0…100; features: as of `Guess`. Returns (2, h, w). A model without
    the planes of `KINSHIP` keeps its colours.
    """
    if KINSHIP not in features:
        return ab
    _, h, w = ab.shape
    light = shrink(lightness, h, w).ravel()
    colors = ab.reshape(2, -1)
    red = _red(colors, light)
    cells = np.flatnonzero(red)
    if not len(cells):
        return ab
    rows, columns = np.indices((h, w)).reshape(2, -1) / np.float32(_NEAR * min(h, w))
    seen = features[KINSHIP][0].reshape(-1, h * w)
    vectors = np.vstack([np.sqrt(_SEEN) * seen, light / _LIGHT, rows, columns]).astype(np.float32)
    asked = _blocks(np.vstack([vectors, colors]), h, w)
    here, there = vectors[:, cells], asked[:-2]
    squares = np.square(here).sum(axis=0)[:, None] + np.square(there).sum(axis=0) - 2 * (here.T @ there)
    kin = np.exp(-squares.clip(0) / 2)
    # Each place is its own next of kin: what is like nothing else keeps its colour.
    mean = (asked[-2:] @ kin.T + colors[:, cells]) / (kin.sum(axis=1) + 1)
    changed = colors.copy()
    changed[:, cells] += red[cells] * (mean - colors[:, cells])
    return changed.reshape(ab.shape)


def _blocks(planes: Plane, h: int, w: int) -> Plane:
    """Means of _STEP × _STEP places, those at the edge of what there are: (C, h · w) → (C, M)."""
    rows, columns = (np.arange(0, n, _STEP) for n in (h, w))
    sums = np.add.reduceat(np.add.reduceat(planes.reshape(-1, h, w), rows, axis=1), columns, axis=2)
    counts = np.outer(np.diff(rows, append=h), np.diff(columns, append=w))
    return np.asarray((sums / counts).reshape(len(planes), -1), np.float32)


def _red(colors: Plane, light: Plane) -> Plane:
    """How far each place is of the hues and vivid enough to be asked about, 0…1: (N,)."""
    hue = np.degrees(np.arctan2(colors[1], colors[0]))
    away = np.abs((hue - _MIDDLE + 180) % 360 - 180)
    vivid = np.hypot(*colors) / (light + _OFFSET)
    of_hue = np.clip((_HALF - away) / _FADE, 0, 1)
    return np.asarray(of_hue * np.clip((vivid - _FAINT) / (_VIVID - _FAINT), 0, 1), np.float32)
