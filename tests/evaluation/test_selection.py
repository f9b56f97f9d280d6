from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import BadOption, MissingBackbone
from photochrom.evaluation.backbones import BACKBONES
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS
from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.selection import backbones_of, choose_metrics, choose_properties

PLAIN = tuple(name for name, row in METRICS.items() if not row.backbone)
LOOKING = tuple(name for name, row in {**METRICS, **SET_METRICS}.items() if row.backbone)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which no network is prepared."""
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path))
    return tmp_path


def prepare() -> None:
    """As far as names go."""
    for row in BACKBONES.values():
        row.file.parent.mkdir(parents=True, exist_ok=True)
        row.file.touch()
        row.checksum_file.touch()


def test_unasked_all_that_works_is_taken_and_the_rest_named() -> None:
    chosen = choose_metrics()
    assert (chosen.metrics, chosen.set_metrics, chosen.unprepared) == (PLAIN, (), LOOKING)
    prepare()
    chosen = choose_metrics()
    assert (chosen.metrics, chosen.set_metrics) == (tuple(METRICS), tuple(SET_METRICS))
    assert chosen.unprepared == ()


def test_what_is_asked_for_and_not_prepared_is_an_error() -> None:
    for wish in (("all",), ("psnr", "fid"), ("lpips_vgg",)):
        with pytest.raises(MissingBackbone, match="photochrom metrics prepare"):
            choose_metrics(wish)
    prepare()
    assert choose_metrics(("all",)).metrics == tuple(METRICS)
    assert choose_metrics(("fid", "psnr")) == choose_metrics(("psnr", "fid"))


def test_names_keep_the_order_of_the_table() -> None:
    assert choose_metrics(("de2000", "psnr", "psnr")).metrics == ("psnr", "de2000")
    assert choose_properties(("hints", "stability")) == ("stability", "hints")
    assert choose_properties(("all",)) == tuple(PROPERTIES)
    assert choose_properties(()) == ()


def test_an_unknown_name_names_those_there_are() -> None:
    with pytest.raises(BadOption, match=r"metrics: 'beauty' is not one of all, psnr, .*fid"):
        choose_metrics(("psnr", "beauty"))
    with pytest.raises(BadOption, match=r"properties: 'beauty' is not one of all, stability"):
        choose_properties(("beauty",))


def test_without_truth_nothing_that_needs_it_is_taken() -> None:
    prepare()
    chosen = choose_metrics(has_truth=False)
    assert chosen.metrics == tuple(name for name, row in METRICS.items() if not row.needs_truth)
    assert chosen.set_metrics == chosen.unprepared == ()
    assert choose_metrics(("all",), has_truth=False) == chosen
    for name in ("psnr", "fid"):
        with pytest.raises(BadOption, match=f"{name} compares with true colours"):
            choose_metrics((name,), has_truth=False)


def test_the_networks_behind_metrics() -> None:
    assert backbones_of(["psnr", "de2000"]) == []
    assert backbones_of([*METRICS, *SET_METRICS]) == sorted(BACKBONES)
