"""Stages whose losses and hints differ: a system taught by bins that gives ab all the same."""

import dataclasses
import json

import pytest

from photochrom.errors import BadConfig
from photochrom.networks.siggraph17 import Siggraph17
from photochrom.training import checkpoint
from photochrom.training.config import Recipe, Sampling, Stage
from photochrom.training.export import export
from photochrom.training.files import LOG
from photochrom.training.loop import Budget, Machine, train

CLASSES_FIRST = Recipe(
    network="siggraph17", losses={"huber": 0.2, "cross_entropy": 1.0}, options={"filters": 4, "unit": 1.0},
    sampling=Sampling(hinted=1.0),
    stages=(
        Stage(share=0.5, sizes=((32, 32),), batch=2, losses={"cross_entropy": 1.0}, hinted=0.0),
        Stage(share=0.5, sizes=((32, 32),), batch=2),
    ),
)  # fmt: skip


def play(recipe, pictures, out):
    machine = Machine(device="cpu", precision="32-true")
    return train(recipe, pictures, out, budget=Budget(steps=4, log_every=1), machine=machine)


def test_classes_first_and_hints_later(pictures, tmp_path, monkeypatch):
    hinted, told = [], Siggraph17.told

    def recorded(self, batch, **shares):
        hinted.append(shares["hinted"])
        return told(self, batch, **shares)

    monkeypatch.setattr(Siggraph17, "told", recorded)
    last = play(CLASSES_FIRST, pictures, tmp_path / "run")
    assert hinted == [0.0, 0.0, 1.0, 1.0]
    lines = map(json.loads, (tmp_path / "run" / LOG).read_text("utf8").splitlines())
    terms = [{key for key in line if key.startswith("loss")} for line in lines if "loss" in line]
    assert terms == [{"loss"}] * 2 + [{"loss_huber", "loss_cross_entropy", "loss"}] * 2
    # Bins taught it, but it gives ab: there is no prior to keep, and the card has none.
    assert len(checkpoint.load(last)["prior"]) == 0
    card = json.loads(export(last, tmp_path / "model", name="tiny").card.read_text("utf8"))
    assert card["gives"] == "ab"
    assert "prior" not in card


def test_a_stage_without_hints_of_its_own_has_those_of_the_recipe():
    first, second = CLASSES_FIRST.stages
    assert CLASSES_FIRST.sampling_of(first) == dataclasses.replace(CLASSES_FIRST.sampling, hinted=0.0)
    assert CLASSES_FIRST.sampling_of(second) == CLASSES_FIRST.sampling
    with pytest.raises(BadConfig, match=r"hinted: must lie in 0…1, not 1\.5"):
        Stage(hinted=1.5)


def test_weights_by_how_common_bins_are_want_bins(pictures, tmp_path):
    recipe = dataclasses.replace(
        CLASSES_FIRST, losses={"rebalanced": 1.0}, stages=(Stage(sizes=((32, 32),)),)
    )
    with pytest.raises(BadConfig, match="losses: one weighs bins by how common they are, and siggraph17"):
        play(recipe, pictures, tmp_path / "run")
