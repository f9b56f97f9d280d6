"""Pictures that another program has coloured: found by name, and taken at the protocol's size."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from photochrom.errors import BadOption, InputError
from photochrom.evaluation.pictures import find_pictures, sha256_of
from photochrom.evaluation.protocol import centre_crop
from photochrom.evaluation.rendered import Rendered, from_samples, truth_of
from photochrom.evaluation.setting import Setting
from photochrom.images.read import read_picture

if TYPE_CHECKING:
    import pyvips

    from photochrom.evaluation.pictures import Picture
    from photochrom.evaluation.scene import Scene

# Two kinds of result for at least this share of the pictures: nobody can tell which is meant.
_DOUBTFUL_SHARE: Final = 0.5


@dataclass(frozen=True)
class Check:
    """What a folder of results lacks and what it has too many of: one error each, naming the file."""

    missing: tuple[InputError, ...]
    extra: tuple[InputError, ...]


@dataclass(frozen=True)
class ResultsSpec:
    """A folder of results; `find_results` makes it.

    matches: picture → its result, or several of one name where it cannot be told which
    extra: those of no picture
    """

    name: str
    folder: Path
    matches: Mapping[Path, tuple[Path, ...]] = field(repr=False)
    extra: tuple[Path, ...] = field(default=(), repr=False)

    def open(self, threads: int | None = None) -> Results:  # noqa: ARG002 (there is no network)
        """Ready to be asked for results."""
        return Results(self)

    def result_of(self, file: Path) -> Path:
        """The one result of a picture. Raises InputError naming the picture."""
        found = self.matches.get(file, ())
        if len(found) > 1:
            raise InputError(file, f"has several results: {', '.join(map(str, found))}")
        if not found:
            raise InputError(file, f"has no result in {self.folder}")
        return found[0]

    def check(self, files: Iterable[Path]) -> Check:
        """What is wrong with the names, of these pictures and of all results; sizes show on colouring."""
        missing = []
        for file in files:
            try:
                self.result_of(file)
            except InputError as error:
                missing.append(error)
        extra = [InputError(file, "is the result of no picture of the data") for file in self.extra]
        return Check(tuple(missing), tuple(extra))


class Results:
    """A contestant whose colours are on the disk. It cannot be asked for more than those."""

    kind: Final = "results"
    colorizer: Final = None
    settings: Final[tuple[Setting, ...]] = ()
    detail: Final = None

    def __init__(self, spec: ResultsSpec) -> None:
        self.name = spec.name
        self.rows = (spec.name,)
        self.about: Mapping[str, Any] = {"folder": str(spec.folder), "results": len(spec.matches)}
        self._spec = spec

    def key_of(self, file: Path) -> str:
        """Of the row's name and the result's bytes. Raises InputError if there is none to read."""
        own = sha256_of(self._spec.result_of(file))
        return hashlib.sha256(f"results\n{self.name}\n{own}".encode()).hexdigest()

    def color(self, file: Path, scene: Scene) -> Mapping[str, Rendered]:
        """The result, lightness and all, at the size at which the truth is compared.

        Where the scene is a crop, a result is one of exactly that size, or one of the original's,
        which is cropped as the truth was. Raises UnreadableImage and ImageTooLarge naming the result,
        InputError naming the picture if there is none and the result if it has another size.
        """
        result = self._spec.result_of(file)
        image = truth_of(result)
        original = read_picture(file)
        whole = (original.width, original.height)
        if isinstance(scene.source, Path):
            _check_size(image, whole, result)
        else:
            height, width = scene.source.shape[:2]
            if (image.width, image.height) != (width, height):
                _check_size(image, whole, result, crop=f"{width}×{height}")
                return {self.name: from_samples(centre_crop(image, str(result)))}
        return {self.name: from_samples(np.asarray(image.numpy()))}


def _check_size(image: pyvips.Image, wanted: tuple[int, int], result: Path, *, crop: str = "") -> None:
    if (image.width, image.height) != wanted:
        width, height = wanted
        words = f"{crop}, nor {width}×{height} as the picture" if crop else f"{width}×{height} as the picture"
        raise InputError(result, f"is {image.width}×{image.height} and not {words}")


def find_results(name: str, folder: Path, pictures: Sequence[Picture]) -> ResultsSpec:
    """The results in a folder and below, by the names of the pictures. pictures: all of the data.

    Raises UnreadableImage for a folder without pictures, BadOption if it holds several for each.
    """
    files = {file.relative_to(folder).as_posix(): file for file in find_pictures([folder])}
    try:
        found = match_names([picture.name for picture in pictures], list(files))
    except ValueError as error:
        raise BadOption(str(folder), str(error)) from error
    taken = {result for results in found.values() for result in results}
    return ResultsSpec(
        name,
        folder,
        {
            picture.file: tuple(files[result] for result in found[picture.name])
            for picture in pictures
            if picture.name in found
        },
        tuple(file for result, file in files.items() if result not in taken),
    )


def match_names(pictures: Sequence[str], results: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Which results are a picture's: those of its path with one ending more, the same for all.

    Both are paths with "/" and a suffix. A result's path without its suffix is the picture's, without
    or with its own, and then the ending, which is empty or begins with neither letter nor digit:
    "a/x.jpg" has "a/x.png", "a/x_fake.png" or "a/x.jpg.color.png". That ending is taken which matches
    most pictures. Pictures without a result are left out; several are those that differ in suffix.

    ValueError if a second ending would do as well for half of them or more.
    """
    stems: dict[str, list[str]] = {}
    for result in results:
        stems.setdefault(_stem(result), []).append(result)
    candidates = [
        *_candidates(_named_once({picture: _stem(picture) for picture in pictures}), stems),
        *_candidates({picture: picture for picture in pictures}, stems),
    ]
    # The most pictures, then the shortest ending; the rest only so that the order is always the same.
    candidates.sort(key=lambda one: (-len(one[1]), len(one[0]), one[0]))
    if not candidates:
        return {}
    ending, best = candidates[0]
    used = set(best.values())
    rivals = [
        (picture, other)
        for other, matched in candidates
        for picture, stem in matched.items()
        if picture in best and stem not in used
    ]
    if ending and len({picture for picture, _ in rivals}) >= _DOUBTFUL_SHARE * len(best):
        endings = ", ".join(sorted({ending, *(other for _, other in rivals)}))
        raise ValueError(f"holds several results for each picture, ending in {endings}: leave one kind")
    return {picture: tuple(stems[stem]) for picture, stem in best.items()}


def _candidates(names: Mapping[str, str], stems: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    """Ending → picture → stem of its result. names: picture → what the stem begins with."""
    pictures = {name: picture for picture, name in names.items()}
    found: dict[str, dict[str, str]] = {}
    for stem in stems:
        start = stem.rfind("/") + 2  # a name is not empty
        cuts = [i for i in range(start, len(stem)) if not stem[i].isalnum()]
        for cut in (*cuts, len(stem)):
            if (picture := pictures.get(stem[:cut])) is not None:
                found.setdefault(stem[cut:], {})[picture] = stem
    return list(found.items())


def _named_once(names: Mapping[str, str]) -> dict[str, str]:
    """Without those that two pictures share: x.jpg and x.png are told apart by their suffixes alone."""
    count = Counter(names.values())
    return {picture: name for picture, name in names.items() if count[name] == 1}


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
