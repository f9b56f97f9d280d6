"""Size stability: whether a picture keeps its colours when it, or what the network sees of it, is larger.

Nobody chooses the size at which a network looks, so it should not choose the colours. It does where
a network has learnt at one size: what it takes for sky at 256 pixels may be a wall at 512. And a person who
colours a small copy of a scan first expects the same colours of the scan.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.color.srgb import lab_to_srgb
from photochrom.evaluation.bootstrap import estimate, resampled_means
from photochrom.evaluation.metrics.difference import mean_delta_e_2000
from photochrom.evaluation.rendered import Rendered, from_samples
from photochrom.images.picture import Picture
from photochrom.images.read import read_picture

if TYPE_CHECKING:
    from photochrom.evaluation.scene import Scene
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.pipeline import Colorizer

SIZES: Final = (192, 256, 384, 512)
"""Short sides in pixels at which the network looks."""

COPIES: Final = (192, 512)
"""Short sides in pixels of two copies of a picture."""

_COMPARED: Final = 256
_MIRRORED: Final = 256


def measure(
    colorizer: Colorizer,
    scene: Scene,
    setting: Setting,
    *,
    detail: int | None = None,
) -> dict[str, Any]:
    """Mean ΔE2000 over the pixels between each two of SIZES, and between a picture and its mirror image.

    `copies`: the same between a copy of COPIES[0] pixels on the short side and one of COPIES[1], each
    looked at as any picture is: with `detail`, or as the model likes it.

    The network looks at one copy of 512 pixels on the short side (smaller pictures are enlarged
    to it), and its colours are led along the edges of one copy of 256, where all are compared;
    mirroring is looked at with 256 too. 0 is stable, and grey is perfectly so: read it beside colourfulness.
    """
    whole = _gray(read_picture(scene.source), max(SIZES))
    small = _gray(read_picture(scene.source), _COMPARED)

    def result(size: int, *, mirrored: bool = False) -> Rendered:
        turn = slice(None, None, -1 if mirrored else 1)
        guess = colorizer.guess(read_picture(whole[:, turn]), detail=size)
        painted = colorizer.paint(read_picture(small[:, turn]), guess, setting.rule)
        return from_samples(painted.to_array()[:, turn])

    def copy(size: int) -> Rendered:
        guess = colorizer.guess(read_picture(_gray(read_picture(scene.source), size)), detail=detail)
        return from_samples(colorizer.paint(read_picture(small), guess, setting.rule).to_array())

    results = {size: result(size) for size in SIZES}
    pairs = itertools.combinations(SIZES, 2)
    return {
        "pairs": {f"{a}–{b}": mean_delta_e_2000(results[a], results[b]) for a, b in pairs},
        "mirrored": mean_delta_e_2000(results[_MIRRORED], result(_MIRRORED, mirrored=True)),
        "copies": mean_delta_e_2000(*map(copy, COPIES)),
    }


def gather(pictures: Sequence[dict[str, Any]], *, seed: int = 0) -> dict[str, Any]:
    """`mean`: over the pairs of sizes, with its 95 % interval over pictures; each pair; mirrored; copies."""
    names = list(pictures[0]["pairs"])
    pairs = np.array([[picture["pairs"][name] for name in names] for picture in pictures])
    alone = {name: float(np.mean([picture[name] for picture in pictures])) for name in ("mirrored", "copies")}
    mean = estimate(resampled_means(pairs.mean(axis=1), seed), len(pictures))
    return {
        "mean": None if mean is None else asdict(mean),
        "pairs": dict(zip(names, pairs.mean(axis=0).tolist(), strict=True)),
        **alone,
        "n": len(pictures),
    }


def _gray(picture: Picture, short_side: int) -> NDArray[np.float32]:
    """The picture without colour, (h, w), floats in 0…1 as sRGB."""
    lightness = picture.thumbnail(short_side, multiple=1)
    lab = np.stack([lightness, *np.zeros((2, *lightness.shape), np.float32)], axis=-1)
    gray: NDArray[np.float32] = lab_to_srgb(lab)[..., 1].clip(0, 1).astype(np.float32)
    return gray
