"""`photochrom evaluate --out`: a folder that a later run takes up."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from known_model import run
from photochrom.errors import OutputExists


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
