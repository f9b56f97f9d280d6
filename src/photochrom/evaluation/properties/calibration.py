"""Calibration: whether colours that the network holds to be likely are as likely as it says.

What counts as right needs care. The target in training is no single bin: a colour is shared between
the four grid points round it, each with its bilinear weight (`color.bins`), and cross-entropy is
least where the network gives those weights in the mean. So a bin is right here to the extent of the
truth's weight on it, between 0 and 1, and a network that gives 0.3 to a bin is calibrated if the
truths of such places have a weight of 0.3 on it in the mean. (Were the nearest bin alone right, a
perfect network would seem unsure of itself: it never gives all to one bin, but where a colour lies
on a grid point.)

The raw distribution is judged, with nothing favoured (tau 0) and nothing annealed (temperature 1),
at the network's own resolution, beside the mean a and b of the truth over each place. Sources: Guo
et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 2, for the reliability
diagram and ECE; Angelopoulos and Bates, arXiv 2107.07511, section 2, for sets and their coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.bootstrap import Values, estimate, resampled_means
from photochrom.evaluation.properties.distribution import Shares, likelihoods
from photochrom.images.read import read_picture

if TYPE_CHECKING:
    from photochrom.color.bins import AbBins
    from photochrom.evaluation.scene import Scene
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.pipeline import Colorizer

WANTED: Final = (0.5, 0.8, 0.9)
"""Shares of likelihood that the sets of bins are to hold."""

# As many as Guo et al. take.
_STEPS: Final = 15

Plane = NDArray[np.float32]


def measure(
    colorizer: Colorizer,
    scene: Scene,
    setting: Setting,  # noqa: ARG001 (how colours are chosen has no part in it)
    *,
    detail: int | None = None,
) -> dict[str, Any]:
    """The sums of one picture that `gather` needs; see `tally`.

    ValueError without truth, or for a model without a distribution over colours.
    """
    bins = colorizer.card.bins
    if scene.truth is None or bins is None:
        raise ValueError("calibration compares a distribution with true colours")
    share = likelihoods(colorizer.guess(read_picture(scene.source), detail=detail))
    ab = area_mean(scene.truth.lab[..., 1:], share.shape[:2])
    return tally(share, membership(ab, bins))


def gather(pictures: Sequence[dict[str, Any]], *, seed: int = 0) -> dict[str, Any]:
    """The reliability diagram, its ECE and the coverage of sets over all pictures, each weighing the same.

    `curve`: for each step of confidence that occurs, mean confidence, accuracy and share of the places;
    `ece`: Σ share · |accuracy − confidence|; `coverage`: for each of WANTED the weight of the truth
    inside the likeliest bins that hold so much, and how many bins that takes. 95 % intervals over
    pictures.
    """
    count = len(pictures)
    curves = np.stack([[p["places"], p["confidence"], p["accuracy"]] for p in pictures], axis=-1)
    sets = np.stack([[p["covered"], p["bins"]] for p in pictures], axis=-1)
    sums, parts = resampled_means(curves, seed), resampled_means(sets, seed)
    ece = np.abs(sums[:, 2] - sums[:, 1]).sum(axis=1)
    return {
        **_with_interval("ece", ece, count),
        "curve": _curve(sums[0]),
        "coverage": [
            {"wanted": wanted, **_with_interval("got", parts[:, 0, i], count), "bins": float(parts[0, 1, i])}
            for i, wanted in enumerate(WANTED)
        ],
        "n": count,
    }


def _with_interval(name: str, draws: Values, count: int) -> dict[str, float | None]:
    found = estimate(draws, count)
    return {} if found is None else {name: found.mean, "low": found.low, "high": found.high}


def _curve(sums: Values) -> list[dict[str, float]]:
    """sums: (3, steps) → a point for each step with places in it."""
    return [
        {"confidence": confidence / share, "accuracy": accuracy / share, "share": share}
        for share, confidence, accuracy in sums.T.tolist()
        if share > 0
    ]


def tally(share: Shares, truth: Shares) -> dict[str, list[float]]:
    """Sums over the places of a picture, divided by how many there are.

    share: (…, K), what the network holds likely; truth: (…, K), the weights of the truth; both sum
    to 1. `places`, `confidence` and `accuracy`: by the confidence in the likeliest bin, in 15 equal
    steps from 0 to 1; `covered` and `bins`: for each of WANTED. A set is the likeliest bins, the last
    of them by the part that is needed: so it holds what is wanted exactly, and a calibrated network
    covers just that.
    """
    likely, right = (x.reshape(-1, x.shape[-1]).astype(np.float64) for x in (share, truth))
    order = np.argsort(-likely, axis=1, kind="stable")
    likely, right = (np.take_along_axis(x, order, axis=1) for x in (likely, right))
    count = len(likely)
    step = np.minimum((likely[:, 0] * _STEPS).astype(np.int64), _STEPS - 1)
    sums = [
        np.bincount(step, weights=weights, minlength=_STEPS) / count
        for weights in (np.ones(count), likely[:, 0], right[:, 0])
    ]
    before = np.cumsum(likely, axis=1) - likely
    # Bins of no likelihood come last, where the set is full: 0 takes any divisor but 0.
    parts = [
        ((wanted - before) / np.maximum(likely, np.finfo(np.float64).tiny)).clip(0, 1) for wanted in WANTED
    ]
    return {
        "places": sums[0].tolist(),
        "confidence": sums[1].tolist(),
        "accuracy": sums[2].tolist(),
        "covered": [float((part * right).sum(axis=1).mean()) for part in parts],
        "bins": [float(part.sum(axis=1).mean()) for part in parts],
    }


def membership(ab: Plane, bins: AbBins) -> Shares:
    """The bilinear weight of each colour on each bin. ab: (…, 2) → (…, K), summing to 1."""
    index, weight = bins.encode(ab)
    whole = np.zeros((weight[..., 0].size, len(bins)), np.float32)
    # Two corners outside the set may fall to the same bin, whose weights then add up.
    np.add.at(whole, (np.arange(len(whole))[:, np.newaxis], index.reshape(-1, 4)), weight.reshape(-1, 4))
    return whole.reshape(*ab.shape[:-1], len(bins))


def area_mean(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Means over equal rectangles, edge pixels by the part inside. plane: (H, W, C) → (h, w, C)."""
    rows, columns = (_overlaps(size, cells) for size, cells in zip(plane.shape[:2], shape, strict=True))
    means: Plane = np.einsum("iy,yxc,jx->ijc", rows, plane, columns, optimize=True).astype(np.float32)
    return means


def _overlaps(size: int, cells: int) -> Plane:
    """(cells, size): the share of each pixel in each cell's mean; a row sums to 1."""
    edges = np.linspace(0, size, cells + 1)
    pixels = np.arange(size)
    inside = np.minimum(edges[1:, np.newaxis], pixels + 1) - np.maximum(edges[:-1, np.newaxis], pixels)
    share: Plane = (inside.clip(0) * (cells / size)).astype(np.float32)
    return share
