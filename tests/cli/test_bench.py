"""That figures are printed, kept and compared, not how large they are: machines differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from photochrom.cli.main import group
from photochrom.evaluation.bench import cases, timing
from photochrom.evaluation.bench.cases import Case
from photochrom.evaluation.bench.processes import Cost
from photochrom.evaluation.bench.timing import Program, Timing

TINY = Case("tiny", "tiny picture", "whole", width=64, height=48)
START = Case("import", "import photochrom", "start")
EDIT = Case("edit", "one edit", "network", act="edit", side=64)
HUGE = Case("huge", "huge picture", "whole", width=64, height=48, large=True)
COPY = (sys.executable, "-c", "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[3])")
BROKEN = (sys.executable, "-c", "raise SystemExit('cannot do that')")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["bench", *arguments], prog_name="photochrom")


def through(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    """Quick cases in place of those of minutes, and a command in place of `photochrom`."""
    time_case = timing.time_case
    monkeypatch.setattr(cases, "CASES", (TINY, START, HUGE))
    monkeypatch.setattr(
        timing,
        "time_case",
        lambda case, program, **options: time_case(case, replace(program, command=command), **options),
    )


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    through(monkeypatch, COPY)


Figures = dict[str, float]


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> Callable[[Figures], list[Program]]:
    """Takes the seconds of each case, by name, in place of running it; the floor takes one.

    Gives the list of the programs that were asked for.
    """
    asked: list[Program] = []

    def install(seconds: Figures, *, providers: tuple[str, ...] = ("cpu",), hints: bool = True):
        def time_case(case: Case, program: Program, *, runs: int, on_run: object) -> Timing:
            asked.append(program)
            costs = [Cost(seconds[case.name], 2 * seconds[case.name], 300_000_000)] * runs
            has_floor = case.kind != "network"
            floors = [Cost(1, 2, 20_000_000)] * runs if has_floor else []
            return timing.timing_of(case, costs, floors, provider=None if has_floor else program.provider)

        here = {
            "versions": {"libvips": "8.18"},
            "providers": list(providers),
            "model": {"name": "flagship", "sha256": "ab"},
            "takes_hints": hints,
        }
        monkeypatch.setattr(cases, "CASES", (TINY, START, EDIT, HUGE))
        monkeypatch.setattr(timing, "time_case", time_case)
        monkeypatch.setattr(timing, "installation", lambda model: here)
        return asked

    return install


@pytest.mark.usefixtures("tiny")
def test_json_has_a_positive_cost_for_each_case() -> None:
    result = run("--runs", "1", "--json", "--note", "one of two cores busy")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["machine"]["cores"] > 0
    assert report["machine"]["processor"]
    assert {"photochrom", "python", "libvips"} < set(report["versions"])
    assert report["note"] == "one of two cores busy"
    assert [case["name"] for case in report["cases"]] == ["tiny", "import"]
    for case in report["cases"]:
        for figure in (case["wall_ratio"], case["cost"]["wall_s"], case["floor"]["wall_s"]):
            assert 0 < figure["low"] <= figure["median"] <= figure["high"]


@pytest.mark.usefixtures("tiny")
def test_the_table_has_a_line_for_each_case() -> None:
    lines = run("--runs", "1").stdout.splitlines()
    assert lines[0].split()[:2] == ["wall", "s"]
    assert lines[1].startswith("tiny picture  ")
    assert lines[2].startswith("import photochrom  ")
    assert "medians of 1" in lines[-1]
    assert "model flagship" in lines[-1]


def test_the_table_shows_what_was_measured(invented) -> None:
    invented({"tiny": 2.5, "import": 3, "edit": 0.0256})
    tiny, start, edit = run("--runs", "2").stdout.splitlines()[1:4]
    assert tiny.split()[2:] == ["2.50", "2.50–2.50", "5.00", "300", "1.00", "2.5", "2.5", "0.0", "0.4"]
    assert start.split()[2:] == ["3.00", "3.00–3.00", "6.00", "300", "1.00", "3.0", "3.0", "–", "–"]
    assert edit.split()[2:] == ["0.026", "0.026–0.026", "0.051", "300", "–", "–", "–", "–", "–"]


@pytest.mark.usefixtures("tiny")
def test_one_case_can_be_chosen() -> None:
    cases = json.loads(run("--runs", "1", "--only", "import", "--json").stdout)["cases"]
    assert [case["name"] for case in cases] == ["import"]


def test_an_unknown_case_names_those_there_are() -> None:
    result = run("--only", "huge")
    assert result.exit_code == 2
    assert "gray24" in result.stderr


def test_a_failure_is_one_line_and_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    through(monkeypatch, BROKEN)
    result = run("--runs", "1")
    assert result.exit_code == 1
    assert result.stderr.strip() == "tiny picture: cannot do that"
    assert "import photochrom" in result.stdout


def test_an_unknown_model_is_one_line_and_exit_1() -> None:
    result = run("--model", "flagshop")
    assert result.exit_code == 1
    assert result.stderr.startswith("bench: flagshop: no model of this name")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_the_large_case_is_left_out_unless_asked_for(invented) -> None:
    seconds = {"tiny": 1, "import": 1, "edit": 1, "huge": 1}
    invented(seconds)
    assert "huge" not in run().stdout
    assert "huge" in run("--large").stdout
    assert "huge" in run("--only", "huge").stdout


def test_loaded_models_are_timed_with_each_provider(invented) -> None:
    asked = invented({"tiny": 1, "import": 1, "edit": 1}, providers=("cuda", "cpu"))
    result = run()
    assert "one edit, cuda  " in result.stdout
    assert "one edit, cpu  " in result.stdout
    assert [program.provider for program in asked] == ["cpu", "cpu", "cuda", "cpu"]
    cases = json.loads(run("--provider", "cuda", "--only", "edit", "--json").stdout)["cases"]
    assert [(case["title"], case["provider"]) for case in cases] == [("one edit", "cuda")]


def test_an_unknown_provider_names_those_there_are(invented) -> None:
    invented({}, providers=("cuda", "cpu"))
    result = run("--provider", "tpu")
    assert result.exit_code == 2
    assert "cuda, cpu" in result.stderr


def test_a_model_without_hints_has_no_edits(invented) -> None:
    invented({"tiny": 1, "import": 1}, hints=False)
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stderr == "one edit: left out, since the model takes no hints\n"


def test_model_and_threads_are_passed_on(invented) -> None:
    asked = invented({"edit": 1})
    run("--only", "edit", "--model", "small", "--threads", "3")
    assert [(program.model, program.threads) for program in asked] == [("small", 3)]


def test_a_slow_down_is_a_line_and_exit_1(invented, tmp_path: Path) -> None:
    kept = str(tmp_path / "figures.json")
    invented({"tiny": 2, "import": 2, "edit": 2})
    assert run("--save", kept).exit_code == 0
    assert run("--compare", kept).exit_code == 0
    invented({"tiny": 3, "import": 2, "edit": 1})
    result = run("--compare", kept)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "tiny picture, time: 1.50 times what it was",
        "tiny picture, processor time: 1.50 times what it was",
    ]
    assert [line for line in result.stdout.splitlines() if line.endswith("worse")]
    assert run("--compare", kept, "--tolerance", "1.6").exit_code == 0


def test_the_comparison_is_in_the_json_too(invented, tmp_path: Path) -> None:
    kept = str(tmp_path / "figures.json")
    invented({"tiny": 2, "import": 2, "edit": 2})
    run("--save", kept, "--only", "tiny")
    invented({"tiny": 3, "import": 2, "edit": 1})
    comparison = json.loads(run("--compare", kept, "--json").stdout)["comparison"]
    assert comparison["alike"] is True
    assert comparison["absent"] == ["import photochrom", "one edit"]
    assert [(row["quantity"], row["factor"], row["worse"]) for row in comparison["changes"]] == [
        ("time", 1.5, True),
        ("processor time", 1.5, True),
        ("memory", 1.0, False),
    ]


def test_the_comparison_says_what_it_could_not_compare(invented, tmp_path: Path) -> None:
    kept = tmp_path / "figures.json"
    invented({"tiny": 2, "import": 2, "edit": 2})
    run("--save", str(kept), "--only", "tiny", "--only", "edit")
    values = json.loads(kept.read_text("utf8"))
    values["machine"]["processor"] = "another"
    values["versions"]["libvips"] = "8.17"
    kept.write_text(json.dumps(values), "utf8")
    said = run("--compare", str(kept)).stdout
    assert "only ratios to the floor" in said
    assert "import photochrom: nothing to compare with" in said
    assert "one edit: seconds of another machine" in said
    assert "libvips 8.17 → 8.18" in said


def test_what_cannot_be_written_or_read_is_refused_before_the_work(invented, tmp_path: Path) -> None:
    asked = invented({"tiny": 1, "import": 1, "edit": 1})
    kept = tmp_path / "figures.json"
    assert run("--save", str(kept)).exit_code == 0
    asked.clear()
    for options, reason in [
        (("--save", str(kept)), "already exists"),
        (("--save", str(tmp_path / "no" / "such.json")), "no such folder"),
        (("--compare", str(tmp_path / "none.json")), "No such file"),
        (("--compare", __file__), "not figures"),
    ]:
        result = run(*options)
        assert result.exit_code == 1
        assert reason in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert asked == []
    assert run("--save", str(kept), "--overwrite").exit_code == 0


def test_a_training_run_that_cannot_be_exported_is_one_line_and_exit_1(invented, tmp_path: Path) -> None:
    asked = invented({"edit": 1})
    assert run("--only", "edit", "--model", str(tmp_path)).exit_code == 0
    assert [program.model for program in asked] == [str(tmp_path)]
    (tmp_path / "last.safetensors").write_bytes(b"no checkpoint")
    result = run("--only", "edit", "--model", str(tmp_path))
    assert result.exit_code == 1
    assert "last.safetensors" in result.stderr
    assert len(result.stderr.splitlines()) == 1
