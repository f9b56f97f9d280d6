from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import OutputExists
from photochrom.evaluation.journal import Journal, key_of, open_journal
from photochrom.evaluation.metrics.histogram import AB_EDGES
from photochrom.evaluation.record import Record

KEY = key_of({"picture": "a"})


def record(seed: int = 0) -> Record:
    rng = np.random.default_rng(seed)
    rows = ("first, with a comma", 'second/"row"')
    return Record(
        values={row: {"psnr": float(rng.normal()), "semantic": math.nan} for row in rows},
        histograms={row: rng.random((2, len(AB_EDGES) - 1)) for row in rows},
        features={"fid": {row: rng.random(16).astype(np.float32) for row in rows}},
        properties={"stability": {"pairs": [1.5, None], "name": "größe"}},
    )


def same(one: Record, other: Record) -> bool:
    return (
        repr(one.values) == repr(other.values)
        and one.properties == other.properties
        and one.histograms.keys() == other.histograms.keys()
        and all(np.array_equal(of, other.histograms[row]) for row, of in one.histograms.items())
        and one.features.keys() == other.features.keys()
        and all(
            np.array_equal(feature, other.features[name][row]) and feature.dtype == np.float32
            for name, of in one.features.items()
            for row, feature in of.items()
        )
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "report")


def file_of(journal: Journal) -> Path:
    (file,) = journal.out.rglob("*.npz")
    return file


def test_a_record_comes_back_as_it_was_to_the_last_bit(journal: Journal) -> None:
    assert journal.read(KEY) is None
    journal.write(KEY, record())
    assert same(journal.read(KEY), record())
    assert not same(journal.read(KEY), record(1))


def test_a_record_without_features_or_properties(journal: Journal) -> None:
    bare = Record(record().values, record().histograms, {}, {})
    journal.write(KEY, bare)
    assert same(journal.read(KEY), bare)


def test_a_damaged_record_is_none(journal: Journal) -> None:
    """Each byte in turn, for whichever is hit: never an error, never another record."""
    journal.write(KEY, record())
    whole = file_of(journal).read_bytes()
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        file_of(journal).write_bytes(damaged)
        found = journal.read(KEY)
        # A few bytes, such as a member's date, say nothing.
        assert found is None or same(found, record()), place


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_torn_record_is_none(share: float, journal: Journal) -> None:
    journal.write(KEY, record())
    whole = file_of(journal).read_bytes()
    file_of(journal).write_bytes(whole[: int(share * len(whole))])
    assert journal.read(KEY) is None


def test_a_record_under_another_key_is_none(journal: Journal) -> None:
    journal.write(KEY, record())
    other = key_of({"picture": "b"})
    file = journal.out / "records" / other[:2] / f"{other}.npz"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(file_of(journal).read_bytes())
    assert journal.read(other) is None


def test_a_key_is_of_the_values_and_not_of_their_order() -> None:
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1})
    assert len({key_of({"a": value}) for value in (1, 2, "1", None, [1], True)}) == 6
    assert len(KEY) == 64


def test_a_report_s_folder_may_be_used_again_and_an_empty_one(tmp_path: Path) -> None:
    open_journal(tmp_path / "new").write(KEY, record())
    assert open_journal(tmp_path / "new").read(KEY) is not None
    (tmp_path / "empty").mkdir()
    open_journal(tmp_path / "empty")


def test_anything_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "a.jpg").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    for name, reason in (("photographs", "not the folder of an earlier report"), ("file", "not a folder")):
        with pytest.raises(OutputExists, match=reason):
            open_journal(tmp_path / name)
    assert [file.name for file in (tmp_path / "photographs").iterdir()] == ["a.jpg"]
