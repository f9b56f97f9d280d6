"""`photochrom train`, `export` and `data shard`: thin, so what is tested is what they pass on."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.cli.train import sentence, time_left
from photochrom.errors import Diverged
from photochrom.training import export as exporting
from photochrom.training import loop
from photochrom.training.files import BEST, LAST
from photochrom.training.loop import Machine


@pytest.fixture
def pictures(here):
    """Two colourful pictures and a grey one in the folder p, one of them again in q."""
    rng = np.random.default_rng(0)
    for folder in ("p", "q"):
        (here / folder).mkdir()
    for name in ("p/a.png", "p/b.png"):
        Image.fromarray(rng.integers(0, 256, (80, 100, 3), np.uint8)).save(name)
    Image.open("p/a.png").save("q/a.png")
    Image.new("RGB", (100, 80), (90, 90, 90)).save("p/grey.png")
    return here


@pytest.fixture
def trained(monkeypatch):
    """Takes the loop's place and keeps what it was called with."""
    seen = {}

    def train(recipe, pictures, out, **options):
        seen.update(recipe=recipe, pictures=pictures, out=out, **options)
        out.mkdir(parents=True, exist_ok=True)
        options["report"]({"step": 50, "progress": 0.5, "loss": 3.14159, "pictures_per_second": 41.5})
        options["report"]({"step": 50, "progress": 0.5, "validation_loss": 3.0, "gain_over_grey_db": 0.5})
        return out / LAST

    monkeypatch.setattr(loop, "train", train)
    return seen


def test_what_train_passes_on(call, pictures, trained):
    done = call(
        "train", "flagship", "--data", "p", "q", "--val", "q", "--set", "rate=0.001", "--minutes", "3",
        "--device", "cpu", "--precision", "32-true", "--resume", "--out", "run", "--epochs", "9",
        "--batch", "5", "--backbone", "lite2.pth", "--devices", "2", "--num-nodes", "3",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{Path('run', LAST)}\n"
    assert (trained["recipe"].network, trained["recipe"].rate) == ("flagship", 0.001)
    assert [Path(picture.name).as_posix() for picture in trained["pictures"]][-1] == "q/a.png"
    assert (len(trained["pictures"]), len(trained["validation"])) == (4, 1)
    assert trained["recipe"].losses == {"cross_entropy": 1.0}
    assert trained["recipe"].backbone == "lite2.pth"
    assert [stage.batch for stage in trained["recipe"].stages] == [5]
    assert (trained["budget"].minutes, trained["budget"].epochs, trained["resume"]) == (3, 9, True)
    assert trained["machine"] == Machine(device="cpu", precision="32-true", devices=2, nodes=3)
    lines = done.stderr.splitlines()
    assert "step 50, 50.0%, loss 3.142, 41.5 pictures a second" in lines
    assert any(line.startswith("step 50, 50.0%, validation loss 3, +0.50 dB over grey") for line in lines)


def test_pictures_that_are_passed_over_are_said_even_if_quiet(call, pictures, trained):
    Path("list.txt").write_text("p/a.png\nnone.png\n")
    assert call("train", "cnn4", "--data", "list.txt", "--steps", "1", "-q").stderr == (
        "none.png: is listed in list.txt, but there is no such picture; passed over\n"
    )
    assert trained["damaged"] is not None


def test_without_out_a_run_is_called_as_its_network(call, pictures, trained):
    assert call("train", "flagship", "--data", "p", "--steps", "2", "-q").stderr == ""
    assert trained["out"] == Path("runs/flagship")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--steps", "1"], "--data"),
        (["--data", "p"], "--epochs N, --minutes N or --steps N"),
        (["--data", "p", "--minutes", "0"], "--minutes"),
        (["--data", "p", "--steps", "1", "--device", "toaster"], "--device"),
    ],
)
def test_wrong_usage(call, pictures, words, message):
    done = call("train", "flagship", *words)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_recipe_for_another_network(call, pictures, trained):
    Path("r.toml").write_text('network = "cnn4"\nlosses = {l1 = 1}')
    done = call("train", "flagship", "--data", "p", "--steps", "1", "--recipe", "r.toml")
    assert done.exit_code == 2
    assert "'cnn4', not 'flagship'" in done.stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--data", "none"], "none: "),
        (["--data", "p", "--set", "rat=1"], "rat: unknown setting; did you mean rate?"),
        (["--data", "p", "--recipe", "none.toml"], "none.toml: "),
        (["--data", "p", "--set", "options.dims=1"], "options.dims: unknown option; did you mean dim?"),
    ],
)
def test_an_error_of_the_library_is_one_line(call, pictures, words, line):
    done = call("train", "flagship", "--steps", "1", "-q", *words)
    assert done.exit_code == 1
    assert done.stderr.startswith(line)
    assert len(done.stderr.splitlines()) == 1


def test_a_recipe_by_its_name(call, pictures, trained):
    assert call("train", "cnn4-rgb", "--data", "p", "--steps", "1", "-q").exit_code == 0
    assert (trained["recipe"].network, trained["out"]) == ("cnn4", Path("runs/cnn4-rgb"))
    done = call("train", "cnn5", "--data", "p", "--steps", "1", "-q")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "did you mean cnn4?" in done.stderr


def test_of_several_processes_one_speaks(call, pictures, trained, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    done = call("train", "cnn4", "--data", "p", "--steps", "1")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_divergence_is_one_line(call, pictures, monkeypatch):
    def diverging(*_, **__):
        raise Diverged("run", "no number")

    monkeypatch.setattr(loop, "train", diverging)
    done = call("train", "flagship", "--data", "p", "--steps", "1", "-q")
    assert (done.exit_code, done.stderr) == (1, "run: no number\n")


@pytest.mark.parametrize(
    ("saves", "message"),
    [
        (False, "Stopped before the first checkpoint"),
        (True, "The same command with --resume goes on from it."),
    ],
)
def test_ctrl_c_says_what_is_kept(call, pictures, monkeypatch, saves, message):
    def stopped(_recipe, _pictures, out, **_):
        out.mkdir(parents=True)
        if saves:
            (out / LAST).write_bytes(b"")
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train", stopped)
    done = call("train", "flagship", "--data", "p", "--steps", "9", "--out", "run")
    assert done.exit_code == 130
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "words", [["train", "flagship", "--data", "p", "--steps", "1"], ["export", "r", "--out", "m"]]
)
def test_without_torch_the_command_that_brings_it_is_named(call, here, monkeypatch, words):
    for name in [
        name for name in sys.modules if name.startswith(("photochrom.training", "photochrom.datasets"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    done = call(*words)
    assert done.exit_code == 1
    assert done.stderr == 'training needs more packages: pip install "photochrom[train]"\n'


def test_the_time_that_is_left():
    assert time_left(0.5, first=0.0, seconds=60) == 60
    assert time_left(0.5, first=0.25, seconds=60) == 120
    assert time_left(0.5, first=0.5, seconds=60) is None
    assert sentence({"step": 1, "progress": 0.5}, left=59) == "step 1, 50.0%, 59 s left"
    assert sentence({"step": 1, "progress": 0.5}, left=3600) == "step 1, 50.0%, 60 min left"


def test_what_export_passes_on(call, here, monkeypatch):
    seen, stored = [], []

    def export(source, out, *, others, name, about, in_bytes, temperature):
        seen.append((source, out, name, about, *others))
        stored.append((in_bytes, temperature))
        return exporting.Exported(out / f"{name}.json", 0.001, 14_000_000)

    monkeypatch.setattr(exporting, "export", export)
    monkeypatch.setattr(exporting, "network_of", lambda _: "flagship")
    Path("run").mkdir()
    Path("about.toml").write_text('summary = "portraits"')
    assert call("export", "run", "--out", "m").stdout == f"{Path('m/flagship.json')}\n"
    (Path("run") / BEST).write_bytes(b"")
    call("export", "run", "--out", "m", "--name", "mine", "--about", "about.toml")
    call("export", "run/other.ckpt", "--out", "m", "--with", "run/a.ckpt", "--with", "run/b.ckpt")
    assert seen == [
        (Path("run") / LAST, Path("m"), "flagship", None),
        (Path("run") / BEST, Path("m"), "mine", {"summary": "portraits"}),
        (Path("run/other.ckpt"), Path("m"), "flagship", None, Path("run/a.ckpt"), Path("run/b.ckpt")),
    ]
    Path("m").mkdir()
    Path("m/mine.json").write_text("{}")
    assert call("export", "run", "--out", "m", "--name", "mine").exit_code == 1
    assert call("export", "run", "--out", "m", "--name", "mine", "--overwrite").exit_code == 0
    assert set(stored) == {(False, 1.0)}
    assert call("export", "run", "--out", "m", "--weights", "int8", "--temperature", "1.12").exit_code == 0
    assert stored[-1] == (True, 1.12)
    assert call("export", "run", "--out", "m", "--overwrite", "--temperature", "0").exit_code == 2
    Path("about.toml").write_text("made = 2026-08-01")
    done = call("export", "run", "--out", "m", "--about", "about.toml")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("about.toml: ")


def test_a_start_that_is_nothing_is_one_line_and_leaves_nothing(call, here, pictures):
    done = call("train", "flagship-tune", "--start", "nowhere", "--data", "p", "--steps", "1", "--out", "r")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].endswith("--start: nowhere: neither a run, a checkpoint nor a model")
    Path("no.ckpt").write_text("hi")
    done = call("train", "flagship-tune", "--start", "no.ckpt", "--data", "p", "--steps", "1", "--out", "r")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "no.ckpt: not a checkpoint of Photochrom, or damaged"
    assert not Path("r").exists()


def test_export_of_nothing_is_one_line(call, here):
    done = call("export", "none.ckpt", "--out", "m")
    assert done.exit_code == 1
    assert done.stderr.startswith("none.ckpt: ")


def test_shards(call, pictures):
    done = call("data", "shard", "p", "--out", "s/noise", "--side", "64", "--keep-apart", "q")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{Path('s/noise-000000.tar')}\n"
    lines = done.stderr.splitlines()
    assert lines[-1] == "packed: 1; shards: 1"
    assert "left out: 1 (grey)" in lines
    again = call("data", "shard", "p", "--out", "s/noise")
    assert again.exit_code == 1
    assert "exists" in again.stderr
    assert call("data", "shard", "p", "--out", "s/noise", "--overwrite").exit_code == 0
    assert call("data", "shard", "none", "--out", "s/other").stderr.startswith("none: ")
    Path("q/torn.png").write_bytes(b"")
    assert "kept apart" in call("data", "shard", "p", "--out", "s/x", "--keep-apart", "q").stderr
