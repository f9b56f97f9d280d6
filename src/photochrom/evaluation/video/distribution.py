"""Colour distribution consistency: how much the colours of a film change from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.rendered import Rendered

STEPS: Final = (1, 2, 4)
"""Frames between the two that are compared."""

_CODES: Final = 256


def color_distribution_consistency(frames: Sequence[Rendered]) -> float:
    """Mean Jensen–Shannon divergence between histograms of R, of G and of B, 1, 2 and 4 frames apart.

    CDC = mean over STEPS t, channels c and frames i of JS(h(i, c), h(i + t, c)), where h has 256 codes
    and sums to 1, in nats: 0 where nothing changes, at most ln 2. The steps weigh the same, however
    many frames each has. What moves and what grows lighter change histograms too, so that the truth and
    the grey film have values of their own: read it beside theirs. NaN for fewer than 5 frames. Source:
    Liu et al., "Temporally Consistent Video Colorization with Deep Feature Propagation and
    Self-regularization Learning" (arXiv 2110.04562), as the NTIRE 2023 challenge computes it.
    """
    if len(frames) <= max(STEPS):
        return float("nan")
    shares = np.stack([_histograms(frame) for frame in frames])
    return float(np.mean([_divergence(shares[:-step], shares[step:]).mean() for step in STEPS]))


def _histograms(frame: Rendered) -> NDArray[np.float64]:
    """(3, 256), each summing to 1."""
    planes = frame.rgb.reshape(-1, 3).T
    return np.stack([np.bincount(plane, minlength=_CODES) for plane in planes]) / planes.shape[1]


def _divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """(…, 256) each → (…): ½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q) / 2, natural logarithms."""
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (np.where(x > 0, x * np.log(x / middle), 0) for x in (p, q))
    return np.asarray((first + second).sum(axis=-1) / 2)
