"""The file formats: how each is recognized, what it can hold and what takes its place.

`FORMATS` is the one list. A format is recognized by its first bytes, never by its name, and opened
by its own decoder alone; the other decoders of libvips (SVG, CSV, raw…) are never reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from photochrom.errors import UnsupportedFormat


@dataclass(frozen=True)
class Format:
    """One row of `FORMATS`.

    name: also the key
    suffixes: with the dot and in lower case; the first is the one given to new files
    saver: the libvips operation that writes it; None where it is only read
    written_as: the format that a picture read from this one is written in
    depths: bits a channel that can be written
    alpha: whether transparency can be written
    keeps: which metadata survive writing
    max_side: longest side that can be written, in pixels
    whole: whether the decoder needs the whole picture in memory (others are streamed)
    quality: default of the `quality` option, 1…100; None where writing is lossless
    """

    name: str
    suffixes: tuple[str, ...]
    saver: str | None
    written_as: str
    depths: tuple[int, ...] = ()
    alpha: bool = False
    keeps: tuple[str, ...] = ()
    max_side: int = 1_000_000
    whole: bool = False
    quality: int | None = None


_ROWS: Final = (
    Format(
        name="jpeg",
        suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
        saver="jpegsave",
        written_as="jpeg",
        depths=(8,),
        keeps=("exif", "xmp", "iptc", "icc", "dpi"),
        max_side=65_500,
        # A scan that is a JPEG already is quantised twice; below 97 that alone moves L by 0.3 to 0.6
        # in the mean, and "lightness untouched" would be true of the other formats only.
        quality=97,
    ),
    Format(
        name="png",
        suffixes=(".png",),
        saver="pngsave",
        written_as="png",
        depths=(8, 16),
        alpha=True,
        keeps=("exif", "xmp", "icc", "dpi"),
    ),
    Format(
        name="tiff",
        suffixes=(".tif", ".tiff"),
        saver="tiffsave",
        written_as="tiff",
        depths=(8, 16),
        alpha=True,
        keeps=("exif", "xmp", "iptc", "icc", "dpi"),
    ),
    Format(
        name="webp",
        suffixes=(".webp",),
        saver="webpsave",
        written_as="webp",
        depths=(8,),
        alpha=True,
        keeps=("exif", "xmp", "icc"),
        max_side=16_383,
        whole=True,
        # Its luma has 220 steps (ITU-R BT.601), which move L by 0.29 in the mean before any loss; at 97
        # it is 0.37, at 90 it is 0.65.
        quality=100,
    ),
    Format(
        name="avif",
        suffixes=(".avif",),
        saver="heifsave",
        written_as="avif",
        depths=(8,),
        alpha=True,
        keeps=("exif", "xmp", "icc"),
        max_side=16_384,
        whole=True,
        # L moves by 0.27 in the mean; at 75 by 0.65. Three quarters of the size of the JPEG at 97.
        quality=97,
    ),
    # Read only. GIF has 256 colours, too few for a photograph; BMP and PNM hold no metadata.
    Format(name="gif", suffixes=(".gif",), saver=None, written_as="png", whole=True),
    Format(name="bmp", suffixes=(".bmp", ".dib"), saver=None, written_as="png", whole=True),
    Format(
        name="pnm",
        suffixes=(".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pfm"),
        saver=None,
        written_as="png",
        whole=True,
    ),
    Format(
        name="jp2",
        suffixes=(".jp2", ".j2k", ".jpx", ".j2c"),
        saver=None,
        written_as="tiff",
        whole=True,
    ),
    # Its successor of the same family, which needs no licence.
    Format(name="heic", suffixes=(".heic", ".heif", ".hif"), saver=None, written_as="avif", whole=True),
)

FORMATS: Final[dict[str, Format]] = {row.name: row for row in _ROWS}

_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"BM", "bmp"),
)

HEAD_BYTES: Final = 256
"""How much of a file `sniff` looks at."""


def sniff(head: bytes) -> Format | None:
    """The format of a file that begins with `head`; None if it is none of ours."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return FORMATS[name]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FORMATS["webp"]
    if head[:1] == b"P" and head[1:2] in b"1234567Ff" and head[2:3].isspace():
        return FORMATS["pnm"]
    if head[4:8] == b"ftyp":
        # ISO/IEC 14496-12, 4.3: the major brand, a version, then the compatible brands.
        end = int.from_bytes(head[:4], "big")
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(end, len(head)), 4))}
        if brands & {b"avif", b"avis"}:
            return FORMATS["avif"]
        if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
            return FORMATS["heic"]
    return None


def format_of(suffix: str) -> Format:
    """The row of a suffix, with its dot or without, or of a format's name such as "jpeg"; in any case.

    Raises UnsupportedFormat for one that is not in the table.
    """
    key = suffix.lower()
    for row in _ROWS:
        if key == row.name or key in row.suffixes or f".{key}" in row.suffixes:
            return row
    known = ", ".join(row.suffixes[0] for row in _ROWS if row.saver)
    raise UnsupportedFormat(suffix or "(no suffix)", f"not one of {known}")


def writable(suffix: str) -> Format:
    """The row of a suffix or format name that can be written; UnsupportedFormat otherwise."""
    row = format_of(suffix)
    if row.saver is None:
        better = FORMATS[row.written_as].suffixes[0]
        raise UnsupportedFormat(suffix, f"{row.name.upper()} is only read; write {better} instead")
    return row


def output_suffix(source: PurePath | str) -> str:
    """The suffix for the result of a picture with this path or suffix.

    Its own, as it is spelt, where that format can be written; else that of the format which takes
    its place: ".bmp", ".gif" and ".ppm" give ".png", ".heic" gives ".avif", ".jp2" gives ".tif".
    """
    suffix = source.suffix if isinstance(source, PurePath) else source
    row = format_of(suffix)
    if row.saver is not None:
        return suffix if suffix.startswith(".") else row.suffixes[0]
    return FORMATS[row.written_as].suffixes[0]
