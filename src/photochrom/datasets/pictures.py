"""SOURCES of training pictures: where pictures come from, all brought to one list.

The pictures of shards stay encoded in memory (a 224-pixel JPEG is 20 KB, its pixels 150 KB), so that a
training set of 250,000 takes 3 GB and no disk is read during training. Files of a folder are read each
time they are shown, and arrays are mapped, so that they may be larger than memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.datasets.damage import Damage, unheard
from photochrom.datasets.idx import classes_beside, is_idx, read_idx
from photochrom.datasets.lab_arrays import LabArrays, lightness_file, paired
from photochrom.datasets.lists import read_list
from photochrom.datasets.shards import PICTURE_SUFFIXES, hidden, label_of, members
from photochrom.errors import NoPictures

Report = Callable[[Damage], None]

# Folders that say which part of a set a picture belongs to, not what it shows: those of COCO
# (train2017), of Places (data_256, testSet_resize, class) and of most others.
_PARTS = re.compile(
    r"(data|train|training|val|valid|validation|test|testing|testset|unlabeled|images?|class)"
    r"([-_ ]?(\d+|sample|large|resize|standard|images))*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class EncodedPicture:
    """name: path, or path:member, for messages and lists; source: which set it belongs to.

    kept: the file's bytes, or what reads them. label: the class of its scene, empty if it is not known.
    """

    name: str
    source: str
    kept: bytes | Callable[[], bytes]
    label: str = ""

    @property
    def data(self) -> bytes:
        """The bytes of a picture file. Raises OSError where they cannot be read."""
        return self.kept if isinstance(self.kept, bytes) else self.kept()


def from_file(file: Path, damaged: Report) -> Iterator[EncodedPicture]:
    """One picture; its source is its folder's name."""
    del damaged
    yield EncodedPicture(str(file), file.absolute().parent.name, file.read_bytes, label_of(file.name))


def from_folder(folder: Path, damaged: Report) -> Iterator[EncodedPicture]:
    """Every picture file below `folder`, sorted; its source is the folder's name."""
    del damaged
    for file in picture_files(folder):
        yield EncodedPicture(str(file), folder.resolve().name, file.read_bytes, label_below(folder, file))


def from_shard(shard: Path, damaged: Report) -> Iterator[EncodedPicture]:
    """Every picture member of a tar shard; its source is the shard's name without the number.

    Its label is what its name says, or else its `.cls` member, as WebDataset has it.
    """
    source = re.sub(r"-\d+$", "", shard.stem)
    pictures, classes = [], {}
    for name, data in members(shard, damaged):
        if name.endswith(".cls"):
            classes[_key(name)] = data.decode("utf-8", "replace").strip()
        else:
            pictures.append((name, data))
    for name, data in pictures:
        label = label_of(name) or classes.get(_key(name), "")
        yield EncodedPicture(f"{shard}:{name}", source, data, label)


def from_lab_arrays(place: Path, damaged: Report) -> Iterator[EncodedPicture]:
    """The pictures of Kaggle's *Image Colorization*; their source is the name of its folder."""
    file = lightness_file(place)
    assert file is not None
    source = file.absolute().parent.parent.name
    for first, arrays in paired(file, damaged):
        for i in range(len(arrays)):
            yield EncodedPicture(f"{file}:{first + i:08d}.png", source, partial(_lab_encoded, arrays, i))


def from_idx(file: Path, damaged: Report) -> Iterator[EncodedPicture]:
    """The grey pictures of an IDX file; class 7 is labelled `class7`."""
    pictures, classes = read_idx(file, damaged), classes_beside(file, damaged)
    if pictures.ndim != 3:
        damaged(Damage(str(file), "holds no pictures"))
        return
    source = file.absolute().parent.name
    for i in range(len(pictures)):
        label = f"class{classes[i]}" if i < len(classes) else ""
        name = f"{file}:{label + '.' if label else ''}{i:08d}.png"
        yield EncodedPicture(name, source, partial(_grey_encoded, pictures, i), label)


def from_list(file: Path, damaged: Report) -> Iterator[EncodedPicture]:
    """The pictures of a list, in its order; source and label are as it says."""
    holders: dict[Path, dict[str, EncodedPicture]] = {}
    for path, member, source, label in read_list(file):
        if not member:
            if path.suffix.lower() not in PICTURE_SUFFIXES or not path.is_file():
                damaged(Damage(str(path), f"is listed in {file}, but there is no such picture"))
                continue
            yield EncodedPicture(
                str(path), source or file.stem, path.read_bytes, label or label_of(path.name)
            )
            continue
        if path not in holders:
            row = _source_of(path)
            inside = row.read(path, damaged) if row else ()
            holders[path] = {picture.name.removeprefix(f"{path}:"): picture for picture in inside}
        found = holders[path].get(member)
        if found is None:
            damaged(Damage(f"{path}:{member}", f"is listed in {file}, but there is no such picture"))
            continue
        yield EncodedPicture(found.name, source or found.source, found.kept, label or found.label)


@dataclass(frozen=True)
class Source:
    """One row of SOURCES. colored: whether its pictures can teach colour."""

    name: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, Report], Iterator[EncodedPicture]]
    colored: bool = True


# The first row that matches a place reads it. A folder that holds shards or IDX files is read as those.
SOURCES: tuple[Source, ...] = (
    Source("tar shard", lambda p: p.suffix == ".tar" and p.is_file(), from_shard),
    Source("IDX file", is_idx, from_idx, colored=False),
    Source("Lab arrays", lambda p: lightness_file(p) is not None, from_lab_arrays),
    Source("list", lambda p: p.suffix == ".txt" and p.is_file(), from_list),
    Source("picture", lambda p: p.suffix.lower() in PICTURE_SUFFIXES and p.is_file(), from_file),
    Source("folder", lambda p: p.is_dir(), from_folder),
)


def load_pictures(
    places: Sequence[Path], *, damaged: Report = unheard, grey: bool = False
) -> list[EncodedPicture]:
    """All pictures of the places, in a fixed order. A place is what a row of SOURCES reads.

    What is damaged is told to `damaged` and left out; a picture's own bytes are first looked at when it
    is decoded. grey: take those that are grey by nature, too. Raises NoPictures naming a place that is
    missing or has no picture that can be read.
    """
    pictures: list[EncodedPicture] = []
    for place in places:
        found: list[EncodedPicture] = []
        faults: list[Damage] = []
        for part in _parts(place):
            row = _source_of(part)
            if row is None:
                raise NoPictures(part, "no such folder, tar shard or list of pictures")
            if not (row.colored or grey):
                raise NoPictures(part, "holds grey pictures, which teach no colour")
            try:
                found.extend(row.read(part, faults.append))
            except OSError as error:
                raise NoPictures(part, error.strerror or str(error)) from error
        if not found:
            raise NoPictures(place, f"holds no pictures ({faults[0]})" if faults else "holds no pictures")
        for fault in faults:
            damaged(fault)
        pictures.extend(found)
    return pictures


def picture_files(folder: Path) -> list[Path]:
    """The picture files below a folder, sorted, but for hidden ones."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in PICTURE_SUFFIXES
        and not hidden(file.relative_to(folder).parts)
        and file.is_file()
    )


def label_below(folder: Path, file: Path) -> str:
    """The class of a file's scene: the folder that it lies in, below `folder`, or what its name says.

    Folders like train2017 or images are no classes. In Places, `a/abbey` is the class abbey and
    `s/subway_station/platform` the class subway_station-platform.
    """
    folders = list(file.relative_to(folder).parts[:-1])
    while folders and _PARTS.fullmatch(folders[0]):
        del folders[0]
    if len(folders) > 1 and len(folders[0]) == 1 and folders[1].startswith(folders[0]):
        return "-".join(folders[1:])
    return folders[-1] if folders else label_of(file.name)


def _parts(place: Path) -> list[Path]:
    """The shards or IDX files of a folder that holds such, else the place itself."""
    if place.is_dir():
        inside = sorted(place.glob("*.tar")) or sorted(filter(is_idx, place.iterdir()))
        if inside:
            return inside
    return [place]


def _source_of(place: Path) -> Source | None:
    return next((row for row in SOURCES if row.matches(place)), None)


def _key(name: str) -> str:
    """What the members of one WebDataset sample have in common."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/{file.partition('.')[0]}"


def _lab_encoded(arrays: LabArrays, number: int) -> bytes:
    return _encoded(arrays.rgb(number))


def _grey_encoded(pictures: NDArray[np.uint8], number: int) -> bytes:
    return _encoded(pictures[number])


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) or (H, W) as PPM or PGM, which cost no time to write or to read."""
    height, width = pixels.shape[:2]
    return b"P%d %d %d 255\n" % (6 if pixels.ndim == 3 else 5, width, height) + pixels.tobytes()
