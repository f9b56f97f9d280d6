from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.color.difference import delta_e_2000
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.histogram import AB_EDGES
from photochrom.evaluation.pictures import Picture, digest_of, sha256_of
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.references import ReferenceSpec
from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.report.data import Asked, as_json, report_of, write_json
from photochrom.evaluation.report.shown import ERRORS_UP_TO, SIDE, choose, clear, draw, error_map
from photochrom.evaluation.report.tables import write_tables
from photochrom.evaluation.run import GRAY, LAB8, TRUTH, Plan, evaluate, find_pictures, named
from photochrom.evaluation.setting import Setting
from photochrom.evaluation.summary import summarize
from photochrom.inference.vividness import ColorRule

PLAN = Plan(PROTOCOLS["native"], ("psnr", "de2000", "colorfulness"))
ASKED = Asked("photochrom evaluate --data photographs", PLAN, seed=3)


@pytest.fixture
def pictures(photographs: Path):
    return named(find_pictures([photographs]), [photographs])


@pytest.fixture
def specs(known):
    return [known("ours", half=0.5, all=1.0), known("theirs", fails=("d.tif",))]


@pytest.fixture
def measured(pictures, specs):
    return evaluate(specs, pictures, plan=PLAN, jobs=1)


@pytest.fixture
def report(measured):
    return report_of(measured, summarize(measured, seed=3), ASKED)


def test_a_report_says_what_was_measured_and_how(report, photographs: Path) -> None:
    assert report["format"] == 1
    assert report["protocol"]["name"] == "native"
    assert report["command"] == ASKED.command
    assert (report["pictures"], report["seed"], report["limit"]) == (4, 3, None)
    files = ["a.png", "b.png", "c.jpg", "more/e.png"]
    assert [file["name"] for file in report["files"]] == files
    assert report["digest"] == digest_of({name: sha256_of(photographs / name) for name in files})
    assert [metric["name"] for metric in report["metrics"]] == list(PLAN.metrics)
    assert all(metric["title"] == METRICS[metric["name"]].title for metric in report["metrics"])
    assert report["failures"] == [{"file": "d.tif", "model": "theirs", "reason": "has no result"}]
    assert {"python", "numpy"} <= set(report["versions"])


def test_rows_are_the_references_around_the_contestants(report) -> None:
    rows = report["rows"]
    assert [(row["name"], row["model"], row["kind"]) for row in rows] == [
        (GRAY, None, "reference"),
        (LAB8, None, "reference"),
        ("half", "ours", "results"),
        ("all", "ours", "results"),
        ("theirs", "theirs", "results"),
        (TRUTH, None, "reference"),
    ]
    truth = rows[-1]
    assert set(truth["metrics"]) == {"colorfulness"}
    assert truth["gain"] == {}
    assert rows[3]["metrics"]["colorfulness"]["mean"] == truth["metrics"]["colorfulness"]["mean"]
    assert [model["rows"] for model in report["models"]] == [["half", "all"], ["theirs"]]
    assert [(model["row"], model["setting"]) for model in report["models"]] == [
        ("half", None),
        ("theirs", None),
    ]


def test_means_are_those_of_the_files(report) -> None:
    """Each picture's value is there, rounded to three places more than the metric prints."""
    for row in report["rows"]:
        for name, estimate in row["metrics"].items():
            values = [file["values"][row["name"]][name] for file in report["files"]]
            assert estimate["mean"] == pytest.approx(np.mean(values), abs=1e-3)
            assert estimate["n"] == 4


def test_what_a_picture_has_no_value_of_is_null(pictures, known) -> None:
    plan = Plan(PROTOCOLS["native"], ("psnr", "skin"))
    pictures[0].file.rename(pictures[0].file.with_name("z.png"))
    found = evaluate([known()], pictures[1:], plan=plan, jobs=1)
    report = report_of(found, summarize(found), Asked("…", plan))
    assert all(file["values"]["known"]["skin"] is None for file in report["files"])
    assert [metric["name"] for metric in report["metrics"]] == ["psnr"]
    assert "skin" not in report["rows"][2]["metrics"]


def test_the_same_run_gives_the_same_bytes(report, specs, pictures, tmp_path: Path) -> None:
    again = evaluate(specs, pictures, plan=PLAN, jobs=2, out=tmp_path / "out")
    other = report_of(again, summarize(again, seed=3), ASKED)
    assert as_json(report) == as_json(other)
    assert json.loads(as_json(report)) == report


def test_histograms_have_every_row_and_add_up(report) -> None:
    bins = len(report["histograms"]["edges"]) - 1
    for plane in "ab":
        shares = report["histograms"][plane]
        assert list(shares) == [GRAY, LAB8, TRUTH, "half", "all", "theirs"]
        for row in shares.values():
            assert len(row) == bins
            assert sum(row) == pytest.approx(1, abs=1e-4)


def test_the_page_has_the_histograms_that_the_metric_compares(pictures, known) -> None:
    """Oracle: Σ min(p, q) of the shares drawn, for one picture."""
    plan = Plan(PROTOCOLS["native"], ("hist_a", "hist_b"))
    found = evaluate([known(half=0.5)], pictures[:1], plan=plan, jobs=1)
    report = report_of(found, summarize(found), Asked("…", plan))
    assert report["histograms"]["edges"] == AB_EDGES.tolist()
    for plane in "ab":
        shares = report["histograms"][plane]
        common = np.minimum(shares["half"], shares[TRUTH]).sum()
        assert common == pytest.approx(report["rows"][2]["metrics"][f"hist_{plane}"]["mean"], abs=1e-3)


def test_properties_are_gathered_by_model(measured) -> None:
    looks = [{"pairs": {"192–256": 2 * value}, "mirrored": value, "copies": value} for value in (1.0, 3.0)]
    gathered = {"stability": {"ours": looks}}
    found = report_of(replace(measured, properties=gathered), summarize(measured), ASKED)["properties"]
    assert found["stability"]["ours"]["mirrored"] == 2
    assert found["stability"]["ours"]["pairs"] == {"192–256": 4}


def test_tables_hold_the_same_figures(report, tmp_path: Path) -> None:
    write_tables(report, tmp_path)
    with (tmp_path / "summary.csv").open(encoding="utf8", newline="") as file:
        lines = {line["row"]: line for line in csv.DictReader(file)}
    assert list(lines) == [row["name"] for row in report["rows"]]
    for row in report["rows"]:
        for name, estimate in row["metrics"].items():
            cells = {part: lines[row["name"]][f"{name}_{part}"] for part in estimate}
            assert {part: float(cell) if cell else None for part, cell in cells.items()} == estimate
        for name, estimate in row["gain"].items():
            assert float(lines[row["name"]][f"{name}_gain_mean"]) == estimate["mean"]
    assert lines[TRUTH]["psnr_mean"] == ""
    assert float(lines["half"]["colorfulness_ratio_mean"]) < 1
    with (tmp_path / "pictures.csv").open(encoding="utf8", newline="") as file:
        pictures = list(csv.DictReader(file))
    assert len(pictures) == 4 * 6
    for line in pictures:
        (values,) = [one["values"] for one in report["files"] if one["name"] == line["file"]]
        for name in PLAN.metrics:
            value = values[line["row"]].get(name)
            assert line[name] == ("" if value is None else str(value))


def test_the_file_is_the_report(report, tmp_path: Path) -> None:
    assert json.loads(write_json(report, tmp_path).read_text("utf8")) == report


def test_best_worst_and_median_of_the_first_contestant_are_shown(measured, pictures) -> None:
    chosen = choose(measured, pictures)
    why = {reason: choice.picture.name for choice in chosen for reason in choice.why}
    psnr = dict(zip(measured.names, measured.values["psnr"][measured.rows.index("half")], strict=True))
    de2000 = dict(zip(measured.names, measured.values["de2000"][measured.rows.index("half")], strict=True))
    assert psnr[why["best PSNR: half"]] == max(psnr.values())
    assert psnr[why["worst PSNR: half"]] == min(psnr.values())
    assert sorted(psnr.values()).index(psnr[why["median PSNR: half"]]) == 1
    assert de2000[why["best ΔE2000: half"]] == min(de2000.values())
    assert not any("colourfulness" in reason for reason in why)
    names = [choice.picture.name for choice in chosen]
    assert names == sorted(set(names), key=measured.names.index)
    assert [choice.number for choice in chosen] == list(range(1, len(chosen) + 1))


def test_pictures_are_chosen_by_a_row_that_has_colour(known, pictures) -> None:
    """Vividness 0 gives one grey picture after another, of which none is the best."""
    slider = [Setting(f"vividness {place:g}", ColorRule(chroma=place), place) for place in (0, 0.5, 1)]
    spec = known("ours", none=0.0, half=0.5, all=1.0, settings=tuple(slider))
    found = evaluate([spec], pictures, plan=PLAN, jobs=1)
    (entry,) = found.entries
    assert (entry.row, entry.setting) == ("all", "vividness 1")
    reasons = {reason for choice in choose(found, pictures) for reason in choice.why}
    assert "best PSNR: all" in reasons
    assert not any(reason.endswith(("none", "half")) for reason in reasons)
    (model,) = report_of(found, summarize(found), ASKED)["models"]
    assert (model["row"], model["setting"]) == ("all", "vividness 1")


def test_no_more_than_thirty_are_shown_the_evenly_spread_among_them(measured, pictures) -> None:
    many = [Picture(Path(f"{i:03d}.png"), f"{i:03d}.png") for i in range(400)]
    rng = np.random.default_rng(0)
    large = replace(
        measured,
        files=tuple(picture.file for picture in many),
        names=tuple(picture.name for picture in many),
        values={name: rng.normal(0, 1, (len(measured.rows), 400)) for name in METRICS},
    )
    chosen = choose(large, many)
    assert len(chosen) == 30
    assert sum("evenly spread" in choice.why for choice in chosen) == 6
    assert {"000.png", "399.png"} <= {choice.picture.name for choice in chosen}


def test_pictures_are_drawn_small_and_listed(measured, pictures, specs, tmp_path: Path) -> None:
    wide = pictures[0].file
    Image.new("RGB", (900, 300), (200, 90, 40)).save(wide)
    contestants = [spec.open() for spec in (ReferenceSpec(), *specs)]
    (choice, *_) = choose(measured, pictures)
    shown = draw(contestants, choice, plan=PLAN, out=tmp_path)
    assert shown["file"] == "a.png"
    assert list(shown["images"]) == ["input", "half", "all", "theirs", TRUTH]
    assert list(shown["errors"]) == ["half", "all", "theirs"]
    names = [*shown["images"].values(), *shown["errors"].values()]
    assert len(set(names)) == 8
    for name in names:
        with Image.open(tmp_path / name) as image:
            assert (image.format, image.size) == ("WEBP", (SIDE, SIDE // 3))
    with (
        Image.open(tmp_path / shown["images"]["input"]) as gray,
        Image.open(tmp_path / shown["images"][TRUTH]) as truth,
    ):
        assert np.ptp(np.asarray(gray.convert("RGB")).mean((0, 1))) < 2
        assert np.abs(np.asarray(truth.convert("RGB")).mean((0, 1)) - [200, 90, 40]).max() < 6
    clear(tmp_path, keep=[shown])
    assert {f"shown/{file.name}" for file in (tmp_path / "shown").iterdir()} == set(names)
    clear(tmp_path, keep=[])
    assert list((tmp_path / "shown").iterdir()) == []


def test_an_error_map_is_black_where_nothing_differs_and_grows_lighter() -> None:
    gray = np.full((4, 8, 3), 128, np.uint8)
    shifted = gray.copy()
    shifted[:, :, 0] += np.arange(0, 80, 10, dtype=np.uint8)
    one, other = Rendered(shifted), Rendered(gray)
    error = delta_e_2000(one.lab, other.lab)[0]
    light = error_map(one, other).astype(int).sum(axis=2)[0]
    assert light[0] == 4
    assert (np.diff(error) > 0).all()
    assert (np.diff(light)[error[1:] <= ERRORS_UP_TO] > 0).all()
    far = error_map(Rendered(np.zeros((2, 2, 3), np.uint8)), Rendered(np.full((2, 2, 3), 255, np.uint8)))
    assert (far == [252, 255, 164]).all()


def test_nothing_in_a_report_is_a_number_that_json_lacks(report) -> None:
    def numbers(value):
        if isinstance(value, dict):
            for one in value.values():
                yield from numbers(one)
        elif isinstance(value, list):
            for one in value:
                yield from numbers(one)
        elif isinstance(value, float):
            yield value

    assert all(math.isfinite(number) for number in numbers(report))
