"""The journal of an evaluation: a file for each record, so that a run that was broken off goes on.

A record is found by a key made of everything that decides what is in it; whatever has changed is
looked for under another key and measured anew. Old records are left where they are: a run with the
earlier model or options finds them again.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from photochrom.errors import OutputExists
from photochrom.evaluation.atomic import write_atomically
from photochrom.evaluation.record import Record

FORMAT: Final = 1
MARK: Final = ".photochrom-evaluation"
"""A file that says of a folder that it is a report's, which may be written to again."""

_RECORDS: Final = "records"


@dataclass(frozen=True)
class Journal:
    """The records below a report's folder. Any number of processes may read and write it."""

    out: Path

    def read(self, key: str) -> Record | None:
        """The record of a key; None if there is none, or it is damaged."""
        try:
            return _decoded(key, self._file(key).read_bytes())
        except Exception:  # noqa: BLE001 (whatever is wrong with a record, its picture is measured anew)
            return None

    def write(self, key: str, record: Record) -> None:
        """Keep a record, whole or not at all. Raises UnwritableOutput."""
        write_atomically(self._file(key), _encoded(key, record))

    def _file(self, key: str) -> Path:
        return self.out / _RECORDS / key[:2] / f"{key}.npz"


def open_journal(out: Path) -> Journal:
    """The journal of a report's folder, which is made if there is none.

    Raises OutputExists for a file, or a folder that holds anything but a report; UnwritableOutput.
    """
    if os.path.lexists(out) and not (out / MARK).is_file():
        if not out.is_dir():
            raise OutputExists(out, "is not a folder; nothing was overwritten")
        if any(out.iterdir()):
            raise OutputExists(out, "is not the folder of an earlier report; nothing was overwritten")
    write_atomically(
        out / MARK, b"What lies here was made by `photochrom evaluate`, and is by the next run.\n"
    )
    return Journal(out)


def key_of(parts: Mapping[str, Any]) -> str:
    """SHA-256 in hexadecimal over values that JSON has, in whatever order they are given."""
    text = json.dumps({"format": FORMAT, **parts}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _encoded(key: str, record: Record) -> bytes:
    """One .npz: words and numbers as JSON, histograms and features as arrays with a line for each row."""
    rows = list(record.values)
    words = {
        "key": key,
        "values": {row: {name: _number(value) for name, value in record.values[row].items()} for row in rows},
        "properties": record.properties,
    }
    arrays: dict[str, Any] = {
        f"features {name}": np.stack([of[row] for row in rows]) for name, of in record.features.items()
    }
    arrays["histograms"] = np.stack([record.histograms[row] for row in rows])
    arrays["json"] = np.frombuffer(json.dumps(words, allow_nan=False).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _decoded(key: str, data: bytes) -> Record | None:
    # NumPy does not read to the end of a member whose header is damaged, and so misses its checksum.
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.testzip() is not None:
            return None
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        words = json.loads(arrays["json"].tobytes())
        if words["key"] != key:
            return None
        rows = list(words["values"])
        features = {
            name.removeprefix("features "): dict(zip(rows, arrays[name].astype(np.float32), strict=True))
            for name in arrays.files
            if name.startswith("features ")
        }
        return Record(
            values={row: {name: _value(v) for name, v in of.items()} for row, of in words["values"].items()},
            histograms=dict(zip(rows, arrays["histograms"], strict=True)),
            features=features,
            properties=words["properties"],
        )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _value(number: float | None) -> float:
    return math.nan if number is None else number
