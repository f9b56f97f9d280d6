from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from photochrom.cli.films import films
from photochrom.errors import BadOption, ModelNotFound, UnreadableImage
from photochrom.evaluation.video import FILM_METRICS


@pytest.fixture(scope="module")
def folder(write_film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films of coloured patches that drift. Not to be written to."""
    folder = tmp_path_factory.mktemp("films")
    for seed, name in enumerate(["a.mp4", "b.mkv"]):
        patches = np.random.default_rng(seed).integers(40, 216, (6, 10, 3), dtype=np.uint8)
        wall = patches.repeat(8, axis=0).repeat(8, axis=1)
        write_film(folder / name, [wall[:, i : i + 64] for i in range(6)])
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(films, [str(argument) for argument in arguments])


def test_the_table_has_a_line_for_each_row(folder: Path) -> None:
    result = run("--data", folder, "--model", "flagship", "--model", "again=flagship")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    head, *rows = result.stdout.splitlines()[:5]
    assert [title in head for title in ("PSNR dB", "ΔE2000", "warp error of ab", "CDC")] == [True] * 4
    assert [row.split()[0] for row in rows] == ["grey", "truth", "flagship", "again"]
    assert rows[1].split()[1:3] == ["–", "–"]
    assert rows[2].split()[1:] == rows[3].split()[1:]
    assert "2 films, at most 24 frames of each, 256 pixels, step 1, seed 0" in result.stdout
    assert f"evaluate-films --data {folder} --model flagship" in result.stdout.splitlines()[-1]


def test_json_holds_everything(folder: Path) -> None:
    result = run("--data", folder, "--frames", 5, "--side", 32, "--seed", 4, "--json")
    report = json.loads(result.stdout)
    assert report["sampling"] == {"frames": 5, "step": 1, "side": 32}
    assert (report["films"], report["seed"], report["failures"]) == (2, 4, [])
    assert [metric["name"] for metric in report["metrics"]] == list(FILM_METRICS)
    assert [row["name"] for row in report["rows"]] == ["grey", "truth", "flagship"]
    assert report["rows"][1]["metrics"]["psnr"] is None
    warp = report["rows"][2]["metrics"]["warp"]
    # Two films say nothing of others.
    assert warp == {"mean": warp["mean"], "low": None, "high": None, "n": 2}
    first = report["files"][0]
    assert (first["name"], first["frames"], first["height"]) == ("a.mp4", 5, 32)
    assert first["sha256"] == hashlib.sha256((folder / "a.mp4").read_bytes()).hexdigest()
    assert first["values"]["truth"]["psnr"] is None
    assert first["values"]["grey"]["warp"] == pytest.approx(0, abs=1e-3)
    assert report["models"][0]["about"]["parameters"] > 1e6
    assert {"av", "opencv-python-headless", "python"} <= set(report["versions"])


def test_grey_is_what_vividness_0_gives(folder: Path) -> None:
    report = json.loads(run("--data", folder / "a.mp4", "--vividness", 0, "--json").stdout)
    gray, _, model = (row["metrics"] for row in report["rows"])
    assert model["psnr"]["mean"] == pytest.approx(gray["psnr"]["mean"], abs=0.1)
    assert model["warp"]["mean"] == pytest.approx(0, abs=0.05)


def test_a_bad_film_is_one_line_and_exit_1(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("words")
    result = run("--data", folder / "a.mp4", "--data", tmp_path)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "bad.mp4: cannot be read as a film" in result.stderr
    assert "1 films" in result.stdout
    alone = run("--data", tmp_path)
    assert (alone.exit_code, alone.stdout) == (1, "")


def test_what_cannot_be_done_is_the_library_s_error(folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    Image.new("RGB", (8, 8)).save(results / "a.png")
    for arguments, kind in (
        (["--model", results], BadOption),
        (["--model", "unheard-of"], ModelNotFound),
        (["--vividness", 3], BadOption),
        (["--detail", 5], BadOption),
        (["--model", "flagship", "--model", "flagship"], BadOption),
    ):
        assert isinstance(run("--data", folder, *arguments).exception, kind), arguments
    assert isinstance(run("--data", results).exception, UnreadableImage)
