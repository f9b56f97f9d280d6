"""Hints in a file beside their picture: `photo.hints.json`. `docs/hints.md` has the format."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadOption
from photochrom.hints.shapes import Mask, Painted, Point, Rectangle, Shape, Stroke
from photochrom.images.whole import write_whole

FORMAT: Final = "photochrom hints"
VERSION: Final = 1
SUFFIX: Final = ".hints.json"

_MOST_BYTES: Final = 256 * 1024**2
_MOST_PIXELS: Final = 100_000_000
# Of painted pictures, each of whose pixels takes 80 bytes to bring to a grid: a little more than
# `Hints.from_picture` leaves.
_MOST_PAINTED: Final = 5_000_000

# Kind → keys that must be there, keys that may be.
_KEYS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    Point.kind: (("x", "y", "color"), ("radius", "confidence")),
    Stroke.kind: (("points", "color"), ("radius", "confidence")),
    Rectangle.kind: (("left", "top", "right", "bottom", "color"), ("confidence",)),
    Mask.kind: (("width", "height", "bits", "color"), ("confidence",)),
    Painted.kind: (("width", "height", "pixels"), ("confidence",)),
}


def sidecar_of(picture: Path) -> Path:
    """Where the hints of a picture are looked for: photo.jpg → photo.hints.json."""
    return picture.with_name(picture.stem + SUFFIX)


def text_of(path: Path) -> str | None:
    """The text of a JSON file; None for any other, which may be a picture. Raises BadOption."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
            if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) and path.suffix != ".json":
                return None
            data = head + file.read(_MOST_BYTES)
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise BadOption(str(path), "no such file") from None
    except OSError as error:
        raise BadOption(str(path), error.strerror or str(error)) from error
    except ValueError as error:
        raise BadOption(str(path), f"not a file of hints: {error}") from error


def rows_of(text: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and arguments of each hint, for `Hints`' methods of that name. Raises BadOption naming `name`."""
    try:
        values = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise BadOption(name, f"not a file of hints: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise BadOption(name, f'not a file of hints: "format": "{FORMAT}" is wanted')
    if values.get("version") != VERSION:
        raise BadOption(name, f"version {values.get('version')!r}; this program reads version {VERSION}")
    _check_keys(values, ("format", "version", "hints"), (), name)
    if not isinstance(values["hints"], list):
        raise BadOption(name, '"hints" must be a list')
    for number, row in enumerate(values["hints"], 1):
        where = f"{name}: hint {number}"
        kind = row.get("kind") if isinstance(row, dict) else None
        if not isinstance(kind, str) or kind not in _KEYS:
            raise BadOption(where, f"kind {kind!r} is not one of {', '.join(_KEYS)}")
        _check_keys(row, ("kind", *_KEYS[kind][0]), _KEYS[kind][1], where)
        yield kind, _arguments(kind, {key: value for key, value in row.items() if key != "kind"}, where)


def text_from(shapes: Sequence[Shape]) -> str:
    """The file's text, one hint a line."""
    rows = ",\n".join(f"    {json.dumps(_row(shape))}" for shape in shapes)
    hints = f"[\n{rows}\n  ]" if rows else "[]"
    return f'{{\n  "format": "{FORMAT}",\n  "version": {VERSION},\n  "hints": {hints}\n}}\n'


def write(target: Path, text: str, *, overwrite: bool) -> None:
    """Whole or not at all. Raises OutputExists, UnwritableOutput."""
    write_whole(target, text.encode("utf8"), overwrite=overwrite)


def _row(shape: Shape) -> dict[str, Any]:
    needed, optional = _KEYS[shape.kind]
    row: dict[str, Any] = {"kind": shape.kind}
    if isinstance(shape, Mask):
        height, width = shape.mask.shape
        row |= {"width": width, "height": height, "bits": _packed(np.packbits(shape.mask))}
    elif isinstance(shape, Painted):
        height, width, _ = shape.pixels.shape
        row |= {"width": width, "height": height, "pixels": _packed(shape.pixels)}
    row |= {key: getattr(shape, key) for key in needed if key not in row}
    defaults = {"radius": None, "confidence": 1.0}
    return row | {key: getattr(shape, key) for key in optional if getattr(shape, key) != defaults[key]}


def _arguments(kind: str, values: dict[str, Any], where: str) -> dict[str, Any]:
    """The keys of a row as the arguments of `Hints`' method."""
    if kind == Stroke.kind:
        points = values["points"]
        if not isinstance(points, list) or not all(isinstance(point, list) for point in points):
            raise BadOption(where, "points must be a list of pairs of x and y")
    if kind not in (Mask.kind, Painted.kind):
        return values
    width, height = values.pop("width"), values.pop("height")
    for side in (width, height):
        if isinstance(side, bool) or not isinstance(side, int) or side < 1:
            raise BadOption(where, f"width and height must be whole numbers above 0, not {side!r}")
    most = _MOST_PIXELS if kind == Mask.kind else _MOST_PAINTED
    if width * height > most:
        raise BadOption(where, f"{width}×{height} is more than {most:,} pixels")
    if kind == Mask.kind:
        packed = _unpacked(values.pop("bits"), -(-width * height // 8), where)
        bits = np.unpackbits(packed, count=width * height).astype(np.bool_)
        return {**values, "mask": bits.reshape(height, width)}
    pixels = _unpacked(values["pixels"], width * height * 4, where).reshape(height, width, 4)
    alpha = pixels[..., 3]
    if not np.isin(alpha, (0, 255)).all() or pixels[alpha == 0].any() or not alpha.any():
        raise BadOption(where, "pixels must be opaque, or else 0 in all four channels; one at least opaque")
    return {"confidence": 1.0, **values, "pixels": pixels}


def _packed(data: NDArray[np.uint8]) -> str:
    return base64.b64encode(zlib.compress(data.tobytes(), 9)).decode("ascii")


def _unpacked(text: Any, count: int, where: str) -> NDArray[np.uint8]:
    """`count` bytes. Raises BadOption for another number of them, before they fill the memory."""
    try:
        packed = zlib.decompressobj()
        data = packed.decompress(base64.b64decode(text, validate=True), count + 1)
    except (TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise BadOption(where, f"its pixels are damaged: {error}") from error
    if len(data) != count:
        raise BadOption(where, f"its pixels are damaged: {count} bytes are wanted")
    return np.frombuffer(data, np.uint8)


def _check_keys(
    values: Mapping[str, Any], needed: Sequence[str], optional: Sequence[str], where: str
) -> None:
    known = (*needed, *optional)
    for key in values:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise BadOption(where, f"unknown key {key!r}; {meant}")
    missing = [key for key in needed if key not in values]
    if missing:
        raise BadOption(where, f"{', '.join(missing)} is missing")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keys and values of an object. ValueError for a key that is there twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return values


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")
