"""The arrays of Kaggle's *Image Colorization*: pictures as 8-bit Lab, lightness and colour in files apart.

    l/gray_scale.npy            (25000, 224, 224)    L · 255/100
    ab/ab/ab1.npy … ab3.npy     (10000, 224, 224, 2) twice, then (5000, …): a + 128, b + 128

which is how OpenCV stores 8-bit Lab. The colours follow each other in the order of their files' numbers
and answer to the lightnesses one by one: ab1 to L[0:10000], ab2 to L[10000:20000], ab3 to the rest. The
files are mapped into memory, so that 3.8 GB cost none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color.srgb import lab_to_srgb
from photochrom.datasets.damage import Damage

Bytes = NDArray[np.uint8]

LIGHTNESS = "gray_scale.npy"


@dataclass(frozen=True)
class LabArrays:
    """Lightnesses and colours that belong together. lightness: (n, H, W); ab: (n, H, W, 2)."""

    lightness: Bytes
    ab: Bytes

    def __len__(self) -> int:
        return len(self.ab)

    def rgb(self, number: int) -> Bytes:
        """One picture, (H, W, 3) sRGB; colours outside the gamut are clipped, as OpenCV does."""
        lab = np.empty((*self.lightness.shape[1:], 3), np.float32)
        lab[..., 0] = self.lightness[number] * np.float32(100 / 255)
        lab[..., 1:] = self.ab[number] - np.float32(128)
        return np.asarray((lab_to_srgb(lab).clip(0, 1) * 255).round(), np.uint8)


def lightness_file(place: Path) -> Path | None:
    """The lightnesses of a folder in this layout, or the file itself; None if it is another place."""
    file = place if place.name == LIGHTNESS else place / "l" / LIGHTNESS
    return file if file.is_file() else None


def paired(file: Path, damaged: Callable[[Damage], None]) -> Iterator[tuple[int, LabArrays]]:
    """The lightnesses of `file` with the colours beside its folder: the first one's number, and the arrays.

    Of a file that is cut short, the whole pictures are taken. After a file whose length cannot be known
    no lightness can be given its colours, so the rest is left out. Both are told to `damaged`.
    """
    try:
        lightness, count = _mapped(file, 3)
    except (OSError, ValueError) as error:
        damaged(Damage(str(file), str(error)))
        return
    _tell_if_cut(file, len(lightness), count, damaged)
    first = 0
    for number, part in enumerate(_color_files(file.parent.parent), 1):
        try:
            ab, count = _mapped(part, 4)
            if ab.shape[1:] != (*lightness.shape[1:], 2):
                raise ValueError(f"has the shape {ab.shape}, which does not go with {lightness.shape}")
            if not part.stem.endswith(f"b{number}"):
                raise ValueError(f"is there, but ab{number}.npy is not")
        except (OSError, ValueError) as error:
            damaged(Damage(str(part), f"{error}; pictures {first} and on of {file.name} are left out"))
            return
        _tell_if_cut(part, len(ab), count, damaged)
        whole = max(0, min(len(ab), len(lightness) - first))
        yield first, LabArrays(lightness[first : first + whole], ab[:whole])
        first += count
    if first != len(lightness):
        damaged(Damage(str(file), f"holds {len(lightness)} lightnesses for {first} colours"))


def _color_files(folder: Path) -> list[Path]:
    """ab1.npy, ab2.npy … by number: in `ab/ab`, as they are unpacked, or in `ab`."""
    for place in (folder / "ab" / "ab", folder / "ab"):
        found = {int(match[1]): file for file in place.glob("ab*.npy")
                 if (match := re.fullmatch(r"ab(\d+)\.npy", file.name))}  # fmt: skip
        if found:
            return [file for _, file in sorted(found.items())]
    return []


def _mapped(file: Path, dimensions: int) -> tuple[Bytes, int]:
    """The whole pictures of an array of bytes, and how many there should be.

    Raises OSError and ValueError for another kind of file.
    """
    with file.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, in_columns, kind = read(stream)
        start = stream.tell()
    if kind != np.uint8 or in_columns or len(shape) != dimensions or 0 in shape[1:]:
        raise ValueError(f"holds {kind} of the shape {shape}, not bytes of {dimensions} dimensions")
    size = int(np.prod(shape[1:]))
    there = min(shape[0], (file.stat().st_size - start) // size)
    if there == 0:
        raise ValueError("holds no whole picture")
    return np.memmap(file, np.uint8, "r", offset=start, shape=(there, *shape[1:])), shape[0]


def _tell_if_cut(file: Path, there: int, count: int, damaged: Callable[[Damage], None]) -> None:
    if there < count:
        damaged(Damage(str(file), f"is cut short: {there} of {count} pictures are whole"))
