"""Two processes that train together over gloo do what one does with the double batch.

Without damage, hints, dropout and batch norms, that is: each process draws the first three for its own
pictures, and normalises by the statistics of its own (PyTorch synchronises those on graphics cards only).
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from photochrom.training import checkpoint
from photochrom.training.files import BEST, LAST, LOG

RECIPE = """
network = "cnn4"
options = {{ filters = 4 }}
losses = {losses}
adversarial = "wasserstein"
critic = "wasserstein-critic"
critic_options = {{ filters = 4 }}
rate = 1e-3
stages = [{{ sizes = [[32, 32], [32, 48]], batch = 2 }}]
"""


@pytest.fixture
def folder(tmp_path, pictures):
    (tmp_path / "p").mkdir()
    for picture in pictures:
        (tmp_path / "p" / f"{picture.name}.jpg").write_bytes(picture.data)
    return tmp_path


def command(*words):
    options = ["--data", "p", "--val", "p", "--device", "cpu", "--precision", "32-true", "--recipe", "r.toml"]
    return [sys.executable, "-m", "photochrom", "train", "cnn4", *options, *words]


def environment():
    outer = {key: value for key, value in os.environ.items() if not key.startswith(("MASTER_", "LOCAL_"))}
    return {**outer, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}


def train(folder, *words):
    done = subprocess.run(
        command(*words), check=False, cwd=folder, env=environment(), capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def losses(folder):
    lines = [json.loads(line) for line in (folder / LOG).read_text("utf8").splitlines()]
    return {line["step"]: {k: v for k, v in line.items() if "loss" in k} for line in lines if "step" in line}


@pytest.mark.parametrize("kind", ["{ l2 = 1 }", "{ l1 = 1, adversarial = 0.1 }"])
def test_two_are_as_one_with_the_double_batch(folder, kind):
    (folder / "r.toml").write_text(RECIPE.format(losses=kind))
    two = train(folder, "--steps", "5", "--devices", "2", "--out", "two")
    train(folder, "--steps", "5", "--batch", "4", "--out", "one")
    # One of them speaks.
    assert two.stdout == f"{Path('two', BEST)}\n"
    assert two.stderr.count("reading the pictures") == 1
    here, there = (checkpoint.load(folder / name / LAST) for name in ("two", "one"))
    assert (here["step"], here["shown"]) == (there["step"], there["shown"]) == (5, 20)
    for part in ("network", "critic"):
        for name, value in there[part].items():
            # An instance norm takes away what the bias before it adds, so that its gradient is nothing but
            # rounding, which Adam makes into steps of full size.
            if part == "network" or value.ndim > 1:
                torch.testing.assert_close(here[part][name], value, atol=1e-6, rtol=1e-5)
    assert losses(folder / "two").keys() == losses(folder / "one").keys()
    for step, expected in losses(folder / "one").items():
        assert losses(folder / "two")[step] == pytest.approx(expected, abs=1e-3)
    # And two go on where they stopped.
    train(folder, "--steps", "7", "--devices", "2", "--out", "two", "--resume")
    assert checkpoint.load(folder / "two" / LAST)["step"] == 7


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_ctrl_c_stops_both(folder):
    (folder / "r.toml").write_text(RECIPE.format(losses="{ l2 = 1 }"))
    words = command("--minutes", "60", "--devices", "2", "--out", "run")
    running = subprocess.Popen(
        words, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        for line in running.stderr:
            if "loss" in line:
                break
        os.killpg(running.pid, signal.SIGINT)
        rest = running.communicate(timeout=120)[1]
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 130, rest
    assert rest.count("--resume goes on from it") == 1
    assert checkpoint.load(folder / "run" / LAST)["step"] > 0
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a process outlived the run")
