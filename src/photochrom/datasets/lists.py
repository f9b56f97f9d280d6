"""Lists of pictures: text files that name what to train on, so that no file need be moved.

A line is a picture: its path seen from the list's folder, then, if it is known, the set it belongs to and
the class of its scene, tabs between. A picture inside a shard or an array is written `shard.tar:member`.
Lines that begin with # say something to people. Lists are UTF-8.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# What may stand before the colon: a file that holds many pictures.
_INSIDE = re.compile(r"(.*?(?:\.tar|\.npy|-ubyte|\.gz)):(.+)", re.DOTALL)


class Listed(NamedTuple):
    """file: the picture's, or that which holds it; member: its name in there, empty for a file of its own."""

    file: Path
    member: str
    source: str
    label: str


def listed(name: str, source: str = "", label: str = "") -> Listed:
    """The picture of a name: a path, or file:member."""
    inside = _INSIDE.fullmatch(name)
    path, member = inside.groups() if inside else (name, "")
    return Listed(Path(path), member, source, label)


def read_list(file: Path) -> Iterator[Listed]:
    """The lines of a list. Raises OSError."""
    for line in file.read_text("utf-8", "surrogateescape").split("\n"):
        line = line.removesuffix("\r")
        if not line or line.startswith("#"):
            continue
        name, source, label = [*line.split("\t"), "", ""][:3]
        row = listed(name, source, label)
        yield row._replace(file=file.parent / row.file)


def write_list(rows: Iterable[Listed], target: Path, *, title: str) -> None:
    """Write a list whole or not at all. Every field must be `writable`. Raises OSError."""
    lines = [f"# {title}"]
    for row in rows:
        path = _seen_from(target.parent, row.file)
        name = f"{path}:{row.member}" if row.member else path
        lines.append("\t".join((name, row.source, row.label)).rstrip("\t"))
    partial = target.with_name(target.name + ".part")
    partial.write_text("\n".join(lines) + "\n", "utf-8", "surrogateescape", newline="\n")
    partial.replace(target)


def writable(name: str) -> bool:
    """Whether a name can stand in a list: lines and columns end where a list says so."""
    return not re.search(r"[\t\r\n]", name)


def _seen_from(folder: Path, file: Path) -> str:
    try:
        path = os.path.relpath(file.absolute(), folder.absolute())
    except ValueError:  # Windows has no path from one drive to another
        path = str(file.absolute())
    return f"./{path}" if path.startswith("#") else path
