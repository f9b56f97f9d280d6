"""That figures are printed and can be parsed, not how large they are: machines differ."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner, Result

from photochrom.cli.bench import bench
from photochrom.evaluation import bench as timing
from photochrom.evaluation.bench import CASES, Case

TINY = Case("tiny", "tiny picture", width=64, height=48)
COPY = (sys.executable, "-c", "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[3])")
BROKEN = (sys.executable, "-c", "raise SystemExit('cannot do that')")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(bench, list(arguments))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two quick cases in place of those of minutes, and a copy in place of `photochrom`."""
    time_case = timing.time_case
    monkeypatch.setattr(timing, "CASES", (TINY, CASES[1]))
    monkeypatch.setattr(timing, "time_case", lambda case, **options: time_case(case, command=COPY, **options))


@pytest.mark.usefixtures("tiny")
def test_json_has_a_positive_cost_for_each_case() -> None:
    result = run("--runs", "1", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["cores"] > 0
    assert [case["name"] for case in report["cases"]] == ["tiny", "import"]
    for case in report["cases"]:
        assert case["wall_ratio"] > 0
        assert case["cost"]["wall_s"] > 0
        assert case["floor"]["wall_s"] > 0


@pytest.mark.usefixtures("tiny")
def test_the_table_has_a_line_for_each_case() -> None:
    lines = run("--runs", "1").stdout.splitlines()
    assert lines[0].split()[:2] == ["wall", "s"]
    assert lines[1].startswith("tiny picture  ")
    assert lines[2].startswith("import photochrom  ")
    assert "medians of 1" in lines[-1]


@pytest.mark.usefixtures("tiny")
def test_one_case_can_be_chosen() -> None:
    cases = json.loads(run("--runs", "1", "--only", "import", "--json").stdout)["cases"]
    assert [case["name"] for case in cases] == ["import"]


def test_an_unknown_case_names_those_there_are() -> None:
    result = run("--only", "huge")
    assert result.exit_code == 2
    assert "gray24" in result.stderr


def test_a_failure_is_one_line_and_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    time_case = timing.time_case
    monkeypatch.setattr(timing, "CASES", (TINY, CASES[1]))
    monkeypatch.setattr(
        timing, "time_case", lambda case, **options: time_case(case, command=BROKEN, **options)
    )
    result = run("--runs", "1")
    assert result.exit_code == 1
    assert result.stderr.strip() == "tiny picture: cannot do that"
    assert "import photochrom" in result.stdout


def test_the_large_case_is_left_out_unless_asked_for() -> None:
    from photochrom.cli.bench import _chosen

    assert "gray250" not in [case.name for case in _chosen((), large=False)]
    assert "gray250" in [case.name for case in _chosen((), large=True)]
