"""IDX files, in which MNIST and Fashion-MNIST come: grey pictures of 28×28, packed by gzip or not.

Big-endian: two zero bytes, 0x08 for bytes, the number of dimensions, their sizes, then the data
(yann.lecun.com/exdb/mnist). `train-images-idx3-ubyte.gz` has its classes in `train-labels-idx1-ubyte.gz`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.datasets.damage import Damage

PICTURES = ("-idx3-ubyte", "-idx3-ubyte.gz")
_CHUNK = 1 << 20


def is_idx(place: Path) -> bool:
    """Whether a file's name says that it holds pictures."""
    return place.name.endswith(PICTURES) and place.is_file()


def read_idx(file: Path, damaged: Callable[[Damage], None]) -> NDArray[np.uint8]:
    """All of an IDX file of bytes: (n, …). Of one that is cut short, what is whole; `damaged` is told.

    A file that is none is told too, and gives (0,).
    """
    data, reason = _unpacked(file)
    dimensions = data[3] if data[:3] == b"\0\0\x08" and len(data) > 3 else 0
    start = 4 + 4 * dimensions
    if not dimensions or len(data) < start:
        damaged(Damage(str(file), reason or "is no IDX file of bytes"))
        return np.empty(0, np.uint8)
    count, *shape = np.frombuffer(data, ">u4", dimensions, 4).tolist()
    size = int(np.prod(shape, dtype=object))
    whole = min(count, (len(data) - start) // max(size, 1))
    if whole < count:
        damaged(Damage(str(file), f"is cut short: {whole} of {count} are whole"))
    return np.frombuffer(data, np.uint8, whole * size, start).reshape(whole, *shape)


def classes_beside(file: Path, damaged: Callable[[Damage], None]) -> NDArray[np.uint8]:
    """The numbers of the classes of the pictures in `file`, (n,); (0,) if there are none beside it."""
    labels = file.with_name(file.name.replace("-images-", "-labels-").replace("-idx3-", "-idx1-"))
    if labels == file or not labels.is_file():
        return np.empty(0, np.uint8)
    return read_idx(labels, damaged).reshape(-1)


def _unpacked(file: Path) -> tuple[bytes, str]:
    """The bytes, as far as they can be had, and why no further."""
    parts = []
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            while part := stream.read1(_CHUNK):
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        return b"".join(parts), str(error)
    return b"".join(parts), ""
