"""What results are called.

The name of a result depends on the name of its picture and on nothing else, so that neither order
nor neighbours nor an earlier run change it:

    a.jpg → a.color.jpg        the format stays: the suffix stays, as it is spelt
    a.gif → a.gif.color.png    the format changes: the whole name stays, for a.png has a.color.png
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Final

from photochrom.errors import UnsupportedFormat
from photochrom.images.formats import FORMATS, Format, format_of

_RESULT: Final = re.compile(r"\.(?:color(?:\.\d+)?|compare|confidence|alternatives)(\.[^.]+)$")


def result_name(name: str, kind: Format, form: Format | None = None) -> str:
    """The name of the result of a picture: see the top of this file. No two names give the same.

    kind: the picture's format. form: the result's; None: its own, or what takes its place
    """
    form = FORMATS[kind.written_as] if form is None else form
    path = PurePath(name)
    # "a.gif.png" keeps its whole name too, for "a.color.gif.png" would hide what "a.gif" gives.
    if (
        kind is form
        and known_format(path.suffix) is form
        and known_format(PurePath(path.stem).suffix) is None
    ):
        return f"{path.stem}.color{path.suffix}"
    return f"{name}.color{form.suffixes[0]}"


def is_result(name: str) -> bool:
    """Whether a name is one that results get: NAME.color.EXT, NAME.color.1.EXT, NAME.compare.EXT …"""
    return _result_parts(name) is not None


def original_of(name: str) -> str | None:
    """The name whose result, or comparison, has this name; None if it is not that of a result."""
    parts = _result_parts(name)
    if parts is None:
        return None
    before, suffix = parts
    return before if known_format(PurePath(before).suffix) else before + suffix


def comparison_of(target: Path) -> Path:
    """Where before | after goes, beside a result: NAME.color.EXT gives NAME.compare.EXT."""
    parts = _result_parts(target.name)
    before, suffix = parts if parts is not None else (target.stem, target.suffix)
    return target.with_name(f"{before}.compare{suffix}")


def alternative_of(target: Path, number: int) -> Path:
    """Where the alternative of a number from 1 goes: for NAME.color.EXT, NAME.color.1.EXT."""
    return target.with_name(f"{target.stem}.{number}{target.suffix}")


def sheet_of(target: Path) -> Path:
    """Where a sheet of alternatives, a PNG, goes, beside a result. No two results give the same.

    a.color.png gives a.alternatives.png, a.color.jpg gives a.jpg.alternatives.png.
    """
    name = original_of(target.name) or target.name
    return target.with_name(f"{name.removesuffix('.png')}.alternatives.png")


def confidence_name(name: str, kind: Format) -> str:
    """The name of the map of confidence of a picture, a PNG; as `result_name` has it, for no two the same.

    a.png gives a.confidence.png, a.jpg gives a.jpg.confidence.png.
    """
    result = result_name(name, kind, FORMATS["png"])
    return f"{result.removesuffix(PurePath(result).suffix).removesuffix('.color')}.confidence.png"


def known_format(suffix: str) -> Format | None:
    """The row of a suffix; None if it is that of no format."""
    try:
        return format_of(suffix)
    except UnsupportedFormat:
        return None


def _result_parts(name: str) -> tuple[str, str] | None:
    match = _RESULT.search(name)
    if match is None or match.start() == 0 or known_format(match[1]) is None:
        return None
    return name[: match.start()], match[1]
