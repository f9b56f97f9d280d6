"""The loop: it learns, it can be stopped anywhere, and it says what went wrong."""

import dataclasses
import json
import os
import signal
import threading
from types import SimpleNamespace

import pytest
import torch

from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import BadConfig, Diverged, TrainingError
from photochrom.training import checkpoint, loop, turns
from photochrom.training.config import Sampling, Stage
from photochrom.training.files import BEST, LAST, LOG
from photochrom.training.loop import Budget, Machine, rate_at, train

pytestmark = pytest.mark.usefixtures("shallow")


@pytest.fixture
def start(recipe, pictures, tmp_path):
    """Trains in float32 on the CPU in the folder "run", a line of the log a step."""

    def go(*, out="run", recipe=recipe, steps=4, save_every=5.0, validate_every=15.0, log_every=1, **options):
        options = {"device": "cpu", "precision": "32-true", **options}
        budget = Budget(
            steps=steps, save_every=save_every, validate_every=validate_every, log_every=log_every
        )
        machine = Machine(**{name: options.pop(name) for name in ("device", "precision") if name in options})
        return train(recipe, pictures, tmp_path / out, budget=budget, machine=machine, **options)

    return go


def lines(folder):
    return [json.loads(line) for line in (folder / LOG).read_text("utf8").splitlines()]


def losses(folder):
    return {line["step"]: line["loss"] for line in lines(folder) if "loss" in line}


def ctrl_c_at(step):
    """A report that presses Ctrl-C when it hears of `step`."""

    def report(line):
        if line["step"] == step and "loss" in line:
            os.kill(os.getpid(), signal.SIGINT)

    return report


def flagship_parameters(state):
    """Names and values of what learns; running statistics do not."""
    return [
        (k, v) for k, v in state["network"].items() if not k.rpartition(".")[2].startswith(("running", "num"))
    ]


def test_a_few_steps_lower_the_loss(start, recipe, tmp_path):
    reports = []
    plain = dataclasses.replace(recipe, sampling=Sampling(hinted=0.4, wished=0.15))
    final = start(recipe=plain, steps=16, report=reports.append)
    assert final == tmp_path / "run" / LAST
    found = losses(tmp_path / "run")
    assert sorted(found) == list(range(1, 17))
    early, late = (sum(found[step] for step in steps) / 3 for steps in ((1, 2, 3), (14, 15, 16)))
    assert late < 0.8 * early
    assert [line["progress"] for line in reports] == [step / 16 for step in range(1, 17)]
    assert not any(thread.name == "batches" for thread in threading.enumerate())


def test_damaged_pictures_are_told_once_whatever_the_stages(start, recipe, pictures, tmp_path):
    cut = EncodedPicture("cut", "made", pictures[0].data[:300])
    text = EncodedPicture("text", "made", b"no picture")
    small = Stage(sizes=((32, 32),), batch=4, share=0.5)
    halves = dataclasses.replace(recipe, stages=(small, dataclasses.replace(small, sizes=((32, 64),))))
    told = []
    budget = Budget(steps=8)
    train(
        halves, [*pictures[:2], cut], tmp_path / "run", budget=budget, validation=[text, pictures[2]],
        machine=Machine(device="cpu", precision="32-true"), damaged=told.append,
    )  # fmt: skip
    assert sorted(damage.name for damage in told) == ["cut", "text"]
    assert all(damage.reason for damage in told)


def test_mixed_precision_learns_too(start, tmp_path):
    start(steps=2, precision="bf16-mixed")
    state = checkpoint.load(tmp_path / "run" / LAST)
    assert all(
        value.dtype == torch.float32 for value in state["network"].values() if value.is_floating_point()
    )


def test_a_resumed_run_is_the_run_that_was_not_stopped(start, tmp_path):
    start(out="whole", steps=6)
    with pytest.raises(KeyboardInterrupt):
        start(steps=6, report=ctrl_c_at(3))
    stopped = checkpoint.load(tmp_path / "run" / LAST)
    assert stopped["step"] == 3
    start(steps=6, resume=True)
    assert losses(tmp_path / "run") == pytest.approx(losses(tmp_path / "whole"), abs=1e-4)
    here, there = (checkpoint.load(tmp_path / out / LAST) for out in ("run", "whole"))
    assert here["step"] == there["step"] == 6
    assert here["seconds"] > stopped["seconds"] > 0
    for part in ("network", "average"):
        for name, value in there[part].items():
            torch.testing.assert_close(here[part][name], value, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(here["prior"], there["prior"])


def test_every_step_and_every_seed_draws_anew(start, recipe, monkeypatch):
    honest, seeds = loop.sample, []

    def watched(rgb, label, network, sampling, generator):
        seeds.append(generator.initial_seed())
        return honest(rgb, label, network, sampling, generator)

    monkeypatch.setattr(loop, "sample", watched)
    start(steps=3)
    start(out="other", recipe=dataclasses.replace(recipe, seed=1), steps=3)
    assert len(set(seeds)) == 6


def test_ctrl_c_restores_the_handler_and_a_second_one_is_immediate(start):
    before = signal.getsignal(signal.SIGINT)

    def impatient(line):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        start(steps=50, report=impatient)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_in_the_last_step_is_not_lost(start, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        start(steps=2, report=ctrl_c_at(2))
    assert checkpoint.load(tmp_path / "run" / LAST)["step"] == 2


def test_it_runs_in_a_thread(start, tmp_path):
    thread = threading.Thread(target=start, kwargs={"steps": 1})
    thread.start()
    thread.join()
    assert checkpoint.load(tmp_path / "run" / LAST)["step"] == 1


def test_what_was_lost_is_cut_from_the_log(start, tmp_path):
    start(steps=2)
    log = tmp_path / "run" / LOG
    # A kill after step 4 left two lines beyond the checkpoint and half of a third.
    extra = [json.dumps({"step": step, "loss": 99.0}) for step in (3, 4)]
    log.write_text(log.read_text("utf8") + "\n".join(extra) + '\n{"step": 5, "lo', "utf8")
    start(steps=4, resume=True)
    assert [line["step"] for line in lines(tmp_path / "run")] == [1, 2, 3, 4]
    assert 99.0 not in losses(tmp_path / "run").values()


def test_a_run_is_not_overwritten(start, tmp_path):
    start(steps=1)
    before = (tmp_path / "run" / LAST).read_bytes()
    with pytest.raises(
        TrainingError, match=r"run: holds a run already \(last\.safetensors\): .*--resume.*--out"
    ):
        start(steps=1)
    assert (tmp_path / "run" / LAST).read_bytes() == before
    assert len(lines(tmp_path / "run")) == 1


def test_nothing_to_resume(start, tmp_path):
    with pytest.raises(TrainingError, match=r"last\.safetensors: no checkpoint here"):
        start(resume=True)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made(start, tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(TrainingError, match="run: File exists"):
        start()


def test_another_network_cannot_take_over(start, recipe, tmp_path):
    start(steps=1)
    with pytest.raises(BadConfig, match=r"options.dim: 64 now, but .*run was begun with 32"):
        start(recipe=dataclasses.replace(recipe, options={**recipe.options, "dim": 64}), resume=True)
    state = checkpoint.load(tmp_path / "run" / LAST)
    del state["network"]["decoder.head.bias"]
    checkpoint.save(tmp_path / "run" / LAST, state)
    with pytest.raises(TrainingError, match=r"last\.safetensors: does not fit this network"):
        start(resume=True)


def test_a_resumed_run_needs_no_starting_weights_but_heeds_the_recipe(start, recipe, tmp_path):
    start(steps=1)
    changed = dataclasses.replace(recipe, backbone="gone.pth", rate=1e-3, weight_decay=0.5)
    start(recipe=changed, steps=2, resume=True)
    state = checkpoint.load(tmp_path / "run" / LAST)
    groups = state["optimizer"]["param_groups"]
    assert [group["peak"] for group in groups] == [2e-3, 2e-3, 1e-3, 1e-3]
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0, 0.5, 0.0]
    assert state["recipe"]["rate"] == 1e-3


def test_starting_weights_that_are_missing(start, recipe):
    with pytest.raises(BadConfig, match=r"gone\.pth: not EfficientNet-Lite2's weights"):
        start(recipe=dataclasses.replace(recipe, backbone="gone.pth"))


def test_a_run_goes_on_from_the_weights_of_another(start, recipe, tmp_path):
    before = checkpoint.weights(checkpoint.load(start(steps=3)))
    still = dataclasses.replace(recipe, start=str(tmp_path / "run" / LAST), rate=0.0, encoder_rate=0.0)
    after = checkpoint.load(start(recipe=still, out="next", steps=1))
    for name, _ in flagship_parameters(after):
        torch.testing.assert_close(after["network"][name], before[name])
    assert after["step"] == 1


def test_another_network_is_no_start(start, recipe, tmp_path):
    start(steps=1)
    other = dataclasses.replace(
        recipe, start=str(tmp_path / "run" / LAST), options={**recipe.options, "dim": 64}
    )
    with pytest.raises(BadConfig, match=r"options.dim: 64 now, but .*last\.safetensors was begun with 32"):
        start(recipe=other, out="next")
    with pytest.raises(TrainingError, match=r"gone\.safetensors: no checkpoint here"):
        start(recipe=dataclasses.replace(recipe, start=str(tmp_path / "gone.safetensors")), out="next")


def test_what_is_frozen_stays_and_the_rest_learns(start, recipe, tmp_path):
    start(steps=1)
    begun = {"start": str(tmp_path / "run" / LAST), "frozen": ("encoder.stem", "decoder.merge")}
    before = checkpoint.weights(checkpoint.load(tmp_path / "run" / LAST))
    after = checkpoint.load(start(recipe=dataclasses.replace(recipe, **begun), out="next"))["network"]
    kept = {name for name, value in after.items() if torch.equal(value, before[name])}
    named = {name for name in after if name.startswith(begun["frozen"])}
    assert named <= kept
    assert {"decoder.head.weight", "encoder.stages.0.0.layers.0.weight"}.isdisjoint(kept)
    with pytest.raises(BadConfig, match=r"frozen: 'encoder\.stam' is not"):
        start(recipe=dataclasses.replace(recipe, frozen=("encoder.stam",)), out="other")


@pytest.mark.parametrize("saved", [True, False])
def test_divergence_names_the_step_and_the_way_back(start, tmp_path, monkeypatch, saved):
    honest, calls = turns.weighed, 0

    def broken(*arguments):
        nonlocal calls
        calls += 1
        found = honest(*arguments)
        return {name: loss * (float("nan") if calls == 3 else 1) for name, loss in found.items()}

    monkeypatch.setattr(turns, "weighed", broken)
    way = r"last good checkpoint: .*last\.safetensors" if saved else "no checkpoint was written yet"
    with pytest.raises(Diverged, match=f"run: the loss is no number at step 2; {way}"):
        start(steps=5, save_every=0 if saved else 5)
    if saved:
        state = checkpoint.load(tmp_path / "run" / LAST)
        assert state["step"] == 2
        assert all(torch.isfinite(value).all() for value in state["network"].values())


@pytest.mark.parametrize(("batch", "cure"), [(4, "try batch = 2"), (1, "try smaller sizes")])
def test_lack_of_memory_names_a_batch_to_try(start, recipe, monkeypatch, batch, cure):
    def too_much(*arguments):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 7 PiB.")

    monkeypatch.setattr(turns, "weighed", too_much)
    small = dataclasses.replace(recipe, stages=(Stage(sizes=((32, 64),), batch=batch),))
    with pytest.raises(TrainingError, match=rf"batch: {batch} pictures of 32×64 do not fit .*; {cure}$"):
        start(recipe=small)


def test_stages_follow_and_the_speed_is_right_across_them(start, recipe, tmp_path, monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    shapes = []
    honest = turns.weighed

    def watched(answer, batch, aids, losses):
        shapes.append(tuple(batch.lightness.shape))
        return honest(answer, batch, aids, losses)

    monkeypatch.setattr(turns, "weighed", watched)
    stages = (Stage(share=0.5, sizes=((32, 32),), batch=4), Stage(share=0.5, sizes=((64, 32),), batch=2))
    start(recipe=dataclasses.replace(recipe, stages=stages), steps=6, log_every=4)
    assert shapes == [(4, 1, 32, 32)] * 3 + [(2, 1, 64, 32)] * 3
    # Four steps of a second each showed 4 + 4 + 4 + 2 pictures.
    assert [line["pictures_per_second"] for line in lines(tmp_path / "run")] == [3.5]


def test_validation_keeps_the_best_and_disturbs_nothing(start, pictures, tmp_path):
    damaged = EncodedPicture("damaged", "made", b"")
    final = start(steps=4, validate_every=0, validation=[damaged, *pictures[:2]])
    assert final == tmp_path / "run" / BEST
    found = [line for line in lines(tmp_path / "run") if "validation_loss" in line]
    assert [line["step"] for line in found] == [1, 2, 3, 4]
    assert all({"validation_loss", "gain_over_grey_db"} <= set(line) for line in found)
    least = min(line["validation_loss"] for line in found)
    best = checkpoint.load(final)
    assert best["best"] == least
    assert best["step"] == next(line["step"] for line in found if line["validation_loss"] == least)
    assert checkpoint.load(tmp_path / "run" / LAST)["best"] == least
    start(out="alone", steps=4)
    assert losses(tmp_path / "run") == losses(tmp_path / "alone")


@pytest.mark.parametrize(
    ("part", "losses_of"),
    [("kinship", {"clicked": 1.0, "spilt": 0.25}), ("blend", {"blended": 1.0, "departed": 2.0})],
)
def test_what_leads_hints_learns_beside_a_network_that_stays_as_it_is(
    start, recipe, pictures, tmp_path, part, losses_of
):
    others = tuple(name for name in ("encoder", "decoder", "kinship", "blend") if name != part)
    hints = dataclasses.replace(
        recipe, losses=losses_of, frozen=others, sampling=Sampling(clicked=1.0), ema=0.0
    )
    begun, learnt = (
        checkpoint.load(
            start(recipe=hints, out=str(steps), steps=steps, validation=pictures[:2]).with_name(LAST)
        )["network"]
        for steps in (1, 4)
    )
    moved = {name.split(".")[0] for name, value in begun.items() if not torch.equal(value, learnt[name])}
    assert moved == {part}
    # Clicks of validation are the same at every look: where nothing learns, the same figure.
    still = dataclasses.replace(hints, rate=0.0)
    start(recipe=still, out="still", steps=2, validate_every=0, validation=pictures[:2])
    found = [line["validation_loss"] for line in lines(tmp_path / "still") if "validation_loss" in line]
    assert len(found) == 2 and found[0] == found[1] > 0


def test_a_best_found_after_the_last_checkpoint_is_remembered(start, pictures, tmp_path):
    final = start(steps=2, validation=pictures[:1])
    best = checkpoint.load(final)
    for name, figure in ((LAST, float("inf")), (BEST, -1.0)):
        checkpoint.save(tmp_path / "run" / name, {**best, "best": figure, "marker": name})
    start(steps=3, validation=pictures[:1], resume=True)
    assert checkpoint.load(final)["marker"] == BEST
    assert checkpoint.load(tmp_path / "run" / LAST)["best"] == -1


def test_the_prior_counts_every_target(start, recipe, tmp_path):
    start(steps=2)
    prior = checkpoint.load(tmp_path / "run" / LAST)["prior"]
    assert prior.dtype == torch.float64
    # 30 batches before the first step and 2 steps, 4 pictures of 8 × 8 places each.
    assert float(prior.sum()) == pytest.approx(32 * 4 * 64, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "abacus"}, "device: 'abacus' cannot be used"),
        ({"precision": "16-mixed"}, "precision: '16-mixed' is not one of"),
    ],
)
def test_machines_that_are_not_there(start, options, message):
    with pytest.raises(BadConfig, match=message):
        start(**options)


def test_unknown_networks_are_refused(start, recipe):
    with pytest.raises(BadConfig, match=r"network: 'flagshop' is not one of .*; did you mean flagship\?"):
        start(recipe=dataclasses.replace(recipe, network="flagshop"))


def test_the_rate_rises_and_falls():
    assert rate_at(0.0, 0, 100) == pytest.approx(0.01)
    assert rate_at(0.0, 99, 100) == 1
    assert rate_at(0.5, 1000, 100) == pytest.approx(0.505)
    assert rate_at(1.0, 1000, 100) == pytest.approx(0.01)
    assert rate_at(0.0, 0, 0) == 1


def test_an_interrupt_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with loop.Interruption() as stop:
            os.kill(os.getpid(), signal.SIGINT)
        assert not stop.asked
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
