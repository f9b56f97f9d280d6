"""SOURCES of training pictures: where encoded pictures come from, all brought to one list.

Pictures stay encoded in memory (a 224-pixel JPEG is 20 KB, its pixels 150 KB) and are decoded when a
batch asks for them; a training set of 250,000 then takes 3 GB and no disk is read during training.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.datasets.shards import PICTURE_SUFFIXES
from photochrom.errors import NoPictures


@dataclass(frozen=True)
class EncodedPicture:
    """name: path or member name, for messages; source: which set it belongs to; data: the file's bytes.

    label: the class of its scene, empty if it is not known.
    """

    name: str
    source: str
    data: bytes
    label: str = ""


def from_folder(folder: Path) -> Iterator[EncodedPicture]:
    """Every picture file below `folder`, sorted; its source is the folder's name.

    Its label is the name of the folder below that it lies in, or else what its own name says.
    """
    for file in sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file()):
        label = label_of(file.name) if file.parent == folder else file.parent.name
        yield EncodedPicture(str(file), folder.name, file.read_bytes(), label)


def from_shard(shard: Path) -> Iterator[EncodedPicture]:
    """Every picture member of a tar shard; its source is the shard's name without the number."""
    source = re.sub(r"-\d+$", "", shard.stem)
    with tarfile.open(shard) as tar:
        for member in tar:
            if member.isfile() and Path(member.name).suffix.lower() in PICTURE_SUFFIXES:
                handle = tar.extractfile(member)
                data = handle.read() if handle else b""
                yield EncodedPicture(f"{shard}:{member.name}", source, data, label_of(member.name))


def label_of(name: str) -> str:
    """The class that a file's name begins with, as in `beach.00000012.jpg`; empty if it names none."""
    found = re.fullmatch(r"(?:.*/)?([^./]*[^\W\d][^./]*)\.\d+\.[^./]+", name)
    return found[1] if found else ""


# Kind of path → reader. A folder that holds shards is read as its shards.
SOURCES: tuple[tuple[str, Callable[[Path], bool], Callable[[Path], Iterator[EncodedPicture]]], ...] = (
    ("tar shard", lambda p: p.suffix == ".tar" and p.is_file(), from_shard),
    ("folder", lambda p: p.is_dir(), from_folder),
)


def load_pictures(places: Sequence[Path]) -> list[EncodedPicture]:
    """All pictures of folders, tar shards and folders of tar shards, in a fixed order.

    Raises NoPictures naming the place that is missing, damaged or empty.
    """
    pictures: list[EncodedPicture] = []
    for place in places:
        shards = sorted(place.glob("*.tar")) if place.is_dir() else []
        before = len(pictures)
        for part in shards or [place]:
            for _, matches, read in SOURCES:
                if matches(part):
                    try:
                        pictures.extend(read(part))
                    except (OSError, tarfile.TarError) as error:
                        raise NoPictures(part, str(error)) from error
                    break
            else:
                raise NoPictures(part, "no such folder or tar shard")
        if len(pictures) == before:
            raise NoPictures(place, "holds no pictures")
    return pictures
