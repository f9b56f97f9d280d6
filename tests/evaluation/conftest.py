"""Small colour photographs, and a colorizer whose results are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.evaluation.rendered import gray_of
from photochrom.images.picture import Picture
from photochrom.inference.card import PLAIN_ANCHORS
from photochrom.inference.vividness import ColorRule, rule_at


def photograph(seed: int, width: int = 48, height: int = 36) -> np.ndarray:
    """(height, width, 3) uint8: smooth colours and a little grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    waves = [np.sin(rng.uniform(1, 6) * x + rng.uniform(1, 6) * y + phase) for phase in rng.uniform(0, 6, 3)]
    rgb = 128 + 70 * np.stack(waves, axis=-1) + rng.normal(0, 6, (height, width, 3))
    return rgb.clip(0, 255).astype(np.uint8)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of five colour pictures: four in it, one in a folder of its own."""
    folder = tmp_path / "photographs"
    (folder / "more").mkdir(parents=True)
    for seed, name in enumerate(["a.png", "b.png", "c.jpg", "d.tif", "more/e.png"]):
        Image.fromarray(photograph(seed)).save(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    return folder


@dataclass(frozen=True)
class FakeCard:
    name: str = "fake"
    detail: int = 256

    def rule(self, vividness: float) -> ColorRule:
        return rule_at(vividness, PLAIN_ANCHORS)


@dataclass(frozen=True)
class FakeResult:
    rgb: np.ndarray

    def to_array(self) -> np.ndarray:
        return self.rgb


@dataclass
class FakeColorizer:
    """Knows the true colours, and mixes them with grey: all colour at tau 0, none at tau 1."""

    model: str | Path = "fake"
    threads: int | None = None
    card: FakeCard = field(default_factory=FakeCard)
    looks: list[tuple[str, int | None]] = field(default_factory=list)

    def guess(self, picture: Picture, *, detail: int | None = None) -> np.ndarray:
        self.looks.append((picture.name, detail))
        return picture.pixels.source.open().numpy()

    def paint(self, picture: Picture, guess: np.ndarray, rule: ColorRule) -> FakeResult:
        share = (1 - rule.tau) * min(rule.chroma, 1)
        mixed = share * guess + (1 - share) * gray_of(picture).rgb
        return FakeResult(np.rint(mixed).astype(np.uint8))


@pytest.fixture
def colorizer() -> FakeColorizer:
    return FakeColorizer()
