"""Tar shards of pictures, as WebDataset names them: `NAME-000000.tar`, members `key.jpg`.

A training set of half a million small files is slow to list and to copy; a few dozen shards are not,
and they are read front to back.
"""

from __future__ import annotations

import io
import itertools
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from photochrom.datasets.damage import Damage
from photochrom.datasets.screen import DECODE_ERRORS, Resemblance, fault

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def members(shard: Path, damaged: Callable[[Damage], None]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every picture in a shard, and of every `.cls` member beside one.

    Those before the place where a shard is damaged or cut are given; `damaged` is told of it.
    """
    whole = 0
    try:
        with tarfile.open(shard) as tar:
            for member in tar:
                if member.isfile() and _wanted(PurePosixPath(member.name)):
                    handle = tar.extractfile(member)
                    yield member.name, handle.read() if handle else b""
                whole += 1
            # Where a header is damaged, tarfile takes it for the end; a true end is a block of zeros.
            assert tar.fileobj is not None
            tar.fileobj.seek(tar.offset)
            if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("the rest cannot be read")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        where = f"damaged or cut after {whole} files: " if whole else ""
        damaged(Damage(str(shard), f"{where}{error}"))


def _wanted(name: PurePosixPath) -> bool:
    return not hidden(name.parts) and (name.suffix.lower() in PICTURE_SUFFIXES or name.suffix == ".cls")


def hidden(parts: Iterable[str]) -> bool:
    """Whether a file is not meant to be seen, like the `._photo.jpg` that a Mac packs beside each."""
    return any(part.startswith(".") and part != "." for part in parts)


def label_of(name: str) -> str:
    """The class that a file's name begins with, as in `beach.00000012.jpg`; empty if it names none."""
    found = re.fullmatch(r"(?:.*/)?([^./]*[^\W\d][^./]*)\.\d+\.[^./]+", name)
    return found[1] if found else ""


@dataclass(frozen=True)
class Packed:
    """What became of the pictures given to `pack`."""

    written: int
    shards: tuple[Path, ...]
    left_out: Counter[str] = field(default_factory=Counter)


def pack(
    files: Iterable[Path],
    out: Path,
    *,
    side: int = 224,
    quality: int = 92,
    kept_apart: Resemblance | None = None,
    label: Callable[[Path], str] = lambda _: "",
    per_shard: int = 10_000,
    progress: Callable[[int], None] | None = None,
) -> Packed:
    """Write usable pictures as JPEG (4:4:4) with a short side of at most `side` into `out-NNNNNN.tar`.

    Left out and counted by reason: unreadable, below 64 pixels, grey, tinted, on white ground, or
    resembling one of `kept_apart`. `label` knows the class of a file's scene, empty if there is none;
    members are called `class.number.jpg` where `label_of` can read that back. Shards appear whole or not
    at all.
    """
    left_out: Counter[str] = Counter()
    shards: list[Path] = []
    written = 0

    def usable() -> Iterator[tuple[str, bytes]]:
        for done, file in enumerate(files, 1):
            if progress is not None:
                progress(done)
            try:
                yield (
                    _member(file, label(file)),
                    _prepared(file, side=side, quality=quality, kept_apart=kept_apart),
                )
            except _LeftOut as reason:
                left_out[str(reason)] += 1

    out.parent.mkdir(parents=True, exist_ok=True)
    pictures = usable()
    while batch := list(itertools.islice(pictures, per_shard)):
        target = out.with_name(f"{out.name}-{len(shards):06d}.tar")
        partial = target.with_suffix(".tar.part")
        try:
            with tarfile.open(partial, "w") as tar:
                for number, (name, data) in enumerate(batch, written):
                    info = tarfile.TarInfo(name.format(number))
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        written += len(batch)
        shards.append(target)
    return Packed(written, tuple(shards), left_out)


def _member(file: Path, label: str) -> str:
    """What the picture is called in a shard, with {} for its number."""
    name = re.sub(r"[./\\{}]", "_", label)
    if label_of(f"{name}.0.jpg"):
        return f"{name}.{{:08d}}.jpg"
    return f"{{:08d}}.{re.sub(r'[.{}]', '_', file.stem)}.jpg"


class _LeftOut(Exception):
    """Carries the reason."""


def _prepared(file: Path, *, side: int, quality: int, kept_apart: Resemblance | None) -> bytes:
    try:
        with Image.open(file) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except DECODE_ERRORS:
        raise _LeftOut("unreadable") from None
    if min(image.size) < 64:
        raise _LeftOut("too small")
    if kept_apart is not None and image in kept_apart:
        raise _LeftOut("resembles a picture kept apart")
    if min(image.size) > side:
        scale = side / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
    if reason := fault(np.asarray(image)):
        raise _LeftOut(reason)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
