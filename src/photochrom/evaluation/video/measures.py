"""Figures of a film as it was coloured: how much it flickers, and how far it is from its true colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from photochrom.evaluation.metrics.difference import mean_delta_e_2000
from photochrom.evaluation.metrics.fidelity import psnr
from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.video.clip import Clip
from photochrom.evaluation.video.distribution import color_distribution_consistency
from photochrom.evaluation.video.motion import moved


def consistency(frames: Sequence[Rendered], clip: Clip) -> float:  # noqa: ARG001 (the row's signature)
    """See `color_distribution_consistency`."""
    return color_distribution_consistency(frames)


def warp_error(frames: Sequence[Rendered], clip: Clip) -> float:
    """Mean distance in a and b, in units of Lab, between a pixel and the same thing in the next frame.

    Each frame is compared with the next one, looked up where the optical flow of the true lightness
    says; over all pixels of all pairs that can be seen in both (`motion_between`), so that a cut,
    where nothing can, weighs next to nothing. NaN where nothing ever can. 0 for grey; the truth has
    a value of its own, of grain, of light that changes, and of flow that errs. It is not the warp
    error of Lai et al. (arXiv 1808.00449), which squares differences of RGB in 0…1, where lightness
    counts most: the two are on different scales, and not to be compared.
    """
    total, seen = 0.0, 0
    for (before, after), motion in zip(pairwise(frames), clip.motions, strict=True):
        change = moved(after.lab[..., 1:], motion.flow) - before.lab[..., 1:]
        total += float(np.hypot(change[..., 0], change[..., 1])[motion.visible].sum(dtype=np.float64))
        seen += int(motion.visible.sum())
    return total / seen if seen else float("nan")


def difference(frames: Sequence[Rendered], clip: Clip) -> float:
    """ΔE2000, mean over pixels and frames."""
    return _mean(mean_delta_e_2000, frames, clip)


def fidelity(frames: Sequence[Rendered], clip: Clip) -> float:
    """PSNR of a frame in dB, mean over frames."""
    return _mean(psnr, frames, clip)


def _mean(function: Callable[[Rendered, Rendered], float], frames: Sequence[Rendered], clip: Clip) -> float:
    return float(np.mean([function(*pair) for pair in zip(frames, clip.frames, strict=True)]))
