"""Where a hint would help most, and which colours it is likely to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.color.gamut import fit_to_gamut
from photochrom.color.srgb import lab_to_srgb
from photochrom.hints.words import hex_of
from photochrom.inference.checks import check_count
from photochrom.inference.confidence import differences, doubtful_difference
from photochrom.inference.grids import shrink
from photochrom.inference.guess import Guess, likelihoods
from photochrom.inference.reach import doubt_of, places_to_ask

if TYPE_CHECKING:
    from photochrom.inference.card import ModelCard

Plane = NDArray[np.float32]

MOST_SUGGESTIONS: Final = 50
_FEWEST_COLORS: Final = 2
_MOST_COLORS: Final = 5
# ΔE2000 within which likely bins count as one colour. The bins are 10 units of a or b apart, that is 3
# among vivid colours and 10 among greys.
_ONE_COLOR: Final = 9.0
# A colour less likely than this is offered only as the second.
_LEAST_LIKELY: Final = 0.04


@dataclass(frozen=True)
class Candidate:
    """A colour that a place may well have."""

    color: str
    """"#rrggbb", of the place's own lightness."""
    ab: tuple[float, float]
    """a and b of it."""
    probability: float
    """How likely the network holds it and its close shades, 0…1."""


@dataclass(frozen=True)
class Suggestion:
    """A place where a hint would help."""

    x: int
    y: int
    """In pixels of the picture, from its upper left corner."""
    difference: float
    """Expected ΔE2000 there of the mean of what is likely, whatever the vividness, after what was told."""
    area: float
    """Share of the picture, 0…1, whose expected ΔE2000 the hint would lower by a fifth or more."""
    colors: tuple[Candidate, ...]
    """Likeliest first, visibly different: 2 to 5 of them, or 1 where lightness leaves room for no other."""


def suggestions(guess: Guess, card: ModelCard, count: int, *, width: int, height: int) -> list[Suggestion]:
    """The `count` places, 1…50, the most helpful first; hints that the guess was told are taken into account.

    width, height: of the picture in pixels. Fewer places where no others lie 1/16 of the short side
    from each other and from hints.

    Raises BadOption for another count, and for a model that takes no hints or gives no distribution.
    """
    check_count("suggest", count, MOST_SUGGESTIONS)
    card.check_able("suggest")
    first = guess.unhinted or guess
    error = doubtful_difference(first, card)
    assert first.logits is not None
    assert card.bins is not None
    doubt = doubt_of(guess, card.bins, error)
    share = doubt.grid.means(likelihoods(first.logits))
    h, w = error.shape
    lightness = doubt.grid.means(shrink(first.lightness, h, w)[np.newaxis])[0]
    left = doubt.error * doubt.left
    found: dict[tuple[int, int], Suggestion] = {}
    for place in places_to_ask(doubt, count):
        y, x = doubt.centers[place.cell] * min(h, w) / (h, w) * (height, width)
        colors = candidates(share[:, place.cell], card.bins, float(lightness[place.cell]))
        difference, area = round(float(left[place.cell]), 2), round(place.area, 4)
        pixel = min(int(x), width - 1), min(int(y), height - 1)
        # A picture of a few pixels has fewer of them than the network sees places.
        found.setdefault(pixel, Suggestion(*pixel, difference, area, colors))
    return list(found.values())


def candidates(share: Plane, bins: AbBins, lightness: float) -> tuple[Candidate, ...]:
    """The colours that a distribution has its weight on, likeliest first; see `Suggestion.colors`.

    share: (K,), summing to 1; lightness: 0…100.
    """
    lab = fit_to_gamut(np.insert(bins.centers.astype(np.float64), 0, lightness, axis=1))
    near = differences(lab[:, 1:], lab[:, 1:]) <= _ONE_COLOR
    left = np.asarray(share, np.float64).copy()
    found: list[tuple[float, NDArray[np.float64]]] = []
    while len(found) < _MOST_COLORS and left.any():
        members = near[int((near @ left).argmax())] & (left > 0)
        weight = float(left[members].sum())
        if weight < _LEAST_LIKELY and len(found) >= _FEWEST_COLORS:
            break
        color = left[members] @ lab[members] / weight
        left[members] = 0
        others = np.array([other for _, other in found]).reshape(-1, 3)
        away = differences(color[np.newaxis, 1:], others[:, 1:])[0]
        if (away > _ONE_COLOR).all():
            found.append((weight, color))
        else:
            nearest = int(away.argmin())
            found[nearest] = (found[nearest][0] + weight, found[nearest][1])
    found.sort(key=lambda one: -one[0])
    return tuple(
        Candidate(
            hex_of(np.rint(lab_to_srgb(color).clip(0, 1) * 255)),
            (float(color[1]), float(color[2])),
            round(weight, 4),
        )
        for weight, color in found
    )
