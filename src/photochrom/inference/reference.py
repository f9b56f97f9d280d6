"""A reference: a picture in colour whose colours go to where a grey one shows the same things.

Places of both are compared by what the encoder saw in them, at strides 8, 16 and 32 together. Each
place of the picture takes the colour of the most similar place of the reference, as far as it is
similar, and only where places nearby have matches that are mutual: the nearest of the nearest leads
back. Where little matches, little happens. `docs/palette-and-reference.md` has the measurements.

Related: He et al., "Deep Exemplar-based Colorization" (SIGGRAPH 2018), whose features and network are
made for it; here they are those of a network that was never shown a reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadOption
from photochrom.images.colors import reduced_colors
from photochrom.images.picture import Picture
from photochrom.inference.grids import nearest
from photochrom.inference.guess import Guess
from photochrom.inference.palette import Palette, is_grey, palette_of_picture
from photochrom.inference.upsample import box_mean, enlarge

Plane = NDArray[np.float32]

# All of these were fitted once, on film frames and photographs mirrored, cropped and of other tone.
_STRIDES: Final = (8, 16, 32)
_ALIKE: Final = (0.3, 0.6)  # mean cosine at which a match begins to count, and counts in full
_BACK: Final = 2  # places by which a mutual match may miss where it came from
_AROUND: Final = 3  # how far mutual matches support others, in places
_SUPPORT: Final = (0.05, 0.2)  # share of the places around that are mutual: none, full support
_MATCHED: Final = (0.05, 0.2)  # share of the picture that matches: an unrelated reference, a related one
_WISHED: Final = (0.05, 0.3)  # the same, from which on the reference's palette is a wish
_SPREADS: Final = ((3, 0.1), (1, 0.2))  # half a window, and the confidence that fills it: coarse, then fine
_BLOCK: Final = 1024  # places that are compared at once


@dataclass(frozen=True, eq=False)
class Reference:
    """A picture in colour as one model sees it, to be asked for as many pictures as there are."""

    name: str
    """Of the picture."""
    maps: Mapping[int, Plane] = field(repr=False)
    """Stride → what the encoder saw, (C, h, w)."""
    colors: Plane = field(repr=False)
    """(2, h, w): a and b of each place of the finest of the maps."""
    seen: NDArray[np.bool_] = field(repr=False)
    """(h, w): False where the picture is transparent."""
    palette: Palette
    """All its colours."""


def reference_of(picture: Picture, lightness: Plane, features: Mapping[str, Plane]) -> Reference:
    """What a picture lends. lightness, features: of a look at it, as in `Guess`.

    Raises BadOption for a grey picture and for features of no use; UnreadableImage.
    """
    maps = maps_of(features, lightness.shape[0])
    _, height, width = maps[min(maps)].shape
    lab, opaque = reduced_colors(picture, width, height)
    if is_grey(lab[..., 1:][opaque]):
        raise BadOption("reference", f"{picture.name} is grey: it has no colours to lend")
    colors = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
    return Reference(picture.name, maps, colors, opaque, palette_of_picture(picture))


def maps_of(features: Mapping[str, Plane], height: int) -> dict[int, Plane]:
    """The maps of an encoder that are compared, by their strides. height: of what it saw.

    Raises BadOption if there is none.
    """
    strides = {name: height // map_.shape[2] for name, map_ in features.items() if map_.ndim == 4}
    maps = {
        stride: features[name][0]
        for name, stride in strides.items()
        if stride in _STRIDES and name not in ("hints", "wishes")
    }
    if not maps:
        raise BadOption("reference", "the model has no features by which pictures could be compared")
    return maps


def carried(maps: Mapping[int, Plane], reference: Reference, shape: tuple[int, int]) -> tuple[Plane, float]:
    """The reference's colours where a picture shows the same, and how much of it that is.

    maps: of the picture, as `maps_of` gives them; shape: (h, w) of hint planes. Returns planes (3, h, w)
    as `Colorizer.hinted` takes them, a, b and confidence 0…1, and the mean confidence before it was
    lowered for want of matches, 0…1.
    """
    own, theirs = _described(maps, reference.maps)
    theirs[:, ~reference.seen] = 0
    similarity, match, back = _nearest(own.reshape(len(own), -1), theirs.reshape(len(theirs), -1))
    height, width = own.shape[1:]
    returned = np.stack(np.divmod(back[match], width)) - np.stack(np.divmod(np.arange(len(match)), width))
    mutual = np.abs(returned).max(axis=0) <= _BACK
    alike = _ramp(similarity, _ALIKE)
    support = box_mean((alike * mutual).reshape(height, width), _AROUND)
    confidence = alike.reshape(height, width) * _ramp(support, _SUPPORT)
    matched = float(confidence.mean())
    confidence *= _ramp(np.float32(matched), _MATCHED)
    colors = reference.colors.reshape(2, -1)[:, match].reshape(2, height, width)
    planes = np.concatenate([np.where(confidence > 0, colors, 0), confidence[np.newaxis]])
    return nearest(planes.astype(np.float32), *shape), matched


def wish_of(reference: Reference, matched: float) -> Palette | None:
    """The reference's palette, the stronger the more of the picture matches; None where it does not."""
    strength = float(_ramp(np.float32(matched), _WISHED))
    return replace(reference.palette, strength=strength) if strength else None


def led(ab: Plane, planes: Plane) -> Plane:
    """`ab` led to the colours that were carried over, and on over the gaps between them.

    ab: (2, h, w), as chosen; planes: (3, h', w') of `carried`. Differences between the two are
    averaged over windows, weighted by their confidence, and added as far as the window holds any.
    Returns (2, h, w), in gamut or not; `ab` itself where nothing was carried.
    """
    told = nearest(planes, *ab.shape[1:])
    confidence = told[2]
    if not confidence.any():
        return ab
    for radius, filled in _SPREADS:
        change, weight = (told[:2] - ab) * confidence, confidence
        for _ in range(2):
            change, weight = box_mean(change, radius), box_mean(weight, radius)
        ab = ab + change / np.maximum(weight, np.float32(filled))
    return np.asarray(ab, np.float32)


def lent(guess: Guess, h: int, w: int) -> Plane:
    """How sure the colours are that a reference lends to a guess, 0…1, 0 without one: (h, w)."""
    if guess.carried is None:
        return np.zeros((h, w), np.float32)
    confidence: Plane = nearest(guess.carried[2:], h, w)[0]
    return confidence


def _described(own: Mapping[int, Plane], theirs: Mapping[int, Plane]) -> tuple[Plane, Plane]:
    """What was seen at each place of both, (D, h, w) each: products of two columns are mean cosines."""
    finest = min(own)
    described: tuple[list[Plane], list[Plane]] = ([], [])
    for stride, pair in ((stride, (own[stride], theirs[stride])) for stride in own):
        flat = np.concatenate([map_.reshape(len(map_), -1) for map_ in pair], axis=1)
        mean, spread = flat.mean(axis=1)[:, None, None], flat.std(axis=1)[:, None, None]
        for map_, into in zip(pair, described, strict=True):
            even = (map_ - mean) / (spread + np.float32(1e-3))
            if stride > finest:
                even = enlarge(even, *(side * stride // finest for side in even.shape[1:]))
            length = np.linalg.norm(even, axis=0) * np.float32(np.sqrt(len(own)))
            into.append(even / np.maximum(length, np.float32(1e-6)))
    return np.concatenate(described[0]), np.concatenate(described[1])


def _nearest(own: Plane, theirs: Plane) -> tuple[Plane, NDArray[np.int64], NDArray[np.int64]]:
    """Nearest neighbours both ways, by product of columns.

    own: (D, n), theirs: (D, m). Returns (n,) how near the nearest of `theirs` is, (n,) which it is, and
    (m,) which of `own` is nearest to each of `theirs`.
    """
    similarity = np.empty(own.shape[1], np.float32)
    match = np.empty(own.shape[1], np.int64)
    back = np.zeros(theirs.shape[1], np.int64)
    most = np.full(theirs.shape[1], -np.inf, np.float32)
    columns = np.arange(theirs.shape[1])
    for start in range(0, own.shape[1], _BLOCK):
        block = own[:, start : start + _BLOCK].T @ theirs
        match[start : start + _BLOCK] = block.argmax(axis=1)
        similarity[start : start + _BLOCK] = block.max(axis=1)
        best = block.argmax(axis=0)
        better = block[best, columns] > most
        most[better], back[better] = block[best, columns][better], best[better] + start
    return similarity, match, back


def _ramp(x: Plane | np.float32, ends: tuple[float, float]) -> Plane:
    """0 up to the first end, 1 from the second on."""
    low, high = ends
    return np.asarray(((x - low) / (high - low)).clip(0, 1), np.float32)
