"""SET_METRICS: what is measured of all results together, against all truths."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.backbones import backbone
from photochrom.evaluation.rendered import Rendered

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SetMetric:
    """One row of `SET_METRICS`: a number for a set of pictures, to be given with how many they were.

    name: in JSON, CSV and on the command line
    title: in tables
    places: decimals worth printing
    better: which way is better
    feature: of one picture, (D,)
    distance: between those of the results, (n, D), and those of the truths, (m, D)
    summary: a line for people
    backbone: the network that must have been prepared for it
    """

    name: str
    title: str
    places: int
    better: Literal["lower", "higher"]
    feature: Callable[[Rendered], NDArray[np.float32]]
    distance: Callable[[Floats, Floats], float]
    summary: str
    backbone: str


def inception_features(picture: Rendered) -> NDArray[np.float32]:
    """(2048,): the last pooling of the Inception network. Source: `preparation.inception`.

    Raises MissingBackbone.
    """
    features: NDArray[np.float32] = backbone("fid-inception").run({"rgb": picture.rgb[np.newaxis]})[0][0]
    return features


def frechet_distance(one: Floats, other: Floats) -> float:
    """The squared Fréchet distance between two normal distributions fitted to features.

    one, other: (n, D), (m, D); the covariances are those of a sample, over n − 1. 0 for the same set,
    symmetric, and NaN for fewer than two pictures. FID shrinks as sets grow, so only figures of equally
    many pictures compare. Source: Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs
    trained by a two time-scale update rule converge to a local Nash equilibrium", NIPS 2017.

    The trace of (S₁S₂)^½ is taken as the sum of the singular values of ABᵀ, where AᵀA = S₁ and
    BᵀB = S₂: exact however few the pictures, with no square root of a singular matrix.
    """
    if min(len(one), len(other)) < 2:
        return math.nan
    means = one.mean(0, dtype=np.float64), other.mean(0, dtype=np.float64)
    a, b = _root(one, means[0]), _root(other, means[1])
    shared = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    apart = np.square(means[0] - means[1]).sum() + np.square(a).sum() + np.square(b).sum() - 2 * shared
    return max(0.0, float(apart))


def _root(features: Floats, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """A with AᵀA = the covariance, of at most D rows."""
    root: NDArray[np.float64] = (features - mean) / math.sqrt(len(features) - 1)
    if len(root) > root.shape[1]:
        root = np.asarray(np.linalg.qr(root, mode="r"))
    return root


_ROWS: Final = (
    SetMetric(
        "fid",
        "FID",
        2,
        "lower",
        inception_features,
        frechet_distance,
        "distance between the distributions of Inception features",
        "fid-inception",
    ),
)

SET_METRICS: Final[dict[str, SetMetric]] = {row.name: row for row in _ROWS}
