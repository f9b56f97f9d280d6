"""Checkpoints: whole or not at all."""

import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from photochrom.errors import TrainingError
from photochrom.training import checkpoint

# Writes checkpoints without end; each is so large that a kill meets the middle of one.
WRITER = """
import sys, torch
from pathlib import Path
from photochrom.training import checkpoint
weights = torch.zeros(8_000_000)
for step in range(10**6):
    checkpoint.save(Path(sys.argv[1]), {"step": step, "weights": weights + step})
"""


def test_round_trip(tmp_path):
    file = tmp_path / "last.safetensors"
    checkpoint.save(file, {"step": 3, "recipe": {"sizes": ((32, 64),)}, "weights": torch.arange(4)})
    state = checkpoint.load(file)
    assert state["step"] == 3
    assert state["recipe"] == {"sizes": [[32, 64]]}
    assert torch.equal(state["weights"], torch.arange(4))
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]


def test_a_failure_in_the_middle_leaves_the_one_before(tmp_path, monkeypatch):
    file = tmp_path / "last.safetensors"
    checkpoint.save(file, {"step": 1})

    def half(tensors, partial, metadata):
        partial.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", half)
    with pytest.raises(TrainingError, match=r"last\.safetensors: checkpoint not written: .*No space left"):
        checkpoint.save(file, {"step": 2})
    monkeypatch.undo()
    assert checkpoint.load(file)["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_a_full_disk_is_one_clear_line(tmp_path):
    # A limit on file size fails a write in the middle as a full disk does, inside torch's own writer.
    program = (
        "import resource, sys, torch\nfrom pathlib import Path\n"
        "from photochrom.errors import TrainingError\nfrom photochrom.training import checkpoint\n"
        "file = Path(sys.argv[1]); checkpoint.save(file, {'step': 1})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    checkpoint.save(file, {'step': 2, 'weights': torch.zeros(10**6)})\n"
        "except TrainingError as error:\n    print(error, checkpoint.load(file)['step'])\n"
    )
    file = tmp_path / "last.safetensors"
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{file}: checkpoint not written: ")
    assert done.stdout.endswith(" 1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["last.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_kill_in_the_middle_leaves_the_one_before(tmp_path):
    file, partial = tmp_path / "last.safetensors", tmp_path / "last.safetensors.part"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)])
    try:
        deadline = time.monotonic() + 60
        while not (file.exists() and partial.exists()):
            assert writer.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        writer.kill()
        assert writer.wait() == -signal.SIGKILL
    state = checkpoint.load(file)
    assert float(state["weights"][-1]) == state["step"]
    checkpoint.save(file, {"step": -1})
    assert checkpoint.load(file)["step"] == -1
    assert not partial.exists()


@pytest.mark.parametrize("data", [b"", b"no checkpoint at all", None])
def test_anything_else_is_refused(tmp_path, data):
    file = tmp_path / "last.safetensors"
    if data is not None:
        file.write_bytes(data)
    reason = "no checkpoint here" if data is None else "not a checkpoint of Photochrom, or damaged"
    with pytest.raises(TrainingError, match=rf"last\.safetensors: {reason}$"):
        checkpoint.load(file)


@pytest.mark.parametrize("header", [None, {}, {"photochrom": "[]"}, {"photochrom": '{"version": 99}'}])
def test_other_tensors_are_refused(tmp_path, header):
    save_file({"weights": torch.zeros(3)}, tmp_path / "other.safetensors", metadata=header)
    with pytest.raises(
        TrainingError, match=r"other\.safetensors: (not a checkpoint|checkpoint of version 99)"
    ):
        checkpoint.load(tmp_path / "other.safetensors")


def test_a_cut_checkpoint_is_refused(tmp_path):
    file = tmp_path / "last.safetensors"
    checkpoint.save(file, {"weights": torch.zeros(10_000)})
    file.write_bytes(file.read_bytes()[:20_000])
    with pytest.raises(TrainingError, match="or damaged"):
        checkpoint.load(file)


def test_no_folder(tmp_path):
    with pytest.raises(TrainingError, match="checkpoint not written"):
        checkpoint.save(tmp_path / "nowhere" / "last.safetensors", {})


def test_the_average_follows_and_then_holds():
    network = nn.BatchNorm1d(2)
    average = checkpoint.Average(network, 0.9)
    nn.init.constant_(network.weight, 5.0)
    network.num_batches_tracked += 7
    average.update(network, 0)
    # Early steps forget the start: at step 0 the decay is a tenth.
    assert average.values["weight"].tolist() == pytest.approx([4.6, 4.6])
    assert int(average.values["num_batches_tracked"]) == 7
    before = float(average.values["weight"][0])
    average.update(network, 10**6)
    assert float(average.values["weight"][0]) == pytest.approx(0.9 * before + 0.1 * 5)
    assert network.weight.tolist() == [5.0, 5.0]
    assert not average.values["weight"].requires_grad
