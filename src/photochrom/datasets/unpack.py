"""The pictures of shards and arrays as files, to look at and to try a model on."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from photochrom.datasets.damage import Damage
from photochrom.datasets.lists import listed
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS, reason
from photochrom.errors import OutputExists


def unpack(
    pictures: Sequence[EncodedPicture],
    out: Path,
    *,
    damaged: Callable[[Damage], None],
    overwrite: bool = False,
) -> Iterator[Path]:
    """Write each picture into the folder `out` and give its path.

    Encoded pictures keep their bytes and names; those of arrays become PNG, grey ones of one channel.
    Pictures out of several files or folders go into a folder for each. One that cannot be had is told to
    `damaged`. Raises OutputExists, where two would have one name too, and OSError.
    """
    several = len({_holder(picture) for picture in pictures}) > 1
    taken: set[Path] = set()
    for picture in pictures:
        target = out / (_holder(picture).name.partition(".")[0] if several else "") / file_name(picture)
        if target in taken:
            raise OutputExists(target, f"was written already, and {picture.name} would have its name too")
        if target.exists() and not overwrite:
            raise OutputExists(target, "exists; --overwrite replaces such pictures")
        try:
            data = _as_file(picture.data)
        except DECODE_ERRORS as error:
            damaged(Damage(picture.name, reason(error)))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".part")
        partial.write_bytes(data)
        partial.replace(target)
        taken.add(target)
        yield target


def file_name(picture: EncodedPicture) -> PurePosixPath:
    """What a picture is called: its member's name, no part of which leads out of a folder."""
    row = listed(picture.name)
    if not row.member:
        return PurePosixPath(row.file.name)
    parts = re.split(r"[/\\]", row.member)
    return PurePosixPath(*(part for part in parts if part not in ("", ".", "..") and ":" not in part))


def _holder(picture: EncodedPicture) -> Path:
    """The file that holds a picture, or the folder."""
    row = listed(picture.name)
    return row.file if row.member else row.file.parent


def _as_file(data: bytes) -> bytes:
    if data[:2] not in (b"P5", b"P6"):
        return data
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.save(buffer, "PNG")
    return buffer.getvalue()
