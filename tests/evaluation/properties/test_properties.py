"""The table, and what holds for all of its rows."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from photochrom.evaluation.contestants import ModelSpec
from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.run import Plan, evaluate, named
from photochrom.evaluation.setting import Setting
from photochrom.evaluation.sheet import write_sheet
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
    gathered = row.gather([once] * 5, seed=1)
    assert gathered["n"] == 5
    assert all(math.isfinite(n) for n in numbers(json.loads(json.dumps(gathered))))


@pytest.mark.parametrize("name", ["hints", "calibration"])
def test_the_network_looks_as_it_does_for_the_rows(name: str, listener, plain, halves) -> None:
    model = listener()
    PROPERTIES[name].measure(model, halves, plain, detail=32)
    PROPERTIES[name].measure(model, halves, plain)
    assert model.looks == [(64, 32), (64, None)]


def test_the_detail_that_was_asked_for_reaches_them(plain, tmp_path, monkeypatch) -> None:
    """It decides what the rows are made of, and so what is said of the model beside them."""
    seen = []

    def measure(colorizer, scene, setting, *, detail=None):
        seen.append(detail)
        return {}

    monkeypatch.setitem(PROPERTIES, "calibration", replace(PROPERTIES["calibration"], measure=measure))
    write_sheet(np.full((40, 50, 3), 90, np.uint8), tmp_path / "a.png")
    plan = Plan(PROTOCOLS["native"], ("psnr",), properties=("calibration",))
    for detail in (64, None):
        spec = ModelSpec("ours", "flagship", (plain,), detail)
        evaluate([spec], named([tmp_path / "a.png"]), plan=plan, jobs=1)
    assert seen == [64, None]
