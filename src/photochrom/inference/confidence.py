"""How far the chosen colours are likely to be from the true ones: expected ΔE2000 at each place.

The network gives a distribution over colours; the colour that was chosen is compared with each bin of
it, and the differences are weighted by how likely the bins are. CIEDE2000 of two colours of the same
lightness does not depend on that lightness (Sharma, Wu and Dalal 2005: L enters through ΔL' alone), so
one table of a and b serves every place. A network is not always as wrong as it expects to be; a rising
curve of a few points, fitted on pictures it never learned from, turns what it expects into what is met
(`docs/confidence.md` has the measurement).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.color.difference import delta_e_2000
from photochrom.inference.guess import Guess, likelihoods
from photochrom.inference.reach import doubt_of
from photochrom.inference.reference import lent

if TYPE_CHECKING:
    from photochrom.inference.card import ModelCard

Plane = NDArray[np.float32]
Curve = tuple[tuple[float, float], ...]

# Chosen colours are compared rounded to this, in units of a and b, so that the few hundred of a picture
# stand for its ten thousand places: 20 times as fast, and 0.12 ΔE2000 off in the mean.
_STEP: Final = 1.0
# Places that are worked on at once; of each, a difference to every bin is held.
_BLOCK: Final = 8192
# Any lightness does: see above.
_ANY_LIGHTNESS: Final = 50.0
# Of the expected difference, what a colour leaves that a reference lends in full confidence: of films whose
# frame 12 earlier was the reference, 3.5 of 10.0 ΔE2000 (`docs/palette-and-reference.md`).
_LENT_LEAVES: Final = 0.35


def confidence(guess: Guess, own: Plane, card: ModelCard) -> Plane:
    """Expected ΔE2000 between the colours of a picture and the truth: (h, w), 0 or more, calibrated.

    own: (2, h, w), a and b chosen for that guess before hints and a reference changed them: what those say
    the network does not know, so that by its likelihoods it would be taken for wrong. Where hints have
    been told they count as nearly true, and what they tell of other places lowers the difference there
    (`inference.reach`); colours that a reference lends count as a third as doubtful as the network's own.
    Raises BadOption as `expected_difference`.
    """
    error = _less_lent(guess, expected_difference(guess.unhinted or guess, own, card))
    if guess.unhinted is None:
        return error
    assert card.bins is not None
    left = doubt_of(guess, card.bins, error).left_over(*error.shape)
    return error * left


def doubtful_difference(guess: Guess, card: ModelCard) -> Plane:
    """`expected_difference` of the mean of what is likely, the choice that least can be said against.

    Less where a reference lends colours.
    """
    card.check_able("confidence")
    assert guess.logits is not None
    assert card.bins is not None
    return _less_lent(guess, expected_difference(guess, card.bins.annealed_mean(guess.logits, axis=0), card))


def _less_lent(guess: Guess, error: Plane) -> Plane:
    """What is left of an expected difference where a reference lends colours."""
    if guess.carried is None:
        return error
    return error * (1 - np.float32(1 - _LENT_LEAVES) * lent(guess, *error.shape))


def expected_difference(guess: Guess, chroma: Plane, card: ModelCard) -> Plane:
    """The same for a look with nothing told: (h, w).

    chroma: (2, h, w), a and b chosen for that guess. Raises BadOption if the model gives one colour
    a place and so cannot say how sure it is of it.
    """
    card.check_able("confidence")
    assert guess.logits is not None
    assert card.bins is not None
    return calibrated(raw_difference(guess.logits, chroma, card.bins), card.confidence)


def raw_difference(logits: Plane, chroma: Plane, bins: AbBins) -> Plane:
    """The same as the network has it. logits: (K, h, w); chroma: (2, h, w) → (h, w)."""
    share = likelihoods(logits).reshape(len(bins), -1)
    rounded = np.rint(chroma.reshape(2, -1).T / _STEP).astype(np.int64)
    colors, index = np.unique(rounded, axis=0, return_inverse=True)
    table = differences(colors.astype(np.float32) * np.float32(_STEP), bins.centers)
    index = index.reshape(-1)
    expected = np.empty(index.shape, np.float32)
    for start in range(0, len(index), _BLOCK):
        block = slice(start, start + _BLOCK)
        expected[block] = np.einsum("kn,nk->n", share[:, block], table[index[block]])
    return expected.reshape(logits.shape[1:])


def differences(first: NDArray[np.floating[Any]], second: NDArray[np.floating[Any]]) -> Plane:
    """ΔE2000 of each of `first`, (n, 2) a and b, to each of `second`, (m, 2), of one lightness: (n, m)."""
    here, there = (
        np.concatenate([np.full((len(ab), 1), _ANY_LIGHTNESS), ab], axis=1) for ab in (first, second)
    )
    return np.asarray(delta_e_2000(here[:, np.newaxis], there[np.newaxis]), np.float32)


def calibrated(raw: Plane, curve: Sequence[tuple[float, float]]) -> Plane:
    """Expected ΔE2000 by a curve of (raw, ΔE) points, straight between them and level beyond; () is none."""
    if not curve:
        return raw
    expected, met = zip(*curve, strict=True)
    return np.asarray(np.interp(raw, expected, met), np.float32)


def checked_curve(rows: Any) -> Curve:
    """A card's `confidence`, [[raw, ΔE], …], as a curve. ValueError unless both rise, ΔE perhaps level."""
    curve = tuple((float(raw), float(met)) for raw, met in rows)
    points = np.array(curve, np.float64).reshape(-1, 2)
    steps = np.diff(points, axis=0)
    if len(curve) == 1 or not np.isfinite(points).all() or (points < 0).any():
        raise ValueError("confidence wants two points [raw, ΔE] or more, finite and not below 0")
    if (steps[:, 0] <= 0).any() or (steps[:, 1] < 0).any():
        raise ValueError("the points of confidence must rise, ΔE with raw")
    return curve
