"""That a slow-down is seen, chance is not taken for one, and what was kept is read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from photochrom.errors import InputError, OutputExists, UnwritableOutput
from photochrom.evaluation.bench.cases import CASES, Case
from photochrom.evaluation.bench.compare import compare
from photochrom.evaluation.bench.machine import Machine
from photochrom.evaluation.bench.processes import Cost
from photochrom.evaluation.bench.report import Report
from photochrom.evaluation.bench.timing import Timing, timing_of

PICTURE = Case("tiny", "tiny picture", "whole", width=64, height=48)
HERE = Machine("AMD EPYC", "x86_64", 2, "Linux")
ELSEWHERE = replace(HERE, cores=8)
NETWORK = Case("network", "network alone", "network", side=256)


def costs(*walls: float, cpu: float | None = 1.0, peak: int | None = 100) -> list[Cost]:
    return [Cost(wall, None if cpu is None else cpu * wall, peak) for wall in walls]


def report(*timings: Timing, machine: Machine = HERE, **changes) -> Report:
    plain = Report(
        machine=machine,
        versions={"photochrom": "0.1.0", "onnxruntime": "1.30"},
        providers=("cpu",),
        model={"name": "flagship", "sha256": "ab"},
        threads=None,
        note="quiet",
        timings=timings,
    )
    return replace(plain, **changes)


def whole(*walls: float, **options) -> Timing:
    return timing_of(PICTURE, costs(*walls, **options), costs(*(1.0 for _ in walls)))


def network(*walls: float, provider: str = "cpu", **options) -> Timing:
    return timing_of(NETWORK, costs(*walls, **options), [], provider=provider)


def worse(before: Report, now: Report, tolerance: float = 1.25) -> list[tuple[str, str, str]]:
    losses = compare(before, now, tolerance=tolerance).worse
    return [(loss.name, loss.quantity, loss.unit) for loss in losses]


def test_the_same_figures_are_no_change() -> None:
    before = report(whole(4, 5, 6), network(1, 2, 3))
    comparison = compare(before, before, tolerance=1)
    assert comparison.worse == []
    assert {change.factor for change in comparison.changes} == {1}
    assert len(comparison.changes) == 6
    assert comparison.alike
    assert comparison.differences == comparison.absent == comparison.elsewhere == ()


def test_a_slow_down_beyond_the_tolerance_and_the_spread_is_seen() -> None:
    assert worse(report(whole(4, 5, 5.5)), report(whole(7, 8, 9))) == [
        ("tiny", "time", "floors"),
        ("tiny", "processor time", "floors"),
    ]
    assert worse(report(network(4, 5, 5.5)), report(network(7, 8, 9))) == [
        ("network", "time", "seconds"),
        ("network", "processor time", "seconds"),
    ]


def test_a_gain_is_no_loss() -> None:
    assert worse(report(whole(7, 8, 9)), report(whole(4, 5, 5.5))) == []


def test_within_the_tolerance_there_is_no_loss() -> None:
    assert worse(report(whole(4, 4, 4)), report(whole(5, 5, 5))) == []
    assert worse(report(whole(4, 4, 4)), report(whole(5, 5, 5)), tolerance=1.2) != []


def test_runs_that_overlap_are_no_loss() -> None:
    assert worse(report(whole(4, 5, 8)), report(whole(7, 10, 11))) == []


def test_memory_is_compared_on_the_same_machine() -> None:
    small, large = whole(4, peak=100), whole(4, peak=200)
    assert worse(report(small), report(large)) == [("tiny", "memory", "bytes")]
    assert worse(report(small), report(large, machine=ELSEWHERE)) == []


def test_other_machines_are_compared_by_their_floors_alone() -> None:
    before, now = report(whole(4), network(4)), report(whole(8), network(8), machine=ELSEWHERE)
    comparison = compare(before, now, tolerance=1.25)
    assert not comparison.alike
    assert {change.unit for change in comparison.changes} == {"floors"}
    assert [loss.factor for loss in comparison.worse] == [2, 2]
    assert comparison.elsewhere == ("network alone",)


def test_a_provider_is_compared_with_itself() -> None:
    before = report(network(1), network(0.1, provider="cuda"))
    now = report(network(0.2, provider="cuda"), network(1), network(2, provider="coreml"))
    comparison = compare(before, now, tolerance=1.25)
    assert {(change.provider, change.factor) for change in comparison.worse} == {("cuda", 2.0)}
    assert comparison.absent == ("network alone",)


def test_what_else_differs_is_said() -> None:
    before = report(whole(4))
    now = report(
        whole(4),
        versions={"photochrom": "0.2.0", "onnxruntime-gpu": "1.30"},
        model={"name": "flagship", "sha256": "cd"},
        threads=2,
    )
    assert compare(before, now, tolerance=1.25).differences == (
        "onnxruntime 1.30 → none",
        "onnxruntime-gpu none → 1.30",
        "photochrom 0.1.0 → 0.2.0",
        "another model flagship",
        "threads as chosen → 2",
    )
    other = report(whole(4), model={"name": "small", "sha256": "cd"})
    assert compare(before, other, tolerance=1.25).differences == ("model flagship → small",)


def test_figures_that_are_not_told_are_not_compared() -> None:
    before = report(whole(4, cpu=None, peak=None))
    changes = compare(before, report(whole(4)), tolerance=1.25).changes
    assert [change.quantity for change in changes] == ["time"]


# Keeping


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    kept = report(whole(4, 5, 6), network(1, cpu=None, peak=None), threads=2)
    kept.write(file)
    assert Report.read(file) == kept
    cases = json.loads(file.read_text("utf8"))["cases"]
    assert cases[0]["megapixels_a_second"] == pytest.approx(64 * 48 / 1e6 / 5)
    assert cases[1]["pictures_a_second"] is None


def test_kept_figures_are_replaced_only_if_told_to(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    report(whole(4)).write(file)
    with pytest.raises(OutputExists, match=r"figures\.json"):
        report(whole(5)).write(file)
    report(whole(5)).write(file, overwrite=True)
    assert Report.read(file) == report(whole(5))


@pytest.mark.parametrize("name", ["", "no/such/folder.json"])
def test_a_place_that_takes_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnwritableOutput):
        report(whole(4)).write(tmp_path / name)


def damaged(values: dict, *keys: str | int) -> dict:
    """The same with what `keys` lead to taken out."""
    inner = values
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return values


@pytest.mark.parametrize(
    "keys",
    [("format",), ("machine",), ("machine", "cores"), ("model",), ("cases", 0, "cost"),
     ("cases", 0, "cost", "wall_s"), ("cases", 0, "cost", "wall_s", "low"), ("cases", 0, "name")],
)  # fmt: skip
def test_figures_that_lack_something_are_refused_by_name(tmp_path: Path, keys) -> None:
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(damaged(report(whole(4)).as_dict(), *keys)), "utf8")
    with pytest.raises(InputError, match=r"figures\.json: not figures"):
        Report.read(file)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("no json", "not figures"),
        ("[]", "not figures"),
        ('{"format": 99}', "another version"),
        ("\0\xff", "not figures"),
    ],
)
def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "other.json"
    if text is not None:
        file.write_bytes(text.encode("latin1"))
    with pytest.raises(InputError, match=f"other.json: .*{reason}"):
        Report.read(file)


def test_the_documented_figures_are_those_of_the_baseline() -> None:
    root = Path(__file__).parents[2]
    table = subprocess.run(
        [sys.executable, root / "benchmarks" / "speed_table.py"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "utf8"},
    ).stdout.decode("utf8")
    written = (root / "docs" / "speed.md").read_text("utf8")
    assert written.endswith(f"-->\n{table}"), "end docs/speed.md with: python benchmarks/speed_table.py"


def test_the_baseline_has_every_case() -> None:
    baseline = Report.read(Path(__file__).parents[2] / "benchmarks" / "baseline.json")
    assert {timing.name for timing in baseline.timings} >= {case.name for case in CASES if not case.large}
