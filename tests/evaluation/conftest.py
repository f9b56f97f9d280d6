"""Small colour photographs, and contestants whose results are known beforehand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


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


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """known(row=share, …, name=…, fails=…): a contestant that mixes the true colours with grey."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    fakes = importlib.import_module("evaluation_fakes")

    def make(name: str = "known", **others: object) -> object:
        rows = {key: others.pop(key) for key in list(others) if isinstance(others[key], float)}
        shares = tuple(rows.items()) or ((name, 1.0),)
        return fakes.Known(name, shares, tmp_path / "log.txt", **others)

    return make
