from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from photochrom.cli.evaluate import evaluate
from photochrom.errors import BadOption, MissingBackbone, ModelNotFound, OutputExists
from photochrom.evaluation.protocol import PROTOCOLS

BINS = [[0, 0], [30, -40], [10, 20]]
QUICK = "psnr,de2000,colorfulness"


def graph(tint: float) -> bytes:
    """Lightness in, everywhere the same logits out: the share of each colour does not depend on the place."""
    weights = [
        numpy_helper.from_array(np.zeros((3, 1, 1, 1), np.float32), "kernel"),
        numpy_helper.from_array(np.array([0, tint, 0], np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("AveragePool", ["lightness"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["mean", "kernel", "bias"], ["logits"]),
    ]
    inputs = [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, [1, 1, "H", "W"])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, "h", "w"])]
    made = helper.make_graph(nodes, "known", inputs, outputs, weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def write_card(folder: Path, name: str = "known", tint: float = 1.0) -> Path:
    """A model that gives every picture one tint."""
    folder.mkdir(exist_ok=True)
    network = graph(tint)
    (folder / f"{name}.onnx").write_bytes(network)
    card = {
        "format": 1,
        "name": name,
        "network": f"{name}.onnx",
        "gives": "logits",
        "sha256": {f"{name}.onnx": hashlib.sha256(network).hexdigest()},
        "stride": 8,
        "bins": BINS,
        "prior": [0.8, 0.1, 0.1],
    }
    (folder / f"{name}.json").write_text(json.dumps(card))
    return folder / f"{name}.json"


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four colour pictures, beside a model called `known` in the current folder; no network is prepared."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    write_card(tmp_path / "models")
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        rgb = rng.integers(0, 256, (8, 10, 3), dtype=np.uint8)
        Image.fromarray(rgb).resize((50, 40)).save(folder / f"{i}.png")
    return folder


def run(*arguments: object) -> Result:
    """With the model that is known and a few quick metrics, unless others are given."""
    words = ["-q"] if "--model" in arguments else ["-q", "--model", "models/known.json"]
    words += [] if "--metrics" in arguments else ["--metrics", QUICK]
    return CliRunner().invoke(evaluate, [str(argument) for argument in (*words, *arguments)])


def first_cells(text: str) -> list[str]:
    return [line.split("  ")[0] for line in text.splitlines()]


def test_the_table_has_a_line_for_each_row(photographs: Path) -> None:
    result = run("--data", photographs, "--vividness", "0.5,1", "--tau", "0.1", "--temperature", "0.6,1")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert first_cells(result.stdout)[1:8] == [
        "grey",
        "truth via 8-bit Lab",
        "known, vividness 0.5",
        "known, vividness 1",
        "known, tau 0.1, T 0.6",
        "known, tau 0.1, T 1",
        "truth",
    ]
    assert lines[0].split()[:2] == ["PSNR", "dB"]
    assert max(map(len, lines[:-1])) <= 100
    assert "4 pictures, model known, protocol crop256" in lines[-3]


def test_the_table_says_which_pictures_it_stands_on_and_the_exact_command(photographs: Path) -> None:
    *_, files, command = run("--data", photographs, "--limit", 3, "--seed", 2).stdout.splitlines()
    assert len(files.split()[-1]) == 64
    assert command.endswith(
        f"photochrom evaluate -q --model models/known.json --metrics {QUICK}"
        f" --data {photographs} --limit 3 --seed 2"
    )
    again = run("--data", photographs, "--limit", 3, "--seed", 2).stdout.splitlines()
    other = run("--data", photographs, "--limit", 3, "--seed", 5).stdout.splitlines()
    assert files == again[-2] != other[-2]


def test_json_holds_everything(photographs: Path) -> None:
    for i in range(3):
        Image.new("RGB", (50, 40), (90, 50 * i, 40)).save(photographs / f"more{i}.png")
    result = run("--data", photographs, "--json", "--limit", 5, "--seed", 4, "--protocol", "native")
    report = json.loads(result.stdout)
    assert (report["pictures"], report["protocol"]["name"], report["seed"]) == (5, "native", 4)
    assert [row["name"] for row in report["rows"]] == ["grey", "truth via 8-bit Lab", "known", "truth"]
    estimate = report["rows"][2]["gain"]["psnr"]
    assert estimate["low"] <= estimate["mean"] <= estimate["high"]
    assert report["rows"][0]["colorfulness_ratio"]["mean"] == 0
    assert report["rows"][2]["vividness"] == 1
    assert len(report["files"]) == 5


def test_two_models_are_compared_on_the_same_pictures(photographs: Path) -> None:
    write_card(photographs.parent / "models", "vivid", tint=5.0)
    result = run("--model", "models/known.json", "--model", "other=models/vivid.json", "--data", photographs)
    assert result.exit_code == 0, result.output
    assert first_cells(result.stdout)[3:5] == ["known", "other"]
    assert "other over known: " in result.stdout
    assert "better on " in result.stdout


def test_the_results_of_another_program_are_a_row_too(photographs: Path) -> None:
    """One is missing, one is too many, one has another size and one is damaged: each is named."""
    results = photographs.parent / "theirs"
    results.mkdir()
    for i in range(8):
        rgb = np.random.default_rng(i).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(rgb).save(photographs / f"more{i}.png")
        Image.fromarray(rgb).save(results / f"more{i}.png")
    Image.new("RGB", (30, 30)).save(results / "0.png")
    (results / "1.png").write_bytes((photographs / "1.png").read_bytes()[:60])
    (results / "2.png").write_bytes((photographs / "2.png").read_bytes())
    (results / "deeper").mkdir()
    Image.new("RGB", (50, 40)).save(results / "deeper" / "nobody.png")
    result = run("--model", "models/known.json", "--model", results, "--data", photographs, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert report["pictures"] == 9
    assert [(one["file"], one["model"]) for one in report["failures"]] == [
        ("0.png", "theirs"),
        ("1.png", "theirs"),
        ("3.png", "theirs"),
        ("deeper/nobody.png", "theirs"),
    ]
    assert str(photographs.parent) not in json.dumps(report["failures"][-1])
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert all(f"{i}.png" in line for i, line in zip((0, 1, 3), lines, strict=True))
    # Where the result is the file itself, nothing differs.
    assert report["rows"][3]["metrics"]["psnr"]["mean"] == 100


def test_what_is_in_no_row_is_said(photographs: Path) -> None:
    (photographs.parent / "theirs").mkdir()
    (photographs.parent / "nothing").mkdir()
    for i in (0, 1, 2):
        (photographs.parent / "theirs" / f"{i}.png").write_bytes((photographs / f"{i}.png").read_bytes())
    Image.new("RGB", (50, 40)).save(photographs.parent / "nothing" / "nobody.png")
    words = ["--model", "models/known.json", "--model", "theirs", "--model", "nothing", "--data", photographs]
    result = CliRunner().invoke(evaluate, [str(word) for word in words])
    assert result.exit_code == 1
    assert first_cells(result.stdout)[3:6] == ["known", "theirs", "truth"]
    assert "nothing: has no result at all, and so no row" in result.stderr
    assert "1 of 4 pictures are in no row, for not all rows have them" in result.stderr


def test_a_report_is_written_and_taken_up_again(photographs: Path) -> None:
    words = ("--data", photographs, "--out", "report", "--vividness", "0.5,1")
    assert run(*words).exit_code == 0
    out = Path("report")
    assert {"report.json", "summary.csv", "pictures.csv", "index.html", "shown", "records"} <= {
        file.name for file in out.iterdir()
    }
    report = json.loads((out / "report.json").read_text("utf8"))
    for one in report["shown"]:
        assert list(one["images"]) == ["input", "known, vividness 0.5", "known, vividness 1", "truth"]
        assert list(one["errors"]) == ["known, vividness 0.5", "known, vividness 1"]
        assert all((out / name).is_file() for of in ("images", "errors") for name in one[of].values())
    with (out / "pictures.csv").open(encoding="utf8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 4 * 5
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    records = {file: file.stat().st_mtime_ns for file in out.rglob("*.npz")}
    assert len(records) == 8
    assert run(*words).exit_code == 0
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*.npz")} == records


def test_pictures_of_an_earlier_report_are_taken_away(photographs: Path) -> None:
    assert run("--data", photographs, "--out", "report").exit_code == 0
    assert run("--data", photographs, "--out", "report", "--limit", 1).exit_code == 0
    report = json.loads(Path("report/report.json").read_text("utf8"))
    (shown,) = report["shown"]
    names = {name for of in ("images", "errors") for name in shown[of].values()}
    assert {f"shown/{file.name}" for file in Path("report/shown").iterdir()} == names


def test_several_processes_write_the_same_report(photographs: Path) -> None:
    """But for the command, which says how many there were."""
    reports = []
    for jobs in (1, 2):
        assert run("--data", photographs, "--out", f"by{jobs}", "--jobs", jobs).exit_code == 0
        report = json.loads(Path(f"by{jobs}/report.json").read_text("utf8"))
        assert f"--jobs {jobs}" in report.pop("command")
        reports.append(report)
        pictures = {file.name: file.read_bytes() for file in Path(f"by{jobs}/shown").iterdir()}
        reports[-1]["bytes"] = pictures
    assert reports[0] == reports[1]


def test_a_folder_that_is_no_report_is_refused_before_any_work(photographs: Path) -> None:
    result = run("--data", photographs, "--out", photographs)
    assert isinstance(result.exception, OutputExists)
    assert len(list(photographs.iterdir())) == 4


def test_metrics_can_be_chosen(photographs: Path) -> None:
    report = json.loads(run("--data", photographs, "--metrics", "de2000, ssim", "--json").stdout)
    assert {metric["name"] for metric in report["metrics"]} == {"de2000", "ssim"}
    estimate = report["rows"][0]["metrics"]["ssim"]
    lines = run("--data", photographs, "--metrics", "auc,ssim,skin").stdout.splitlines()
    assert lines[0].split() == ["SSIM", "AuC", "%"]
    assert lines[1].split()[:2] == ["grey", f"{estimate['mean']:.4f}"]
    assert "skin: no picture has a value" in lines
    assert isinstance(run("--data", photographs, "--metrics", "psnr,beauty").exception, BadOption)


def test_the_second_look_counts_and_is_said(photographs: Path) -> None:
    plain, best = (
        json.loads(run("--data", photographs, "--metrics", "psnr", *more, "--json").stdout)
        for more in ((), ("--best",))
    )
    assert [one["models"][-1]["about"]["best"] for one in (plain, best)] == [False, True]


def test_what_is_not_prepared_is_left_out_with_a_word_and_refused_if_asked_for(photographs: Path) -> None:
    words = ["--model", "models/known.json", "--data", str(photographs)]
    result = CliRunner().invoke(evaluate, words)
    assert result.exit_code == 0
    assert "left out: " in result.stderr
    assert "fid" in result.stderr
    assert "photochrom metrics prepare" in result.stderr
    for wish in ("fid", "psnr,fid", "all"):
        refused = run("--data", photographs, "--metrics", wish)
        assert isinstance(refused.exception, MissingBackbone), wish
        assert "photochrom metrics prepare" in str(refused.exception)


def test_properties_are_measured_where_they_are_asked_for(photographs: Path) -> None:
    report = json.loads(run("--data", photographs, "--properties", "calibration", "--json").stdout)
    assert report["properties"]["calibration"]["known"]["n"] == 4
    assert "calibration of known: " in run("--data", photographs, "--properties", "calibration").stdout
    assert json.loads(run("--data", photographs, "--json").stdout)["properties"] == {}
    assert isinstance(run("--data", photographs, "--properties", "beauty").exception, BadOption)


def test_properties_are_taken_where_there_is_colour(photographs: Path) -> None:
    """Grey is perfectly stable: a first setting of vividness 0 would make any model so."""
    words = ("--data", photographs, "--properties", "stability", "--json")
    alone = json.loads(run(*words).stdout)
    several = json.loads(run(*words, "--vividness", "0,1").stdout)
    assert several["properties"] == alone["properties"]
    assert several["models"][0]["setting"] == alone["models"][0]["setting"] == "vividness 1"
    gray = json.loads(run(*words, "--vividness", "0").stdout)
    assert gray["properties"]["stability"]["known"]["mean"]["mean"] == 0
    assert gray["models"][0]["setting"] == "vividness 0"
    text = run(*words[:-1], "--vividness", "0,1").stdout
    assert "stability of known, vividness 1: mean " in text


def test_what_a_model_cannot_be_asked_is_said(photographs: Path) -> None:
    words = ["--model", "models/known.json", "--data", str(photographs), "--properties", "hints"]
    result = CliRunner().invoke(evaluate, words)
    assert result.exit_code == 0, result.output
    assert "known: hint efficiency needs a model that takes hints" in result.stderr


def test_faces_reach_the_report_by_name(photographs: Path) -> None:
    faces = photographs.parent / "faces.json"
    faces.write_text('{"0.png": [[0, 0, 50, 40]]}')
    assert run("--data", photographs, "--faces", faces, "--protocol", "native").exit_code == 0
    faces.write_text('{"0.png": 3}')
    assert isinstance(run("--data", photographs, "--faces", faces).exception, BadOption)


def test_faces_of_no_picture_are_said(photographs: Path) -> None:
    """Of the data, that is: a picture that was not drawn from it is no stranger."""
    Path("faces.json").write_text(
        json.dumps({f"{name}.png": [[0, 0, 50, 40]] for name in (0, 3, "who", "else")})
    )
    words = ["--model", "models/known.json", "--data", "photographs", "--faces", "faces.json"]
    result = CliRunner().invoke(evaluate, [*words, "--metrics", "skin", "--limit", "2"])
    assert result.exit_code == 0, result.output
    assert result.stderr == "faces.json: 2 of its 4 names are of no picture, as 'who.png'\n"
    Path("faces.json").write_text('{"photographs/0.png": [[0, 0, 50, 40]]}')
    wrong = CliRunner().invoke(evaluate, words).exception
    assert isinstance(wrong, BadOption)
    assert "faces.json: none of its names is that of a picture" in str(wrong)
    assert "'photographs/0.png'" in str(wrong)
    Path("faces.json").write_text("{}")
    assert run(*words[2:]).exit_code == 0


def test_a_bad_file_is_one_line_and_exit_1(photographs: Path) -> None:
    (photographs / "9.jpg").write_text("words")
    result = run("--data", photographs)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "9.jpg" in result.stderr
    assert "4 pictures" in result.stdout


def test_nothing_but_bad_files_gives_no_table(photographs: Path) -> None:
    (photographs / "9.jpg").write_text("words")
    result = run("--data", photographs / "9.jpg", "--sheet", photographs / "s.png", "--out", "report")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert not (photographs / "s.png").exists()
    assert not Path("report/report.json").exists()


def test_an_unknown_model_is_said_before_any_work(photographs: Path) -> None:
    assert isinstance(run("--model", "nobody", "--data", photographs).exception, ModelNotFound)


def test_a_sheet_shows_input_settings_and_truth(photographs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "s.png"
    words = ["--model", "models/known.json", "--data", photographs, "--vividness", "1,2", "--sheet", sheet]
    result = CliRunner().invoke(evaluate, [*map(str, words), "--sheet-pictures", "3"])
    assert result.exit_code == 0, result.output
    assert "3 pictures, each input | known, vividness 1 | known, vividness 2 | truth" in result.stderr
    with Image.open(sheet) as image:
        assert image.size == (4 * 260 - 4, 3 * 260 - 4)


def test_originals_without_truth_have_a_sheet_too(photographs: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "s.jpg"
    words = ["--model", "models/known.json", "--data", photographs, "--no-truth", "--protocol", "native"]
    result = CliRunner().invoke(evaluate, [*map(str, words), "--sheet", str(sheet), "--out", "report"])
    assert result.exit_code == 0, result.output
    assert "each input | known" in result.stderr
    assert "PSNR" not in result.stdout
    with Image.open(sheet) as image:
        assert image.size == (3 * 516 + 2 * 16, 2 * 260 - 4)
    report = json.loads(Path("report/report.json").read_text("utf8"))
    assert [row["name"] for row in report["rows"]] == ["grey", "known"]
    assert all(one["errors"] == {} and list(one["images"]) == ["input", "known"] for one in report["shown"])


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


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 2)])
def test_ended_in_the_middle_and_taken_up_again(number: int, jobs: int, photographs: Path) -> None:
    for i in range(36):
        rgb = np.random.default_rng(i).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(rgb).save(photographs / f"more{i}.png")
    words = [
        "--model",
        "models/known.json",
        "--data",
        "photographs",
        "--out",
        "report",
        "--metrics",
        "de2000",
    ]
    command = [sys.executable, "-m", "photochrom", "evaluate", *words, "--jobs", str(jobs)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while len(list(Path("report").rglob("*.npz"))) < 6 and time.monotonic() < deadline:
        time.sleep(0.02)
    # As a terminal does it: to every process of the group at once.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == (b"", 128 + number), err.decode()
    assert err.decode().splitlines()[-1].startswith("Interrupted. What is measured is kept in report")
    assert b"Traceback" not in err
    kept = {file: file.stat().st_mtime_ns for file in Path("report").rglob("*.npz")}
    assert 6 <= len(kept) < 80
    assert not list(Path("report").rglob("*.tmp"))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "40 pictures" in done.stdout
    assert len(list(Path("report").rglob("*.npz"))) == 80
    assert all(file.stat().st_mtime_ns == before for file, before in kept.items())
