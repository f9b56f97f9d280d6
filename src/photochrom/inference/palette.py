"""A palette: the colours that a picture is to be painted with, typed or taken from another picture.

It acts twice. The network is told it as a wish, a histogram of colours, which it was trained to heed
(`networks.told.sampled_wishes`), and so decides what gets which. Then colours near the palette's are
made likelier and others less, softly, so that what the network was too shy to change follows too.
`docs/palette-and-reference.md` has what each is worth.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.errors import BadOption
from photochrom.hints.words import NAMES, ab_of, color_of
from photochrom.images.colors import reduced_colors
from photochrom.images.picture import Picture
from photochrom.images.read import read_picture
from photochrom.inference.guess import likelihoods

MOST_COLORS: Final = 16
MOST_STRENGTH: Final = 2.0

_TAKEN: Final = 8  # colours out of a picture
_GREYS: Final = 0.5  # of the whole, beside typed colours: few photographs have less
_LINE: Final = 0.5  # of a typed colour's weight, spread from it to grey: shade and haze
_BLUR: Final = 6.0  # of a typed colour, in units of ab: no surface has one colour
_NEUTRAL: Final = 6.0  # what counts as grey
_REACH: Final = 12.0  # how far from the palette's colours, in units of ab, one still counts as near
_FARTHEST: Final = 0.01  # what a colour that is nowhere near keeps of its likelihood

_LOOK: Final = 96  # short side at which a picture's colours are counted
_CELL: Final = 2.0  # units of ab that count as one colour
_APART: Final = 5.0  # units of ab by which colours of a picture differ at least when chosen
_ROUNDS: Final = 20
# A picture of which all but a hundredth has less chroma than this is grey, be it scanned or compressed.
_LEAST_CHROMA: Final = 5.0

_DIGITS: Final = re.compile(r"#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")  # a shell eats # where it begins a word

PaletteSource = str | Path | bytes | NDArray[Any] | list[str] | tuple[str, ...]


@dataclass(frozen=True)
class Palette:
    """Up to 16 colours. Raises BadOption for none, more, or numbers that are none."""

    colors: tuple[tuple[float, float], ...]
    """a and b of each, in units of Lab; how light a place is the picture says."""
    weights: tuple[float, ...] = ()
    """How much of the picture each takes, against one another; empty: all alike."""
    greys: float = _GREYS
    """Share of the picture, 0…1, that is left near grey beside them."""
    line: float = _LINE
    """Share of each colour's weight, 0…1, that is spread over its duller shades."""
    blur: float = _BLUR
    """Spread of each colour about itself, in units of ab; 0 for none."""
    strength: float = 1.0
    """0 changes nothing, up to 1 the wish grows, above it only the nearness demanded, up to 2."""

    def __post_init__(self) -> None:
        if not self.colors:
            raise BadOption("palette", "is empty: name colours, as in #8c2f2f,#d8c9a3, or a picture")
        if len(self.colors) > MOST_COLORS:
            raise BadOption("palette", f"of {len(self.colors)} colours, where up to {MOST_COLORS} are taken")
        if self.weights and len(self.weights) != len(self.colors):
            raise BadOption("palette", f"{len(self.weights)} weights for {len(self.colors)} colours")
        if not all(isfinite(value) for color in self.colors for value in color):
            raise BadOption("palette", "its colours must be finite")
        if not all(isfinite(weight) and weight > 0 for weight in self.weights):
            raise BadOption("palette", "its weights must be numbers above 0")
        if not (0 <= self.greys <= 1 and 0 <= self.line <= 1 and 0 <= self.blur < np.inf):
            raise BadOption("palette", "greys and line must lie in 0…1, and blur be 0 or more")
        if not 0 <= self.strength <= MOST_STRENGTH:
            raise BadOption("palette-strength", f"must lie in 0…{MOST_STRENGTH:g}, not {self.strength:g}")

    def shares(self, bins: AbBins) -> NDArray[np.float32]:
        """The palette as a histogram over the bins: (K,), sums to 1."""
        weights = np.array(self.weights or (1.0,) * len(self.colors))
        steps = np.linspace(0.0, 1.0, 11)
        shares = np.zeros(len(bins))
        for color, weight in zip(np.array(self.colors), weights / weights.sum(), strict=True):
            duller = np.mean([_blurred(bins, color * step, self.blur) for step in steps], axis=0)
            own = _blurred(bins, color, self.blur)
            shares += weight * ((1 - self.line) * own + self.line * duller)
        # Colours that are grey themselves count towards the greys that are to be there.
        grey = shares[np.hypot(*bins.centers.T) <= _NEUTRAL].sum()
        if grey < self.greys:
            added = (self.greys - grey) / (1 - grey)
            shares = (1 - added) * shares + added * _blurred(bins, np.zeros(2), _NEUTRAL)
        return np.asarray(shares / shares.sum(), np.float32)

    def leaning(self, bins: AbBins) -> NDArray[np.float32]:
        """What is added to the logits of the bins: (K,), 0 for the palette's colours, below it for others.

        Duller shades of a colour, down to grey, are as near as itself.
        """
        colors = np.array(self.colors)
        centers = bins.centers.astype(np.float64)
        along = centers @ colors.T / np.maximum(np.square(colors).sum(axis=1), 1e-6)
        nearest = along.clip(0, 1)[..., np.newaxis] * colors
        distance = np.hypot(*np.moveaxis(centers[:, np.newaxis] - nearest, -1, 0)).min(axis=1)
        near = np.exp(-np.square(distance / _REACH) / 2)
        return np.asarray(self.strength * np.log(np.maximum(near, _FARTHEST)), np.float32)


def palette_of(source: Palette | PaletteSource, *, strength: float = 1.0) -> Palette:
    """A palette as it is, of colours as typed ("#8c2f2f,tan"), or of the colours of a picture.

    Text of which a part between commas is a colour is a list of colours, unless there is a file of that
    name; so is a list of texts. All else is what `read_picture` takes. strength: unless it is a palette
    already. Raises BadOption for what is no colour, for none and for more than 16, and for a grey
    picture; UnreadableImage, ImageTooLarge.
    """
    if isinstance(source, Palette):
        return source
    if isinstance(source, list | tuple):
        return Palette(tuple(map(_ab_of, source)), strength=strength)
    if isinstance(source, str):
        words = [word.strip() for word in source.split(",") if word.strip()]
        named = any(word[0] == "#" or _is_color(word) for word in words)
        if not words or (named and not os.path.lexists(source)):
            return Palette(tuple(map(_ab_of, words)), strength=strength)
    return palette_of_picture(read_picture(source), strength=strength)


def palette_of_picture(picture: Picture, *, count: int = _TAKEN, strength: float = 1.0) -> Palette:
    """The main colours of a picture and how much of it each takes: the same for the same picture.

    Clusters of its ab by k-means, the first centres taken far apart. Raises as `palette_of`.
    """
    lab, opaque = reduced_colors(picture, *picture.thumbnail_size(_LOOK, multiple=1))
    ab = lab[..., 1:][opaque].astype(np.float64)
    if is_grey(ab):
        raise BadOption("palette", f"{picture.name} is grey: it has no colours to take")
    colors, weights = _clusters(ab, count)
    return Palette(
        tuple((float(a), float(b)) for a, b in colors),
        tuple(map(float, weights)),
        greys=0.0,
        line=0.0,
        blur=0.0,
        strength=strength,
    )


def is_grey(ab: NDArray[np.floating[Any]]) -> bool:
    """Whether there is no colour to take: ab of shape (n, 2), of what can be seen."""
    return not len(ab) or float(np.quantile(np.hypot(ab[:, 0], ab[:, 1]), 0.99)) < _LEAST_CHROMA


def wishes_of(palette: Palette, bins: AbBins, logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the decoder is told: (K + 3,), see `networks.flagship.Decoder`; nothing at strength 0.

    logits: (K, h, w), what it says untold, of which a strength below 1 keeps a part.
    """
    wishes = np.zeros(len(bins) + 3, np.float32)
    if palette.strength == 0:
        return wishes
    own = likelihoods(logits).mean(axis=(1, 2))
    part = min(palette.strength, 1.0)
    wishes[: len(bins)] = part * palette.shares(bins) + (1 - part) * own
    wishes[len(bins)] = 1
    return wishes


def _is_color(word: str) -> bool:
    return word.lower() in NAMES or _DIGITS.fullmatch(word) is not None


def _ab_of(word: str) -> tuple[float, float]:
    bare = isinstance(word, str) and _DIGITS.fullmatch(word) is not None and word[0] != "#"
    a, b = ab_of(color_of(f"#{word}" if bare else word, "palette"))
    return float(a), float(b)


def _blurred(bins: AbBins, color: NDArray[np.float64], blur: float) -> NDArray[np.float64]:
    """One colour over the bins: (K,), sums to 1."""
    shares = np.zeros(len(bins))
    # No bin is near enough for a Gaussian narrower than the grid.
    if blur < bins.grid / 4:
        index, weight = bins.encode(color)
        np.add.at(shares, index, weight)
        return shares
    distance = np.square(bins.centers - color).sum(axis=1)
    shares += np.exp((distance.min() - distance) / (2 * blur**2))
    return np.asarray(shares / shares.sum())


def _clusters(ab: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ab: (n, 2) → at most `count` centres (m, 2), the largest first, and their shares (m,)."""
    cells = np.rint(ab / _CELL).astype(np.int64)
    _, inverse, sizes = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    points = np.stack([np.bincount(inverse, ab[:, axis]) / sizes for axis in (0, 1)], axis=1)
    centers = points[[sizes.argmax()]]
    while len(centers) < count:
        far = np.square(points[:, np.newaxis] - centers).sum(axis=-1).min(axis=1)
        if far.max() <= _APART**2:
            break
        # Far from all others, and no mere speck.
        centers = np.append(centers, points[[(far * np.sqrt(sizes)).argmax()]], axis=0)
    for _ in range(_ROUNDS):
        nearest = np.square(points[:, np.newaxis] - centers).sum(axis=-1).argmin(axis=1)
        total = np.bincount(nearest, sizes, len(centers))
        held = total > 0
        sums = [np.bincount(nearest, sizes * points[:, axis], len(centers)) for axis in (0, 1)]
        centers = np.stack([part[held] / total[held] for part in sums], axis=1)
        total = total[held]
    order = np.argsort(-total, kind="stable")
    return centers[order], total[order] / total.sum()
