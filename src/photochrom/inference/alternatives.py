"""Other colourings of a picture that the network holds possible too.

A place's distribution has several modes, and choosing one here and another there would be a patchwork.
So a picture is first taken apart into the few parts that are most worth asking about
(`reach.places_to_ask`), each all that looks alike to the network; a part has another of its colours as a
whole, all its places shifted by the same step. Whichever parts and colours make a colouring, the
likelier ones come first, and those too like one before are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.color.difference import delta_e_2000
from photochrom.color.gamut import fit_to_gamut
from photochrom.inference.checks import check_count
from photochrom.inference.confidence import differences, doubtful_difference
from photochrom.inference.grids import shrink
from photochrom.inference.guess import Guess, likelihoods
from photochrom.inference.reach import Doubt, Grid, doubt_of, places_to_ask
from photochrom.inference.reference import lent
from photochrom.inference.suggest import candidates
from photochrom.inference.upsample import box_mean, enlarge

if TYPE_CHECKING:
    from photochrom.inference.card import ModelCard

Plane = NDArray[np.float32]

MOST_ALTERNATIVES: Final = 12
# Mean ΔE2000 over the picture from which two colourings are told apart at a glance.
_DIFFERENT: Final = 2.5
_PARTS: Final = 7
# Shares of the picture: a smaller part is a detail, and what is left of a larger one another picture.
_SMALLEST_PART: Final = 0.03
# ΔE2000 from its present colour from which another colour of a part counts as another.
_OTHER_COLOR: Final = 8.0
# Such a colour and its close shades, in the mean over the part.
_LEAST_LIKELY: Final = 0.05
# A place belongs to a part the more, the more it is kin to its mean: not at all at the first, wholly
# at the second. Kinship is not that of hints (`inference.obey`), its weights are by eye on 18 photographs:
# nearness has no say, so that a part is changed as a whole. Weights of the squared Hellinger distance of
# distributions, of the encoder's features, and the difference of L over which kinship fades.
_KIN: Final = (0.45, 0.75)
_COLORS: Final = 3.5
_FEATURES: Final = 0.32
# Pixels to one place of the encoder's maps that have a say.
_STRIDES: Final = (8, 16, 32)
_LIGHT: Final = 45.0
_ROUNDS: Final = 3
# Share of doubt left after hints up to which a place keeps its colour, and from which it is free.
_UNTOLD: Final = (0.4, 0.8)
# Parts that share so much of the smaller are one.
_SAME_PART: Final = 0.5
# Parts that are tried two at a time, the likeliest alone first.
_PAIRED: Final = 12
# What a colour counts at least that the network holds impossible, lest one place decide for all.
_LEAST_SHARE: Final = 1e-3


@dataclass(frozen=True, eq=False)
class _Look:
    """What tells which places of a picture look alike; N = h · w places in reading order."""

    shape: tuple[int, int]
    lightness: Plane
    """(N,): L."""
    roots: Plane
    """(K, N): square roots of the shares of all bins."""
    maps: tuple[Plane, ...]
    """Of the encoder, (C, h', w') each: unit vectors, on grids of their own."""

    @classmethod
    def of(cls, guess: Guess) -> _Look:
        """guess: of a model that gives logits, with nothing told."""
        assert guess.logits is not None
        count, h, w = guess.logits.shape
        height = guess.lightness.shape[0]
        maps = (
            _directions(map_[0])
            for name, map_ in guess.features.items()
            if name not in ("hints", "wishes") and map_.ndim == 4 and height // map_.shape[2] in _STRIDES
        )
        roots = np.sqrt(likelihoods(guess.logits)).reshape(count, -1)
        return cls((h, w), shrink(guess.lightness, h, w).ravel(), roots, tuple(maps))


@dataclass(frozen=True, eq=False)
class _Part:
    """Places that look alike, and another colour that they may have."""

    number: int
    mask: Plane
    """(h, w), 0…1: how far each place belongs to it."""
    step: Plane
    """(2,): from its present colour to the other, in a and b."""


def alternatives(
    guess: Guess, chroma: Plane, card: ModelCard, count: int, *, vivid: float = 1.0
) -> list[Plane]:
    """Up to `count`, 1…12, choices of a and b, (2, h, w) in gamut each: `chroma` itself, then others.

    chroma: (2, h, w), chosen for that guess, and kept where hints or a reference have told it; vivid:
    factor on the chroma of other colours. Of the others those come first that the network holds
    likelier. Any two differ by 2.5 ΔE2000 or more in the mean over the picture; fewer come back where it
    holds no more such possible.

    Raises BadOption for another count, and for a model that gives no distribution over colours.
    """
    check_count("alternatives", count, MOST_ALTERNATIVES)
    card.check_able("alternatives")
    first = guess.unhinted or guess
    error = doubtful_difference(first, card)
    assert first.logits is not None
    assert card.bins is not None
    kin = _Look.of(first)
    doubt = doubt_of(guess, card.bins, error)
    parts = _parts(kin, doubt, 1 - lent(guess, *kin.shape), chroma, card, vivid)
    coarse = _Coarse(doubt.grid, kin, card.bins)
    found, kept = [chroma], [coarse.lab(chroma)]
    for chosen in coarse.ranked(chroma, parts):
        if len(found) >= count:
            break
        shifted = _shifted(chroma, chosen)
        lab = coarse.lab(shifted)
        if all(delta_e_2000(lab, other).mean() >= _DIFFERENT for other in kept):
            kept.append(lab)
            found.append(_fitted(shifted, kin.lightness))
    return found


class _Coarse:
    """A look at a picture on a grid coarse enough to try many colourings."""

    def __init__(self, grid: Grid, kin: _Look, bins: AbBins) -> None:
        self._grid = grid
        self._bins = bins
        self._share = grid.means(np.square(kin.roots).reshape(-1, *kin.shape))
        self._lightness = grid.means(kin.lightness.reshape(1, *kin.shape))[0]

    def lab(self, chroma: Plane) -> NDArray[np.floating]:
        """(N, 3), in gamut. chroma: (2, h, w)."""
        return fit_to_gamut(np.stack([self._lightness, *self._grid.means(chroma)], axis=-1))

    def ranked(self, chroma: Plane, parts: list[_Part]) -> list[tuple[_Part, ...]]:
        """Each part with another colour, and two parts of the likeliest; the likelier choices first."""
        singles = sorted(((self._likelihood(_shifted(chroma, (part,))), part) for part in parts), key=_first)
        likely = [part for _, part in singles[:_PAIRED]]
        scored: list[tuple[float, tuple[_Part, ...]]] = [(score, (part,)) for score, part in singles]
        scored += [
            (self._likelihood(_shifted(chroma, two)), two)
            for two in combinations(likely, 2)
            if two[0].number != two[1].number
        ]
        return [chosen for _, chosen in sorted(scored, key=_first)]

    def _likelihood(self, chroma: Plane) -> float:
        """Mean logarithm of how likely the network holds the colours."""
        ab = self._grid.means(chroma).T
        index, weight = self._bins.encode(ab)
        found = (self._share[index, np.arange(len(ab))[:, np.newaxis]] * weight).sum(axis=1)
        return float(np.log(np.maximum(found, _LEAST_SHARE)).mean())


def _first(scored: tuple[float, object]) -> float:
    return -scored[0]


def _parts(kin: _Look, doubt: Doubt, own: Plane, chroma: Plane, card: ModelCard, vivid: float) -> list[_Part]:
    """What each place worth asking about stands for, with each other colour that it may have.

    own: (h, w), 0…1, how far the colour of a place is the network's and not lent by a reference
    """
    assert card.bins is not None
    found: list[_Part] = []
    masks: list[Plane] = []
    low, high = _UNTOLD
    free = ((doubt.left_over(*kin.shape) - low) / (high - low)).clip(0, 1) * own
    for place in places_to_ask(doubt, _PARTS):
        mask = _mask(kin, doubt.grid, place.cell) * free
        total = float(mask.sum())
        # A place inside a part that there is already would give that part again.
        if total < _SMALLEST_PART * mask.size or any(_overlap(mask, other) > _SAME_PART for other in masks):
            continue
        masks.append(mask)
        weight = mask.ravel() / total
        now = chroma.reshape(2, -1) @ weight
        for other in candidates(np.square(kin.roots) @ weight, card.bins, float(kin.lightness @ weight)):
            color = np.array(other.ab, np.float32) * np.float32(vivid)
            away = differences(now[np.newaxis], color[np.newaxis])[0, 0]
            if away > _OTHER_COLOR and other.probability >= _LEAST_LIKELY:
                # Softer at its edge than what its colours were counted over, which would mix in others'.
                found.append(_Part(len(masks), box_mean(mask, 1), color - now))
    return found


def _mask(kin: _Look, grid: Grid, seed: int) -> Plane:
    """How far each place belongs to what looks like the seed's cell: (h, w), 0…1.

    What looks like the cell, then what looks like the mean of that, and so on.
    """
    h, w = kin.shape
    row, column = divmod(seed, grid.columns)
    mask = np.zeros((h, w), np.float32)
    mask[row * grid.side : (row + 1) * grid.side, column * grid.side : (column + 1) * grid.side] = 1
    low, high = _KIN
    for _ in range(_ROUNDS):
        alike = np.exp(-_apart(kin, mask.ravel() / max(float(mask.sum()), 1e-6)))
        step = ((alike.reshape(h, w) - low) / (high - low)).clip(0, 1)
        mask = np.asarray(step * step * (3 - 2 * step), np.float32)
    return mask


def _apart(kin: _Look, weight: Plane) -> Plane:
    """How far each place is from the weighted mean of places: (h · w,). weight: (h · w,), summing to 1."""
    h, w = kin.shape
    apart = np.float32(_COLORS) * (1 - kin.roots.T @ _unit(kin.roots @ weight))
    apart += 0.5 * np.square((kin.lightness - kin.lightness @ weight) / np.float32(_LIGHT))
    for vectors in kin.maps:
        small = enlarge(weight.reshape(1, h, w), *vectors.shape[1:])[0].ravel()
        mean = _unit(vectors.reshape(len(vectors), -1) @ small)
        cosine = np.tensordot(mean, vectors, axes=1)[np.newaxis]
        apart += np.float32(_FEATURES / len(kin.maps)) * (1 - enlarge(cosine, h, w).ravel())
    return np.asarray(apart, np.float32)


def _directions(map_: Plane) -> Plane:
    """Channels made alike in mean and deviation, then places of length 1. map_: (C, h', w')."""
    flat = map_.reshape(len(map_), -1)
    flat = (flat - flat.mean(axis=1, keepdims=True)) / (flat.std(axis=1, keepdims=True) + 1e-3)
    flat = flat / (np.linalg.norm(flat, axis=0) + 1e-6)
    return np.asarray(flat.reshape(map_.shape), np.float32)


def _unit(x: Plane) -> Plane:
    return np.asarray(x / max(float(np.linalg.norm(x)), 1e-6), np.float32)


def _overlap(first: Plane, second: Plane) -> float:
    """Share of the smaller that lies in the other too."""
    return float(np.minimum(first, second).sum() / max(min(first.sum(), second.sum()), 1e-6))


def _shifted(chroma: Plane, parts: tuple[_Part, ...]) -> Plane:
    """`chroma` with the parts in their other colours; a place in several goes to each by its share."""
    total: Plane = np.maximum(np.sum([part.mask for part in parts], axis=0), np.float32(1))
    for part in parts:
        chroma = np.asarray(chroma + part.step[:, np.newaxis, np.newaxis] * (part.mask / total), np.float32)
    return chroma


def _fitted(chroma: Plane, lightness: Plane) -> Plane:
    """chroma: (2, h, w) → the same in gamut; lightness: (h · w,)."""
    lab = fit_to_gamut(np.stack([lightness.reshape(chroma.shape[1:]), *chroma], axis=-1))
    return np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1), np.float32)
