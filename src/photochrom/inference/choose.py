"""From a distribution over colours to one colour a place."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.inference.guess import likelihoods
from photochrom.inference.vividness import ColorRule

Plane = NDArray[np.float32]

# A certainty at which more chroma is given as the rule says: the middle of `val` has 0.62.
_USUAL: Final = np.float32(0.65)
# Violet over red to orange, −50…70 degrees of hue: where people see a blob first (`evaluation.metrics.
# blobs`), and skin. How many degrees more the caution there needs to end, and what it leaves of a boost.
_MIDDLE: Final = 10.0
_HALF: Final = 60.0
_FADE: Final = 20.0
_CAUTION: Final = np.float32(0.35)
# The mean chroma of a picture's mean colours, in units of Lab, at which a balance leaves it as it is, and the
# least and the largest factor by which others are brought nearer to it.
_MIDDLING: Final = 9.0
_LEAST: Final = 0.8
_MOST: Final = 1.25
_TINY: Final = np.float32(1e-6)


def choose(logits: Plane, rule: ColorRule, bins: AbBins, log_prior: Plane) -> Plane:
    """One colour a place by a rule: (2, h, w), in gamut or not. logits: (K, h, w); log_prior: (K,)."""
    if rule.tau:
        logits = logits - np.float32(rule.tau) * log_prior[:, None, None]
    share = likelihoods(logits / np.float32(rule.temperature))
    centers = bins.centers.astype(np.float32)
    mean = np.tensordot(centers.T, share, axes=1)
    factor = _balance(mean, rule.balance)
    if not rule.boost:
        return mean * (factor * np.float32(rule.chroma))
    expected = np.tensordot(np.hypot(*centers.T), share, axes=1)
    return mean * factor * (np.float32(rule.chroma) + np.float32(rule.boost) * _trust(mean, expected))


def _trust(mean: Plane, expected: Plane) -> Plane:
    """How much of a boost each place gets, (h, w): about 1 in the mean, next to nothing where hue is a guess.

    mean: (2, h, w), the mean colour; expected: (h, w), the mean chroma of the same distribution. Their
    quotient is 1 where all colours held possible have one hue and 0 where they cancel. From violet to orange
    less is given: a faint tint that nothing in the picture bounds becomes a blob there, and a face sunburnt.
    """
    sure = np.hypot(*mean) / np.maximum(expected, _TINY)
    away = np.abs((np.degrees(np.arctan2(mean[1], mean[0])) - _MIDDLE + 180) % 360 - 180)
    safe = np.clip((away - _HALF) / _FADE, 0, 1)
    return np.asarray(np.square(sure / _USUAL) * (safe + (1 - safe) * _CAUTION * sure**4), np.float32)


def _balance(mean: Plane, exponent: float) -> np.float32:
    """A factor for the whole picture: more for a dull guess, less for a vivid one.

    The network is too sure of both: by PSNR the same colourfulness of all pictures is had cheaper so
    (docs/flagship.md).
    """
    chroma = float(np.hypot(*mean).mean())
    return np.float32(np.clip((_MIDDLING / max(chroma, 1e-6)) ** exponent, _LEAST, _MOST))
