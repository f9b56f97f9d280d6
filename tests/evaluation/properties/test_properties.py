"""The table, and what holds for all of its rows."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.setting import Setting
from photochrom.inference.pipeline import Colorizer

CAPABLE = SimpleNamespace(takes_hints=True, gives="logits", input=None)
PLAIN = SimpleNamespace(takes_hints=False, gives="ab", input=None)
FIXED = SimpleNamespace(takes_hints=False, gives="ab", input=(256, 256))


def numbers(value: object) -> list[float]:
    """All numbers of a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    return [n for part in value for n in numbers(part)] if isinstance(value, list) else [float(value)]


def test_what_a_model_lacks_is_said() -> None:
    def lacking(card: object, *, has_truth: bool = True) -> list[str]:
        return [name for name, row in PROPERTIES.items() if row.lacking(card, has_truth=has_truth)]

    assert lacking(CAPABLE) == []
    assert lacking(PLAIN) == ["hints", "calibration"]
    assert lacking(FIXED) == ["stability", "hints", "calibration"]
    assert lacking(CAPABLE, has_truth=False) == ["hints", "calibration"]
    assert "takes hints" in PROPERTIES["hints"].lacking(PLAIN)
    assert "distribution" in PROPERTIES["calibration"].lacking(PLAIN)
    assert "several sizes" in PROPERTIES["stability"].lacking(FIXED)


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_shipped_model_has_each_twice_the_same_and_as_json(name: str, scene_of) -> None:
    row = PROPERTIES[name]
    model = Colorizer(threads=1)
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (4, 6, 3), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    setting = Setting("as in life", model.card.rule(1))
    once, again = (row.measure(model, scene_of(rgb), setting) for _ in range(2))
    assert once == again
    assert json.loads(json.dumps(once)) == once
    gathered = row.gather([once, once], seed=1)
    assert gathered["n"] == 2
    assert all(math.isfinite(n) for n in numbers(json.loads(json.dumps(gathered))))
