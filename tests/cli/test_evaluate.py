from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image

from known_model import QUICK, first_cells, run, write_card
from photochrom.cli.evaluate import evaluate
from photochrom.errors import BadOption, MissingBackbone, ModelNotFound, OutputExists
from photochrom.evaluation.protocol import PROTOCOLS


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
