from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom.errors import BadOption, OutputExists, PhotochromError, UnreadableImage
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.provenance import code
from photochrom.evaluation.run import GRAY, LAB8, TRUTH, Plan, evaluate, find_pictures, named
from photochrom.evaluation.scene import Box

ROWS = {"all": 1.0, "half": 0.5}
PLAIN = tuple(name for name, row in METRICS.items() if not row.backbone)
FEW = Plan(PROTOCOLS["native"], ("psnr", "de2000", "colorfulness"))


def pictures(folder: Path, **options):
    return named(find_pictures([folder]), [folder], **options)


def log(folder: Path) -> list[str]:
    """Who coloured what, in order."""
    file = folder / "log.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [line.rpartition(" ")[0] for line in lines]


def assert_same(one, other) -> None:
    assert (one.files, one.rows, one.names, one.sha256) == (
        other.files,
        other.rows,
        other.names,
        other.sha256,
    )
    for mine, theirs in (
        (one.values, other.values),
        (one.truth, other.truth),
        (one.histograms, other.histograms),
    ):
        assert mine.keys() == theirs.keys()
        for name, values in mine.items():
            assert np.array_equal(values, theirs[name], equal_nan=True), name
    assert [str(failure) for failure in one.failures] == [str(failure) for failure in other.failures]


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_every_row_is_measured_on_every_picture(protocol, photographs: Path, known) -> None:
    measured = evaluate([known(**ROWS)], pictures(photographs), plan=Plan(protocol, PLAIN), jobs=1)
    assert measured.rows == (GRAY, LAB8, "all", "half")
    assert measured.files == tuple(find_pictures([photographs]))
    assert measured.names == ("a.png", "b.png", "c.jpg", "d.tif", "more/e.png")
    assert not measured.failures
    assert set(measured.values) == set(PLAIN)
    for name, values in measured.values.items():
        assert values.shape == (4, 5)
        # No picture is named after a class, and nobody has marked a face.
        assert np.isfinite(values).all() == (set(METRICS[name].takes) <= {"truth"})
    psnr, color = measured.values["psnr"], measured.values["colorfulness"]
    gray, lab8, every, half = psnr
    assert (every > lab8).all()
    assert (lab8 > half).all()
    assert (half > gray).all()
    assert (color[0] == 0).all()
    assert (measured.truth["colorfulness"] > 0).all()


def test_the_true_colours_score_the_best_values(photographs: Path, known) -> None:
    plan = Plan(PROTOCOLS["crop256"], PLAIN)
    measured = evaluate([known()], pictures(photographs)[:1], plan=plan, jobs=1)
    for name in PLAIN:
        metric = METRICS[name]
        if metric.best is not None and set(metric.takes) <= {"truth"}:
            assert measured.values[name][-1, 0] == pytest.approx(metric.best), name
    assert measured.values["colorfulness"][-1, 0] == measured.truth["colorfulness"][0]


def test_a_picture_is_coloured_once_for_all_its_rows(photographs: Path, tmp_path: Path, known) -> None:
    evaluate([known(**ROWS), known("other")], pictures(photographs), plan=FEW, jobs=1)
    coloured = log(tmp_path)
    assert len(coloured) == len(set(coloured)) == 10
    assert coloured[:2] == ["known a.png", "other a.png"]


def test_a_bad_file_is_a_failure_and_the_others_go_on(photographs: Path, known) -> None:
    (photographs / "b.png").write_text("words")
    (photographs / "c.jpg").write_bytes(b"")
    measured = evaluate([known(**ROWS)], pictures(photographs), plan=FEW, jobs=1)
    assert [file.name for file in measured.files] == ["a.png", "d.tif", "e.png"]
    assert [Path(failure.subject).name for failure in measured.failures] == ["b.png", "c.jpg"]
    assert [failure.contestant for failure in measured.failures] == [None, None]
    assert measured.values["psnr"].shape == (4, 3)


def test_what_one_contestant_lacks_is_in_no_row_and_named(photographs: Path, known) -> None:
    """So that means stay means over the same pictures; paired differences need that."""
    both = [known("one", fails=("b.png",)), known("two", fails=("b.png", "d.tif"))]
    measured = evaluate(both, pictures(photographs), plan=FEW, jobs=1)
    assert measured.names == ("a.png", "c.jpg", "more/e.png")
    assert [(failure.picture, failure.contestant) for failure in measured.failures] == [
        ("b.png", "one"),
        ("b.png", "two"),
        ("d.tif", "two"),
    ]
    assert str(measured.failures[0]).startswith("one: ")
    assert all(values.shape == (4, 3) for values in measured.values.values())


def test_a_contestant_without_any_result_takes_no_picture_from_the_others(photographs: Path, known) -> None:
    files = pictures(photographs)
    empty = known("two", fails=tuple(Path(picture.name).name for picture in files))
    measured = evaluate([known("one"), empty], files, plan=FEW, jobs=1)
    assert measured.rows == (GRAY, LAB8, "one")
    assert [entry.name for entry in measured.entries] == ["one"]
    assert len(measured.files) == 5
    assert {failure.contestant for failure in measured.failures} == {"two"}


def test_where_nobody_has_anything_there_is_nothing_but_failures(photographs: Path, known) -> None:
    for file in find_pictures([photographs]):
        file.write_text("words")
    measured = evaluate([known()], pictures(photographs), plan=FEW, jobs=1)
    assert measured.files == ()
    assert measured.rows == (GRAY, LAB8, "known")
    assert len(measured.failures) == 5


def test_without_truth_only_what_needs_none_is_measured(photographs: Path, known) -> None:
    plan = Plan(PROTOCOLS["native"], ("psnr", "colorfulness"), has_truth=False)
    measured = evaluate([known(**ROWS)], pictures(photographs), plan=plan, jobs=1)
    assert set(measured.values) == {"colorfulness"}
    assert measured.truth == {}
    assert measured.rows == (GRAY, "all", "half")


def test_histograms_are_mean_shares_of_every_row_and_of_the_truth(photographs: Path, known) -> None:
    measured = evaluate([known(**ROWS)], pictures(photographs), plan=FEW, jobs=1)
    assert set(measured.histograms) == {GRAY, LAB8, "all", "half", TRUTH}
    for shares in measured.histograms.values():
        assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert np.array_equal(measured.histograms["all"], measured.histograms[TRUTH])
    # All of grey, with its rounding, lies in the bin that has 0 in its middle.
    assert (measured.histograms[GRAY].max(axis=1) == 1).all()


def test_rows_and_contestants_of_one_name_are_refused(photographs: Path, known) -> None:
    with pytest.raises(BadOption, match="model: two of them are called 'known'"):
        evaluate([known(a=1.0), known(b=1.0)], [], plan=FEW)
    with pytest.raises(BadOption, match="settings: two of them are called 'grey'"):
        evaluate([known(**{GRAY: 1.0})], [], plan=FEW)


def test_several_processes_give_the_same_figures(photographs: Path, tmp_path: Path, known) -> None:
    (photographs / "b.png").write_text("words")
    specs = [known(**ROWS), known("other", fails=("c.jpg",))]
    plan = Plan(PROTOCOLS["crop256"], PLAIN)
    alone = evaluate(specs, pictures(photographs), plan=plan, jobs=1)
    assert log(tmp_path)
    seen: list[str] = []
    together = evaluate(specs, pictures(photographs), plan=plan, jobs=2, on_picture=seen.append)
    assert_same(alone, together)
    processes = {line.split()[-1] for line in (tmp_path / "log.txt").read_text().splitlines()}
    assert str(os.getpid()) not in processes
    assert sorted(seen) == ["a.png", "b.png", "c.jpg", "d.tif", "more/e.png"]


def test_a_process_that_dies_is_one_line(photographs: Path, tmp_path: Path, known) -> None:
    with pytest.raises(PhotochromError, match=r"jobs: one of the processes has died"):
        evaluate([known(ends="c.jpg", number=-1)], pictures(photographs), plan=FEW, jobs=2)


def test_a_second_run_measures_nothing_twice(photographs: Path, tmp_path: Path, known) -> None:
    out = tmp_path / "report"
    specs = [known(**ROWS), known("other")]
    first = evaluate(specs, pictures(photographs), plan=FEW, jobs=1, out=out)
    assert len(log(tmp_path)) == 10
    seen: list[str] = []
    again = evaluate(specs, pictures(photographs), plan=FEW, jobs=1, out=out, on_picture=seen.append)
    assert log(tmp_path) == []
    assert len(seen) == 5
    assert_same(first, again)


def test_what_has_changed_is_measured_anew(photographs: Path, tmp_path: Path, known) -> None:
    out = tmp_path / "report"

    def run(plan: Plan = FEW, faces=None, **options) -> list[str]:
        spec = known("one", **options)
        evaluate([spec, known("two")], pictures(photographs, faces=faces), plan=plan, jobs=1, out=out)
        return log(tmp_path)

    run()
    assert run(salt="another model") == [
        f"one {name}" for name in ["a.png", "b.png", "c.jpg", "d.tif", "e.png"]
    ]
    (photographs / "b.png").write_bytes((photographs / "a.png").read_bytes())
    # The same bytes as a.png, and so already measured.
    assert run() == []
    (photographs / "c.jpg").write_bytes((photographs / "c.jpg").read_bytes() + b"more")
    assert run() == ["one c.jpg", "two c.jpg"]
    assert run(faces={"d.tif": (Box(1, 1, 9, 9),)}) == ["one d.tif", "two d.tif"]
    assert len(run(Plan(PROTOCOLS["crop256"], FEW.metrics))) == 10
    assert len(run(Plan(PROTOCOLS["native"], ("psnr",)))) == 10
    assert run() == []


def test_records_of_other_code_are_not_taken(photographs, tmp_path, known, monkeypatch) -> None:
    """The version of the program stays the same while it is worked on, and its figures do not."""
    out = tmp_path / "report"
    evaluate([known()], pictures(photographs), plan=FEW, jobs=1, out=out)
    log(tmp_path)
    now = code()
    for change in ({"sources": "another"}, {"numpy": "0.1"}, {"libvips": "7.0"}):
        monkeypatch.setattr("photochrom.evaluation.run.code", lambda change=change: {**now, **change})
        evaluate([known()], pictures(photographs), plan=FEW, jobs=1, out=out)
        assert len(log(tmp_path)) == 5
    monkeypatch.setattr("photochrom.evaluation.run.code", lambda: now)
    evaluate([known()], pictures(photographs), plan=FEW, jobs=1, out=out)
    assert log(tmp_path) == []


def test_a_changed_result_of_another_program_is_measured_anew(photographs, tmp_path, known) -> None:
    results = tmp_path / "results"
    results.mkdir()
    for file in find_pictures([photographs]):
        (results / file.name).write_bytes(b"as it was")

    def run():
        return evaluate(
            [known(results=results)], pictures(photographs), plan=FEW, jobs=1, out=tmp_path / "report"
        )

    run()
    assert len(log(tmp_path)) == 5
    (results / "b.png").write_bytes(b"made better")
    run()
    assert log(tmp_path) == ["known b.png"]
    (results / "b.png").unlink()
    assert [failure.picture for failure in run().failures] == ["b.png"]


def test_a_failure_is_tried_again(photographs: Path, tmp_path: Path, known) -> None:
    out = tmp_path / "report"
    evaluate([known(fails=("b.png",))], pictures(photographs), plan=FEW, jobs=1, out=out)
    log(tmp_path)
    measured = evaluate([known()], pictures(photographs), plan=FEW, jobs=1, out=out)
    assert log(tmp_path) == ["known b.png"]
    assert not measured.failures


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupted_in_the_middle_and_taken_up_again(jobs: int, photographs, tmp_path, known) -> None:
    """As by Ctrl-C, in a process of its own."""
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from evaluation_fakes import Known
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.run import Plan, evaluate, find_pictures, named
if __name__ == "__main__":
    ends, number = ("c.jpg", 2) if {jobs} == 1 else ("", 2)
    folder = Path({str(photographs)!r})
    seen = []
    def on_picture(name):
        seen.append(name)
        if {jobs} > 1 and len(seen) == 2:
            raise KeyboardInterrupt
    evaluate(
        [Known("known", (("known", 1.0),), Path({str(tmp_path / "log.txt")!r}), ends=ends, number=number)],
        named(find_pictures([folder]), [folder]),
        plan=Plan(PROTOCOLS["native"], {FEW.metrics!r}),
        jobs={jobs},
        out=Path({str(tmp_path / "report")!r}),
        on_picture=on_picture,
    )
"""
    (tmp_path / "program.py").write_text(program)
    source = str(Path(photochrom.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert "KeyboardInterrupt" in done.stderr
    assert len(re.findall("Traceback", done.stderr)) == 1
    assert not list((tmp_path / "report").rglob("*.tmp"))
    before = log(tmp_path)
    assert 2 <= len(before) < 5 or jobs > 1
    kept = len(list((tmp_path / "report").rglob("*.npz")))
    measured = evaluate([known()], pictures(photographs), plan=FEW, jobs=1, out=tmp_path / "report")
    after = log(tmp_path)
    assert kept >= 4
    assert len(after) < 5
    assert set(before) | set(after) == {f"known {file.name}" for file in find_pictures([photographs])}
    if jobs == 1:
        assert not set(before) & set(after)
    assert_same(measured, evaluate([known()], pictures(photographs), plan=FEW, jobs=1))


def test_a_folder_of_anything_else_is_left_alone(photographs: Path, tmp_path: Path, known) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (photographs, tmp_path / "file"):
        with pytest.raises(OutputExists, match="nothing was overwritten"):
            evaluate([known()], pictures(photographs), plan=FEW, jobs=1, out=out)
    assert log(tmp_path) == []
    assert (tmp_path / "file").read_text() == "mine"


def test_an_unreadable_model_is_said_before_any_work(photographs: Path, tmp_path: Path, known) -> None:
    class Broken:
        def open(self, threads=None):
            raise UnreadableImage("broken")

    with pytest.raises(UnreadableImage):
        evaluate([known(), Broken()], pictures(photographs), plan=FEW, jobs=1)
    assert log(tmp_path) == []
