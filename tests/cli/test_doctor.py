"""`photochrom doctor`."""

import json

import pytest

from photochrom.cli import doctor, extras
from photochrom.errors import BadModel


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(doctor, "TIMED", (64, 64))


def test_a_healthy_installation(call):
    done = call("doctor")
    assert done.exit_code == 0, done.stdout
    assert "FAILS" not in done.stdout
    for word in ("photochrom", "pyvips", "onnxruntime", "cpu", "checksums agree", "pixels in"):
        assert word in done.stdout


def test_json(call):
    rows = [json.loads(line) for line in call("doctor", "--json").stdout.splitlines()]
    assert {row["name"] for row in rows} >= {
        "Python",
        "numpy",
        "formats",
        "providers",
        "model",
        "speed",
        "[heic]",
    }
    assert all(set(row) == {"name", "value", "ok", "cure"} for row in rows)


def test_what_is_missing_comes_with_the_command_that_adds_it(call, monkeypatch):
    monkeypatch.setattr(extras, "EXTRAS", {"heic": extras.Extra("reading HEIC", ("no_such_module",))})
    monkeypatch.setattr(doctor, "EXTRAS", extras.EXTRAS)
    done = call("doctor")
    assert done.exit_code == 0
    assert 'pip install "photochrom[heic]"' in done.stdout


def test_a_broken_model_is_reported_with_all_the_rest(call, monkeypatch):
    def broken(*_):
        raise BadModel("flagship.json", "damaged")

    monkeypatch.setattr("photochrom.inference.weights.find_model", broken)
    done = call("doctor")
    assert done.exit_code == 1
    assert "FAILS  BadModel: flagship.json: damaged" in done.stdout
    assert "[train]" in done.stdout


def test_a_card_without_its_runtime(call, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name)
    monkeypatch.setattr("photochrom.inference.session.available_providers", lambda: ["cpu"])
    assert "pip install onnxruntime-gpu" in call("doctor").stdout
