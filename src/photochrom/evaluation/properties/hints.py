"""Hint efficiency: how fast a picture comes right when somebody clicks colours into it.

The measure of Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors"
(SIGGRAPH 2017). Clicks take their colours from the truth, which flatters all models alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.bootstrap import estimate, resampled_means
from photochrom.evaluation.metrics.fidelity import psnr
from photochrom.evaluation.rendered import Rendered, from_samples
from photochrom.images.read import read_picture
from photochrom.inference.suggest import suggestions

if TYPE_CHECKING:
    from photochrom.evaluation.scene import Scene
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.pipeline import Colorizer, Guess

CLICKS: Final = (0, 1, 2, 5, 10, 50)
"""After how many clicks a result is compared."""

# 6 × 6 pixels of 256, as in test_sweep.py of richzhang/colorization-pytorch.
_PATCH: Final = 6 / 256
Plane = NDArray[np.float32]
Places = NDArray[np.int64]


def measure(
    colorizer: Colorizer, scene: Scene, setting: Setting, *, detail: int | None = None
) -> dict[str, Any]:
    """PSNR in dB after each number of CLICKS, at random places and where the library suggests them.

    More clicks include the fewer. A click is the truth's mean a and b over 6 × 6 pixels of 256 on the
    short side, with full confidence. Random places gather round the centre as in Zhang's protocol
    (normal, standard deviation a quarter of the side); they are drawn from the picture's own bytes,
    so that all models get the same. The model is asked again after every result that is compared, as
    somebody would look again before clicking on; see `inference.suggest`.
    ValueError without truth, or for a model without a distribution over colours.
    """
    truth = scene.truth
    if truth is None or colorizer.card.bins is None:
        raise ValueError("clicks need true colours, and a model that says how sure it is")
    first = colorizer.guess(read_picture(scene.source), detail=detail)
    height, width = first.lightness.shape
    shape = (height // colorizer.card.hint_stride, width // colorizer.card.hint_stride)
    ab = truth.lab[..., 1:]

    def hinted(places: Places) -> Guess:
        return colorizer.hinted(first, hint_planes(ab, places, shape)) if len(places) else first

    def score(guess: Guess) -> float:
        painted = colorizer.paint(read_picture(scene.source), guess, setting.rule)
        return psnr(from_samples(painted.to_array()), truth)

    chance = random_places(truth, max(CLICKS))
    random = [score(hinted(chance[:count])) for count in CLICKS]
    asked: list[float] = []
    places = chance[:0]
    guess = first
    for count in CLICKS:
        if count:
            more = suggested_places(colorizer, guess, count - len(places), ab.shape[:2])
            places = np.concatenate([places, more])
            guess = hinted(places)
        asked.append(score(guess))
    return {"random": random, "asked": asked}


def gather(pictures: Sequence[dict[str, Any]], *, seed: int = 0) -> dict[str, Any]:
    """Mean PSNR after each number of clicks, with its 95 % interval over pictures."""
    count = len(pictures)
    curves = {}
    for name in ("random", "asked"):
        draws = resampled_means(np.array([picture[name] for picture in pictures]).T, seed)
        points = [estimate(draws[:, i], count) for i in range(len(CLICKS))]
        curves[name] = [None if point is None else asdict(point) for point in points]
    return {"clicks": list(CLICKS), **curves, "n": count}


def patch_side(height: int, width: int) -> int:
    """Pixels of a click's side in a picture of that size."""
    return max(1, round(_PATCH * min(height, width)))


def random_places(truth: Rendered, count: int) -> Places:
    """(count, 2): rows and columns of the upper left pixels of patches; the same for the same pixels."""
    height, width = truth.rgb.shape[:2]
    seed = int.from_bytes(hashlib.sha256(truth.rgb.tobytes()).digest()[:8], "big")
    last = np.array([height, width]) - patch_side(height, width)
    drawn = np.random.default_rng(seed).normal(last / 2, last / 4, (count, 2))
    places: Places = np.rint(drawn.clip(0, last)).astype(np.int64)
    return places


def hint_planes(ab: Plane, places: Places, shape: tuple[int, int]) -> Plane:
    """Clicks as the network takes them: (3, h, w), a and b in Lab units, confidence 0 or 1.

    ab: (H, W, 2) of the truth; places: as of `random_places`; shape: (h, w) of the planes. A click
    fills the cells whose centre it covers, or else the one it lies in. Later clicks cover earlier ones.
    """
    size = np.array(ab.shape[:2])
    side = patch_side(*ab.shape[:2])
    cells = np.array(shape) / size
    planes = np.zeros((3, *shape), np.float32)
    for place in places:
        top, left = place
        color = ab[top : top + side, left : left + side].mean(axis=(0, 1))
        start = np.ceil(place * cells - 0.5).astype(np.int64)
        stop = np.ceil((place + side) * cells - 0.5).astype(np.int64)
        inside = np.floor((place + side / 2) * cells).astype(np.int64)
        empty = stop <= start
        rows, columns = map(slice, np.where(empty, inside, start), np.where(empty, inside + 1, stop))
        planes[:2, rows, columns] = color[:, np.newaxis, np.newaxis]
        planes[2, rows, columns] = 1
    return planes


def suggested_places(colorizer: Colorizer, guess: Guess, count: int, size: tuple[int, int]) -> Places:
    """Up to `count` places where the library suggests hints, as of `random_places`.

    guess: with the hints told so far; size: (H, W) of the picture
    """
    height, width = size
    found = suggestions(guess, colorizer.card, count, width=width, height=height)
    side = patch_side(height, width)
    corners = np.array([[one.y, one.x] for one in found], np.int64).reshape(-1, 2) - side // 2
    places: Places = corners.clip(0, np.array(size) - side)
    return places
