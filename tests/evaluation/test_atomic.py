from __future__ import annotations

import os
from pathlib import Path

import pytest

from photochrom.errors import UnwritableOutput
from photochrom.evaluation.atomic import write_atomically


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new" / "a", b"one")
    write_atomically(tmp_path / "new" / "a", b"two")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a"]
    assert (tmp_path / "new" / "a").read_bytes() == b"two"
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UnwritableOutput, match="file"):
        write_atomically(tmp_path / "file" / "a", b"x")


def test_what_was_there_stays_where_the_disk_is_full(tmp_path: Path, monkeypatch) -> None:
    """The bytes are forced to the disk before the new file takes the old one's place."""
    write_atomically(tmp_path / "a", b"one")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnwritableOutput, match="No space left"):
        write_atomically(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
