from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from photochrom.cli.evaluate import evaluate
from photochrom.errors import BadOption, OutputExists
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.rendered import gray_of
from photochrom.inference.card import PLAIN_ANCHORS
from photochrom.inference.vividness import rule_at


class Known:
    """A colorizer that gives everything one tint."""

    name, detail = "known", 256

    def __init__(self, model: str, *, threads: int | None = None) -> None:
        self.card = self

    def rule(self, vividness: float):
        return rule_at(vividness, PLAIN_ANCHORS)

    def guess(self, picture, *, detail=None):
        return None

    def paint(self, picture, guess, rule):
        tint = np.array([20, 0, -20]) * rule.chroma
        self.rgb = (gray_of(picture).rgb + tint).clip(0, 255).astype(np.uint8)
        return self

    def to_array(self):
        return self.rgb


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("photochrom.inference.pipeline.Colorizer", Known)
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        rgb = rng.integers(0, 256, (8, 10, 3), dtype=np.uint8)
        Image.fromarray(rgb).resize((50, 40)).save(folder / f"{i}.png")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def test_the_table_has_a_line_for_each_row(photographs: Path) -> None:
    result = run("--data", photographs, "--vividness", "0.5,1", "--tau", "0.1", "--temperature", "0.6,1")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[1:8]] == [
        "grey",
        "truth via 8-bit Lab",
        "vividness 0.5",
        "vividness 1",
        "tau 0.1, T 0.6",
        "tau 0.1, T 1",
        "truth",
    ]
    assert lines[0].split()[:2] == ["PSNR", "dB"]
    assert "4 pictures, model known, protocol crop256" in lines[-1]


def test_json_holds_everything(photographs: Path) -> None:
    result = run("--data", photographs, "--json", "--limit", 3, "--seed", 4, "--protocol", "native")
    report = json.loads(result.stdout)
    assert (report["pictures"], report["protocol"], report["seed"]) == (3, "native", 4)
    assert [line["name"] for line in report["lines"]] == ["grey", "truth via 8-bit Lab", "vividness 1"]
    estimate = report["lines"][2]["gain"]["psnr"]
    assert estimate["low"] <= estimate["mean"] <= estimate["high"]
    assert report["lines"][0]["colorfulness_ratio"]["mean"] == 0
    assert len(report["files"]) == 3


def test_a_bad_file_is_one_line_and_exit_1(photographs: Path) -> None:
    (photographs / "9.jpg").write_text("words")
    result = run("--data", photographs)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "9.jpg" in result.stderr
    assert "4 pictures" in result.stdout


def test_nothing_but_bad_files_gives_no_table(photographs: Path) -> None:
    (photographs / "9.jpg").write_text("words")
    result = run("--data", photographs / "9.jpg", "--sheet", photographs / "s.png")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert not (photographs / "s.png").exists()


def test_a_sheet_shows_input_settings_and_truth(photographs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "s.png"
    result = run("--data", photographs, "--vividness", "1,2", "--sheet", sheet, "--sheet-pictures", 3)
    assert result.exit_code == 0, result.output
    assert "3 pictures, each input | vividness 1 | vividness 2 | truth" in result.stderr
    with Image.open(sheet) as image:
        assert image.size == (4 * 260 - 4, 3 * 260 - 4)


def test_originals_without_truth_have_a_sheet_too(photographs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "s.jpg"
    result = run("--data", photographs, "--no-truth", "--protocol", "native", "--sheet", sheet)
    assert result.exit_code == 0, result.output
    assert "each input | vividness 1" in result.stderr
    assert "PSNR" not in result.stdout
    with Image.open(sheet) as image:
        assert image.size == (3 * 516 + 2 * 16, 2 * 260 - 4)


def test_a_sheet_that_is_there_is_refused_before_any_work(photographs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "s.png"
    sheet.write_text("mine")
    result = run("--data", photographs, "--sheet", sheet)
    assert isinstance(result.exception, OutputExists)
    assert sheet.read_text() == "mine"
    assert run("--data", photographs, "--sheet", sheet, "--overwrite").exit_code == 0


def test_an_option_outside_its_range_is_the_library_s_error(photographs: Path) -> None:
    for arguments in (["--vividness", 3], ["--tau", 7], ["--detail", 5], ["--protocol", "crop255"]):
        assert isinstance(run("--data", photographs, *arguments).exception, BadOption), arguments


def test_numbers_that_are_none_are_a_usage_error(photographs: Path) -> None:
    result = run("--data", photographs, "--tau", "0.1;0.2")
    assert result.exit_code == 2
    assert "0.5,1,2" in result.stderr


def test_help_names_every_protocol() -> None:
    text = run("--help").stdout
    assert all(name in text for name in PROTOCOLS)
