"""A training run's folder in a model's place: exported once, then used without torch."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.cli.console import Console
from photochrom.cli.runs import model_of
from photochrom.networks import flagship
from photochrom.training import export as exporting


@pytest.fixture(scope="module", autouse=True)
def shallow():
    """One block a stage of the trunk in place of up to five: its shape at a third of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flagship, "LITE2", tuple((*row[:4], 1) for row in flagship.LITE2))
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run of one step. Not to be written to."""
    from click.testing import CliRunner

    from photochrom.cli.main import group

    folder = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        Image.fromarray(rng.integers(0, 256, (80, 100, 3), np.uint8)).save(folder / name)
    words = [
        "train",
        "flagship",
        "--data",
        folder,
        "--steps",
        "1",
        "--out",
        folder / "run",
        "--device",
        "cpu",
    ]
    small = ("options={dim=32,blocks=1,widths=[16,16]}", "stages=[{sizes=[[32,32]],batch=2}]")
    words += [word for setting in small for word in ("--set", setting)]
    done = CliRunner().invoke(group, [str(word) for word in words], prog_name="photochrom")
    assert done.exit_code == 0, done.stderr
    return folder / "run"


@pytest.fixture
def run(trained, here):
    """A copy of it, and a picture beside it."""
    shutil.copytree(trained, "portraits")
    Image.new("L", (60, 40), 128).save("grey.png")
    return Path("portraits")


@pytest.fixture
def exports(monkeypatch):
    """Takes the place of the real export: the checkpoints that it was asked to export."""
    asked = []

    def export(source, out, *, name):
        asked.append((source, name))
        out.mkdir(exist_ok=True)
        (out / f"{name}.json").write_text("{}")
        return exporting.Exported(out / f"{name}.json", 0.0, 0)

    monkeypatch.setattr(exporting, "export", export)
    return asked


def without_torch(monkeypatch):
    for name in [
        n for n in sys.modules if n.partition(".")[0] == "torch" or n == "photochrom.training.export"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)


def test_a_run_is_evaluated_and_colours_as_its_exported_model(call, run, trained, monkeypatch):
    data = trained.parent / "a.png"
    done = call("evaluate", "--data", data, "--model", "portraits", "--model", "b=portraits/", "--jobs", "1")
    assert done.exit_code == 0, done.stderr
    names = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert "portraits" in names
    assert "b" in names
    export = Path("portraits/export")
    told = [line for line in done.stderr.splitlines() if "exporting" in line]
    assert told == [f"portraits: exporting last.safetensors; from then on the model is in {export}"]
    files = {f"portraits.{kind}" for kind in ("json", "encoder.onnx", "decoder.onnx", "blend.onnx")}
    assert {file.name for file in export.iterdir()} == files

    without_torch(monkeypatch)
    first = call("colorize", "grey.png", "--model", "portraits", "-o", "first.png")
    assert (first.exit_code, first.stderr) == (0, "1 coloured, 0 failed, 0 skipped\n")
    call("colorize", "grey.png", "--model", export / "portraits.json", "-o", "second.png")
    assert Path("first.png").read_bytes() == Path("second.png").read_bytes()


def test_it_is_exported_again_only_when_a_checkpoint_is_newer(run, exports):
    console = Console(quiet=True, verbose=False)
    card = run / "export" / "portraits.json"
    assert model_of("portraits", console) == card
    assert model_of("portraits", console) == card
    assert exports == [(run / "last.safetensors", "portraits")]
    shutil.copy(run / "last.safetensors", run / "best.safetensors")
    os.utime(run / "best.safetensors", ns=(0, card.stat().st_mtime_ns + 1))
    assert model_of("portraits", console) == card
    assert exports[1:] == [(run / "best.safetensors", "portraits")]


def test_what_is_no_run_is_left_alone(here, exports):
    Path("folder").mkdir()
    for what in ("flagship", "folder", "none.json"):
        assert model_of(what, Console(quiet=True, verbose=False)) == what
    assert not exports


def test_a_run_without_torch_is_one_line(call, run, monkeypatch):
    without_torch(monkeypatch)
    done = call("colorize", "grey.png", "--model", "portraits", "-q")
    assert done.exit_code == 1
    assert done.stderr == (
        'using the training run portraits needs more packages: pip install "photochrom[train]"\n'
    )


def test_a_run_that_cannot_be_exported_is_one_line(call, run):
    Path("portraits/export").write_text("in the way")
    done = call("colorize", "grey.png", "--model", "portraits", "-q")
    assert (done.exit_code, done.stderr) == (1, f"{Path('portraits/export')}: File exists\n")
    Path("portraits/last.safetensors").write_bytes(b"damaged")
    done = call("colorize", "grey.png", "--model", "portraits", "-q")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"{Path('portraits/last.safetensors')}: not a checkpoint")
