"""What a run leaves behind: its log, TensorBoard's events, curves, samples and speeds."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from photochrom.datasets.batches import Batches
from photochrom.training import loop
from photochrom.training.config import Recipe, Stage
from photochrom.training.curves import draw_curves
from photochrom.training.files import LOG
from photochrom.training.loop import Budget, Machine, train
from photochrom.training.rates import loader_rate
from photochrom.training.samples import CELL, GAP, add_column

RECIPE = Recipe(network="cnn4", losses={"l2": 1.0}, rate=1e-3, stages=(Stage(sizes=((32, 32),), batch=2),))


@pytest.fixture
def start(pictures, tmp_path):
    def go(*, budget, recipe=RECIPE, **options):
        machine = Machine(device="cpu", precision="32-true")
        train(recipe, pictures, tmp_path / "run", budget=budget, machine=machine, **options)
        return tmp_path / "run"

    return go


def lines(folder):
    return [json.loads(line) for line in (folder / LOG).read_text("utf8").splitlines()]


def events(folder):
    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return {name: [(one.step, one.value) for one in found.Scalars(name)] for name in found.Tags()["scalars"]}


def test_epochs_end_a_run_and_stand_in_the_log(start, pictures):
    run = start(budget=Budget(epochs=2.5, log_every=1))
    found = lines(run)
    # Eight pictures, two a step.
    assert [line["step"] for line in found] == list(range(1, 11))
    assert [line["epoch"] for line in found] == [step / 4 for step in range(1, 11)]
    assert all(line["step_pictures_per_second"] >= line["pictures_per_second"] > 0 for line in found)


def test_tensorboard_has_what_the_log_has(start, pictures):
    run = start(budget=Budget(steps=4, log_every=1), validation=pictures[:2])
    start(budget=Budget(steps=6, log_every=1), validation=pictures[:2], resume=True)
    found = events(run)
    assert {"loss", "pictures_per_second", "validation_loss", "gain_over_grey_db"} <= set(found)
    logged = [(line["step"], line["loss"]) for line in lines(run) if "loss" in line]
    assert [step for step, _ in found["loss"]] == [1, 2, 3, 4, 5, 6]
    assert [value for _, value in found["loss"]] == pytest.approx([value for _, value in logged])


def test_samples_grow_by_a_column_a_look(start, pictures):
    run = start(budget=Budget(steps=4, looks=4), validation=pictures[:3])
    # Input, after each of four steps, truth.
    with Image.open(run / "samples.png") as grid:
        assert grid.size == (6 * (CELL + GAP) - GAP, 3 * (CELL + GAP) - GAP)
    start(budget=Budget(steps=8, looks=4), validation=pictures[:3], resume=True)
    assert [file.name for file in sorted((run / "samples").iterdir())] == [
        f"{step:09d}.png" for step in (1, 2, 3, 4, 6, 8)
    ]
    with Image.open(run / "curves.png") as curves:
        assert curves.width > 300
    assert not list(run.rglob("*.part"))


def test_without_validation_the_samples_are_of_training(start):
    run = start(budget=Budget(steps=2))
    assert (run / "samples.png").exists()
    assert not any("validation_loss" in line for line in lines(run))
    assert not (run / "best.safetensors").exists()


def test_a_column_taken_anew_replaces_those_after_it(tmp_path):
    colors = [np.full((20, 20, 3), shade, np.uint8) for shade in (250, 120)]
    for step in (1, 2, 3, 2):
        add_column(tmp_path, step, colors, [color // (step + 1) for color in colors])
    assert [file.stem for file in sorted((tmp_path / "samples").iterdir())] == ["000000001", "000000002"]
    with Image.open(tmp_path / "samples.png") as grid:
        row = np.asarray(grid)[CELL // 2, CELL // 2 :: CELL + GAP, 0]
    np.testing.assert_allclose(row, [250, 125, 83, 250], atol=1)


def test_curves_rise_where_the_figure_does(tmp_path):
    draw_curves([{"step": s, "loss": s, "minutes": 1.0, "once": 1.0} if s == 1 else {"step": s, "loss": s}
                 for s in range(1, 20)], tmp_path / "c.png")  # fmt: skip
    with Image.open(tmp_path / "c.png") as image:
        assert image.size == (320, 200)
        drawn = np.asarray(image)[..., 2].astype(int) - np.asarray(image)[..., 0] > 60
    heights = [rows.mean() for rows in (np.flatnonzero(column) for column in drawn.T) if len(rows)]
    assert heights[0] > heights[len(heights) // 2] > heights[-1]
    draw_curves([{"step": 1, "loss": 1.0}], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_the_loader_is_measured_by_itself(start, pictures):
    run = start(budget=Budget(steps=1), measure_loader=True)
    assert lines(run)[0]["loader_pictures_per_second"] > 0
    batches = Batches(pictures, batch=2, sizes=((32, 32),), weights={}, seed=0)
    assert loader_rate(batches, seconds=0.05) > 10


def test_a_line_is_due_after_a_while_whatever_the_steps(start, monkeypatch):
    ticks = iter(range(0, 10**6, 20))
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    run = start(budget=Budget(steps=6, log_every=1000), recipe=dataclasses.replace(RECIPE, seed=1))
    # 20 seconds a step, and a line where 30 have gone by when a step begins.
    assert [line["step"] for line in lines(run)] == [3, 6]
