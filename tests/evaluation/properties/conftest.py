"""Models whose properties are known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from photochrom.color.bins import AbBins, gamut_bins
from photochrom.evaluation.rendered import Rendered, from_lab
from photochrom.evaluation.scene import Scene
from photochrom.evaluation.setting import Setting
from photochrom.inference.upsample import enlarge
from photochrom.inference.vividness import ColorRule

STRIDE = 4
UNLIKELY = -50.0
SIMILAR = 5.0


def sure_of(ab: tuple[float, float], lightness: np.ndarray) -> np.ndarray:
    """Logits of one bin everywhere, the one nearest to `ab`."""
    bins = gamut_bins()
    logits = np.full((len(bins), lightness.shape[0] // STRIDE, lightness.shape[1] // STRIDE), UNLIKELY)
    logits[np.hypot(*(bins.centers - ab).T).argmin()] = 0
    return logits


def sure_of_gray(lightness: np.ndarray) -> np.ndarray:
    return sure_of((0, 0), lightness)


@dataclass
class Listener:
    """Paints what its logits say; a place takes the colour of the nearest hint of its lightness.

    logits: of the lightness it sees; reach: how far a hint reaches, in places; told: all hints given;
    hint_stride: pixels to a place of the hints; it answers for places of STRIDE.
    """

    logits: Callable[[np.ndarray], np.ndarray] = sure_of_gray
    reach: float = 0.0
    bins: AbBins = field(default_factory=gamut_bins)
    told: list[np.ndarray] = field(default_factory=list)
    looks: list[tuple[int, int | None]] = field(default_factory=list)
    hint_stride: int = STRIDE

    @property
    def card(self):
        return SimpleNamespace(
            name="listener",
            bins=self.bins,
            hint_stride=self.hint_stride,
            takes_hints=True,
            confidence=(),
            check_able=lambda option: None,
        )

    def guess(self, picture, *, detail=None):
        self.looks.append((min(picture.width, picture.height), detail))
        lightness = picture.thumbnail(min(picture.width, picture.height, detail or 10**6), multiple=STRIDE)
        logits = self.logits(lightness).astype(np.float32)
        return SimpleNamespace(
            lightness=lightness, logits=logits, features={}, hints=None, unhinted=None, carried=None
        )

    def hinted(self, guess, hints):
        self.told.append(hints)
        assert hints.shape == (3, *(side // self.hint_stride for side in guess.lightness.shape))
        logits = guess.logits.copy()
        y, x = np.indices(logits.shape[1:]) + 0.5
        places = np.argwhere(hints[2] > 0)
        told_y, told_x = (places.T + 0.5) * self.hint_stride / STRIDE
        distance = np.hypot(y[..., None] - told_y, x[..., None] - told_x)
        seen = guess.lightness[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
        told = guess.lightness[tuple(places.T * self.hint_stride + self.hint_stride // 2)]
        distance[np.abs(seen[..., None] - told) > SIMILAR] = np.inf
        near = places[distance.argmin(axis=-1)]
        color = hints[:2, near[..., 0], near[..., 1]].transpose(1, 2, 0)
        index, weight = self.bins.encode(color)
        reached = distance.min(axis=-1) <= self.reach
        logits[:, reached] = UNLIKELY
        for corner in range(4):
            logits[index[reached, corner], *np.nonzero(reached)] = np.log(weight[reached, corner] + 1e-20)
        return SimpleNamespace(
            lightness=guess.lightness,
            logits=logits,
            features={},
            hints=np.asarray(hints, np.float32),
            unhinted=guess.unhinted or guess,
            carried=None,
        )

    def chroma(self, guess, rule):
        return self.bins.annealed_mean(guess.logits, axis=0) * rule.chroma

    def paint(self, picture, guess, rule):
        lightness = picture.lightness.numpy().reshape(picture.height, picture.width)
        ab = enlarge(self.chroma(guess, rule), picture.height, picture.width)
        painted = from_lab(np.stack([lightness, *ab], axis=-1))
        return SimpleNamespace(to_array=lambda: painted.rgb)


@pytest.fixture(scope="session")
def listener() -> type[Listener]:
    return Listener


@pytest.fixture(scope="session")
def sure() -> Callable[[tuple[float, float], np.ndarray], np.ndarray]:
    return sure_of


@pytest.fixture(scope="session")
def plain() -> Setting:
    return Setting("plain", ColorRule())


@pytest.fixture(scope="session")
def scene_of() -> Callable[[np.ndarray], Scene]:
    return lambda rgb: Scene(rgb, Rendered(rgb))


@pytest.fixture
def halves() -> Scene:
    """Grey on the left, an orange of the same lightness on the right, 64 × 64."""
    lab = np.zeros((64, 64, 3), np.float32)
    lab[..., 0] = 60
    lab[:, 32:, 1:] = 30, 40
    rgb = from_lab(lab).rgb
    return Scene(rgb, Rendered(rgb))
