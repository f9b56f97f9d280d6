"""Where prepared networks are, and what is said where one is missing or damaged."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from photochrom.errors import BadModel, MissingBackbone
from photochrom.evaluation.backbones import BACKBONES, backbone, cache_folder, fingerprint, is_prepared
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path))
    return tmp_path


def test_every_backbone_serves_a_metric_and_every_metric_finds_its_own() -> None:
    asked = {row.backbone for row in (*METRICS.values(), *SET_METRICS.values())} - {""}
    assert asked == set(BACKBONES)


@pytest.mark.parametrize(
    ("platform", "variable", "value", "folder"),
    [
        ("linux", "XDG_CACHE_HOME", "{tmp}/shared", "{tmp}/shared/photochrom"),
        ("linux", "XDG_CACHE_HOME", "relative", "{home}/.cache/photochrom"),
        ("linux", "XDG_CACHE_HOME", "", "{home}/.cache/photochrom"),
        ("darwin", "XDG_CACHE_HOME", "{tmp}/shared", "{home}/Library/Caches/photochrom"),
        ("win32", "LOCALAPPDATA", "{tmp}/local", "{tmp}/local/photochrom/Cache"),
        ("win32", "LOCALAPPDATA", "", "{home}/AppData/Local/photochrom/Cache"),
    ],
)
def test_each_system_has_its_place_for_caches(
    platform: str, variable: str, value: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PHOTOCHROM_CACHE")
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, value.format(tmp=tmp_path))
    assert cache_folder() == Path(folder.format(tmp=tmp_path, home=Path.home()))


def test_a_backbone_that_is_not_there_names_the_command(cache: Path) -> None:
    assert not is_prepared("lpips-vgg")
    for asked in (backbone, fingerprint):
        with pytest.raises(
            MissingBackbone, match=r'^lpips-vgg: is not prepared; "photochrom metrics prepare"'
        ):
            asked("lpips-vgg")


def test_what_needs_no_backbone_is_prepared(cache: Path) -> None:
    assert is_prepared("")


def test_a_damaged_file_is_found_by_its_checksum(cache: Path) -> None:
    row = BACKBONES["lpips-alex"]
    row.file.parent.mkdir(parents=True)
    row.file.write_bytes(b"half a fi")
    row.checksum_file.write_text(f"{'0' * 64}  {row.file.name}\n")
    with pytest.raises(BadModel, match=r'1\.onnx: is damaged; "photochrom metrics prepare --again" makes'):
        backbone("lpips-alex")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_a_damaged_checksum_is_found(content: bytes, cache: Path) -> None:
    row = BACKBONES["lpips-alex"]
    row.file.parent.mkdir(parents=True)
    row.file.write_bytes(b"")
    row.checksum_file.write_bytes(content)
    with pytest.raises(BadModel, match=r"1\.sha256: is damaged"):
        backbone("lpips-alex")


def test_a_real_one_is_loaded_once_and_runs_on_one_thread(prepared: Path) -> None:
    graph = backbone("mobilenet-v2")
    assert backbone("mobilenet-v2") is graph
    assert (graph.threads, graph.provider) == (1, "cpu")
    assert graph.outputs == {"logits": (None, 1000)}
