"""The pictures of an evaluation: found in folders, named for reports, and told apart by their bytes."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from photochrom.errors import UnreadableImage
from photochrom.images.formats import FORMATS

if TYPE_CHECKING:
    from photochrom.evaluation.scene import Box


@dataclass(frozen=True)
class Picture:
    """A file to be coloured.

    name: what reports call it
    faces: where somebody has marked some, in pixels of the upright file
    """

    file: Path
    name: str
    faces: tuple[Box, ...] | None = None


def find_pictures(places: Iterable[Path], *, limit: int | None = None, seed: int = 0) -> list[Path]:
    """The picture files among `places` and below those that are folders, in order of their paths.

    limit: at most so many, drawn at random by `seed`. Raises UnreadableImage for a folder without any.
    """
    found: set[Path] = set()
    for place in places:
        pictures = _below(place) if place.is_dir() else [place]
        if not pictures:
            raise UnreadableImage(place, "holds no pictures")
        found.update(pictures)
    files = sorted(found)
    if limit is None or limit >= len(files):
        return files
    chosen = np.random.default_rng(seed).choice(len(files), size=limit, replace=False)
    return [files[i] for i in sorted(chosen)]


def is_picture(path: Path) -> bool:
    """Whether it is a file of a format that can be read, going by its name."""
    return path.suffix.lower() in _suffixes() and path.is_file()


@functools.cache
def _suffixes() -> frozenset[str]:
    return frozenset(suffix for row in FORMATS.values() for suffix in row.suffixes)


def _below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if is_picture(file)]


def named(
    files: Sequence[Path],
    places: Sequence[Path] = (),
    *,
    faces: Mapping[str, tuple[Box, ...]] | None = None,
) -> list[Picture]:
    """The files with their names: the path below the place where each was found, "/" between its parts.

    Of several places the names come first; where two files would still be called the same, they keep
    their whole paths. faces: by these names.
    """
    names = [_printable(_name_below(file, places)) for file in files]
    if len(set(names)) < len(names):
        names = [_printable(file.as_posix()) for file in files]
    marked = faces or {}
    return [Picture(file, name, marked.get(name)) for file, name in zip(files, names, strict=True)]


def _printable(name: str) -> str:
    """Bytes that are no UTF-8, which a disk may have in its names, as escapes that a report can hold."""
    return name.encode("utf8", "backslashreplace").decode("utf8")


def _name_below(file: Path, places: Sequence[Path]) -> str:
    for place in places:
        if place in file.parents:
            below = file.relative_to(place)
            return (place.name / below if len(places) > 1 else below).as_posix()
    return file.name


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises UnreadableImage."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableImage(file, error.strerror or str(error)) from error


def digest_of(pictures: Mapping[str, str]) -> str:
    """One checksum for a set of pictures: SHA-256 over the lines "sha256  name", sorted by name.

    pictures: name → SHA-256 of its bytes. It is what `sha256sum` says of its own list of them.
    """
    lines = (f"{checksum}  {name}\n" for name, checksum in sorted(pictures.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
