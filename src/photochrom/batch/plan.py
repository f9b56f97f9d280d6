"""Which pictures are coloured, and where each result goes: nothing is decoded or written.

What a result is called depends on the name of its picture alone; see `images.names`.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from photochrom.errors import BadOption, InputError, PhotochromError, UnreadableImage, UnsupportedFormat
from photochrom.images.formats import HEAD_BYTES, Format, format_of, sniff, writable
from photochrom.images.names import confidence_name, is_result, known_format, original_of, result_name


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to colour: where it is, where its result goes, and where its map of confidence if any."""

    source: Path
    target: Path
    confidence: Path | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A path that cannot be coloured, and why."""

    path: Path
    error: PhotochromError


@dataclass(frozen=True)
class Placement:
    """Where results go: beside their pictures, below `folder`, or to `file`. At most one is given.

    form: the format of all results; None keeps each picture's own
    by_name: whether each folder of pictures is one below `folder` under its own name
    confidence: where maps of confidence go, if they are wanted, in the same way
    """

    form: Format | None = None
    folder: Path | None = None
    file: Path | None = None
    by_name: bool = False
    confidence: Placement | None = None

    def job(self, source: Path, kind: Format, *, base: Path) -> Job:
        """Where everything of `source` goes; see `target`."""
        maps, planned = self.confidence, self.target(source, kind, base=base)
        if maps is None:
            return Job(source, planned)
        place = maps.target(source, kind, base=base)
        if maps.file is None:
            place = place.with_name(confidence_name(source.name, kind))
        return Job(source, planned, place)

    def target(self, source: Path, kind: Format, *, base: Path) -> Path:
        """Where the result of `source`, a picture of format `kind`, goes.

        base: the part of the path that is not repeated below `folder`
        """
        if self.file is not None:
            return self.file
        name = result_name(source.name, kind, self.form)
        if self.folder is None:
            return source.with_name(name)
        return self.folder / source.parent.relative_to(base) / name


def plan(
    words: Sequence[str],
    *,
    out: str | None = None,
    form: Format | None = None,
    recursive: bool = False,
    confidence: str | None = None,
) -> Iterator[Job | Trouble]:
    """The pictures that `words` name, in their order; those of a folder by name, files before folders.

    words: files, folders, or patterns with `*`, `?`, `[…]` and `**`; a file of that very name wins
    out: a file for a single picture; a folder if it is one, ends in a slash, or has to hold several
    recursive: whether folders are entered below the first level
    confidence: as `out`, for maps of confidence, if they are wanted

    Folders and patterns leave out hidden names and results of ours (`is_result`); a result named
    beside its picture is left out too, since a shell's `*.jpg` names both. Nothing but names is held,
    and no more of them than one folder or pattern has. Raises BadOption where `out`
    or `confidence` cannot be meant.
    """
    placement = _placement(words, out, form)
    if confidence is not None:
        maps = _placement(words, confidence, None, option="confidence")
        placement = replace(placement, confidence=maps)
    found = _found(words, placement, recursive)
    single = len(words) == 1 and os.path.lexists(words[0])
    return found if single else _without_repeats(found)


def _placement(
    words: Sequence[str], out: str | None, form: Format | None, *, option: str = "out"
) -> Placement:
    if out is None:
        return Placement(form)
    single = len(words) == 1 and not _is_folder(words[0])
    single = single and (os.path.lexists(words[0]) or not glob.has_magic(words[0]))
    slashes = tuple(slash for slash in (os.sep, os.altsep) if slash)
    if not single and os.path.lexists(out) and not _is_folder(out):
        raise BadOption(option, f"{out} is not a folder, and several pictures need one")
    if not single or out.endswith(slashes) or _is_folder(out):
        return Placement(form, folder=Path(out), by_name=len(words) > 1)
    file = Path(out)
    if not file.suffix:
        raise BadOption(option, f"{out} has no suffix to say its format; a folder ends in a slash: {out}/")
    try:
        asked = writable(file.suffix)
    except UnsupportedFormat as error:
        raise BadOption(option, str(error)) from error
    if form is not None and form is not asked:
        raise BadOption(option, f"{out} is not the name of a file in format {form.name}")
    return Placement(form, file=file)


def _found(words: Sequence[str], placement: Placement, recursive: bool) -> Iterator[Job | Trouble]:
    named = {_absolute(word) for word in words} if len(words) > 1 else set()
    for word in words:
        path = Path(word)
        if _is_folder(word):
            base = path.parent if placement.by_name and path.name not in ("", "..") else path
            yield from _of_folder(path, placement, base=base, recursive=recursive)
        elif os.path.lexists(word) or not glob.has_magic(word):
            original = original_of(path.name)
            if original is None or _absolute(path.with_name(original)) not in named:
                yield _of_file(path, placement, base=path.parent)
        else:
            yield from _of_pattern(word, placement, recursive=recursive)


def _of_file(path: Path, placement: Placement, *, base: Path) -> Job | Trouble:
    """A file that was named: tried whatever its suffix, for its contents may be a picture's."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _trouble(path, "is not a regular file; a pipe is read with - in its place")
        kind = _kind_of(path)
    except FileNotFoundError:
        return _trouble(path, "no such file or folder")
    except OSError as error:
        return _trouble(path, error.strerror or str(error))
    if kind is None:
        return _trouble(path, "is not a picture in any format known here")
    return placement.job(path, kind, base=base)


def _kind_of(path: Path) -> Format | None:
    """What a file is, by its first bytes; by its name where they say nothing. Raises OSError."""
    with path.open("rb") as file:
        return sniff(file.read(HEAD_BYTES)) or known_format(path.suffix)


def _of_pattern(pattern: str, placement: Placement, *, recursive: bool) -> Iterator[Job | Trouble]:
    """What a pattern names. Its results keep the folders below the first one that has a wildcard."""
    parts = Path(pattern).parts
    plain = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base, rest = Path(*parts[:plain]), list(parts[plain:])
    deep = "**" in rest
    if rest[-1] == "**":
        rest.append("*")
    kinds = ("color", "compare", "confidence", "alternatives")
    results_too = any(f".{kind}." in rest[-1] for kind in kinds)
    hidden_too = any(part.startswith(".") for part in rest)
    empty = True
    # Path.glob, unlike glob.glob, does not follow links on the way down, and so ends in a ring of them.
    try:
        matches = sorted(str(match) for match in base.glob("/".join(rest)))
    except (ValueError, NotImplementedError, OSError) as error:
        yield _trouble(Path(pattern), str(error))
        return
    for name in matches:
        path = Path(name)
        if not hidden_too and any(part.startswith(".") for part in path.relative_to(base).parts):
            continue
        if _is_folder(path):
            # "**" meets every folder on its way; only one that the last part names was asked for.
            if not deep:
                empty = False
                yield from _of_folder(path, placement, base=base, recursive=recursive)
        elif known_format(path.suffix) is not None and (results_too or not is_result(path.name)):
            empty = False
            yield _of_file(path, placement, base=base)
    if empty:
        yield _trouble(Path(pattern), "no picture has such a name")


def _of_folder(folder: Path, placement: Placement, *, base: Path, recursive: bool) -> Iterator[Job | Trouble]:
    empty = True
    for item in _walk(folder, recursive=recursive):
        empty = False
        if isinstance(item, Trouble):
            yield item
        else:
            try:
                kind = _kind_of(item)
            except OSError:  # said by whoever reads it
                kind = None
            yield placement.job(item, kind or format_of(item.suffix), base=base)
    if empty:
        deeper = "" if recursive else "; --recursive looks into the folders below"
        yield Trouble(folder, InputError(folder, f"holds no picture to colour{deeper}"))


def _walk(top: Path, *, recursive: bool) -> Iterator[Path | Trouble]:
    """Pictures below `top`. Links are followed, but never back into a folder they came from."""
    waiting: list[tuple[Path, frozenset[tuple[int, int]]]] = [(top, frozenset())]
    while waiting:
        folder, above = waiting.pop()
        try:
            status = folder.stat()
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                yield Trouble(folder, InputError(folder, "is a link back to a folder that holds it"))
                continue
            files, folders = _entries(folder)
        except OSError as error:
            reason = f"the folder cannot be read: {error.strerror or error}"
            yield Trouble(folder, InputError(folder, reason))
            continue
        for name in files:
            path = folder / name
            fault = _why_not(path)
            yield path if fault is None else _trouble(path, fault)
        if recursive:
            inside = above | {identity}
            waiting.extend((folder / name, inside) for name in reversed(folders))


def _entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names of a folder's pictures and of its folders, sorted; hidden ones and results left out."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            picture = known_format(PurePath(entry.name).suffix) is not None
            try:
                inner = entry.is_dir()
            except OSError:  # a link that leads to itself: reported by whoever opens it
                inner = not picture
            if inner:
                folders.append(entry.name)
            elif picture and not is_result(entry.name):
                files.append(entry.name)
    return sorted(files), sorted(folders)


def _why_not(path: Path) -> str | None:
    """Why an entry of a folder is no file: links to nothing, or in a ring. None if it is one."""
    try:
        return None if stat.S_ISREG(path.stat().st_mode) else "is not a regular file"
    except FileNotFoundError:
        return "is a link to nothing"
    except OSError as error:
        return error.strerror or str(error)


def _without_repeats(found: Iterator[Job | Trouble]) -> Iterator[Job | Trouble]:
    """Drop pictures that were named twice, and refuse those whose result or map another one has taken.

    Numbers of each picture are kept, not its paths: there may be a million.
    """
    taken: dict[int, int] = {}
    for item in found:
        if isinstance(item, Job):
            source = hash(_absolute(item.source))
            places = {hash(_absolute(path)): path for path in (item.target, item.confidence) if path}
            lost = [path for place, path in places.items() if taken.get(place, source) != source]
            if lost:
                reason = f"its result would take the place of another picture's, {lost[0]}"
                yield Trouble(item.source, InputError(item.source, reason))
            if lost or places.keys() & taken.keys():
                continue
            taken |= dict.fromkeys(places, source)
        yield item


def _absolute(path: str | Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 (Path.absolute keeps "..", and resolve asks the disk)


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def _trouble(path: Path, reason: str) -> Trouble:
    return Trouble(path, UnreadableImage(path, reason))
