"""EXIF and IPTC in TIFF files, which libvips drops (EXIF) or cuts short (IPTC).

An EXIF block is itself a small TIFF file, so one reader and one writer of tag directories serve for
both ways: the tags of a TIFF scan become an EXIF block, as every other format carries it, and an
EXIF block becomes tags of the TIFF that was written.

References: CIPA DC-008 (Exif 2.32), 4.6; Adobe, TIFF Revision 6.0, section 2; BigTIFF as in libtiff.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_EXIF_POINTER, _GPS_POINTER, _IPTC = 34665, 34853, 33723
_POINTERS: Final = (_EXIF_POINTER, _GPS_POINTER)
_LONG, _UNDEFINED = 4, 7
# What one value of each field type is made of, as struct has it; rationals are pairs of longs.
_TYPES: Final = {
    1: "B",
    2: "s",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "B",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
# Of the first directory only what describes the picture and its making; the rest describes the
# samples, which are new. DocumentName, ImageDescription, Make, Model, PageName, Software, DateTime,
# Artist, HostComputer, Rating and its percentage, Copyright, the five XP… tags of Windows.
_CARRIED: Final = frozenset(
    {269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)}
)
# The pointer to another directory that only some makers write, and the colour space, which changes.
_LEFT_OUT: Final = frozenset({40965, 40961})
_MAX_ENTRIES: Final = 1024
_MAX_VALUE: Final = 1024 * 1024
_EXIF_HEADER: Final = b"Exif\0\0"
# What following an offset that points nowhere ends in.
_BROKEN: Final = (struct.error, IndexError, OverflowError)


@dataclass(frozen=True)
class Entry:
    """One tag: its field type, how many values, and their bytes in little-endian order."""

    tag: int
    kind: int
    count: int
    value: bytes


def exif_of_tiff(data: memoryview) -> bytes | None:
    """The descriptive tags of a whole TIFF file as an EXIF block; None if it has none."""
    tags = _described(data)
    if tags is None or not any(tags.values()):
        return None
    block = bytearray(b"II*\0\0\0\0\0")
    start = _append(block, 0, tags, [], big=False)
    struct.pack_into("<I", block, 4, start)
    return _EXIF_HEADER + bytes(block)


def without_thumbnail(exif: bytes) -> bytes:
    """The block with its first directory as the only one: the second is that of the thumbnail."""
    block = bytearray(exif.removeprefix(_EXIF_HEADER))
    try:
        reader = _Reader(memoryview(block))
        (count,) = struct.unpack_from(reader.order + "H", block, reader.start)
        struct.pack_into("<I", block, reader.start + 2 + 12 * count, 0)
    except _BROKEN:
        return exif
    return exif[: len(exif) - len(block)] + bytes(block)


def iptc_of_tiff(data: memoryview) -> bytes | None:
    """The IPTC records of a whole TIFF file, whatever field type it gives them."""
    try:
        reader = _Reader(data)
        found = (entry.value for entry in reader.entries(reader.start) if entry.tag == _IPTC)
        return next(found, None)
    except _BROKEN:
        return None


def tags_to_add(data: memoryview, exif: bytes | None, iptc: bytes | None) -> tuple[bytes, int, bytes] | None:
    """What gives a finished TIFF file the tags of an EXIF block, and IPTC records.

    Returns bytes to append, and the place and bytes of the header's pointer to the new directory;
    the pixels stay where they are. None where there is nothing to add, the block makes no sense, or
    the file is of the byte order that this machine does not write.
    """
    tags = _described(memoryview(exif.removeprefix(_EXIF_HEADER))) if exif else None
    tags = tags or {0: []}
    if iptc:
        tags[0] = [*tags[0], Entry(_IPTC, _UNDEFINED, len(iptc), iptc)]
    if not any(tags.values()):
        return None
    try:
        reader = _Reader(data)
        own = reader.raw_entries(reader.start)
    except _BROKEN:
        return None
    if reader.order != "<":
        return None
    block = bytearray(-len(data) % 8)
    start = _append(block, len(data), tags, own, big=reader.big)
    return bytes(block), 8 if reader.big else 4, struct.pack("<Q" if reader.big else "<I", start)


class _Reader:
    """The directories of a TIFF file or an EXIF block. struct.error where it is cut off."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.order = "<" if bytes(data[:2]) == b"II" else ">"
        self.big = b"+" in bytes(data[2:4])
        self._offset = self.order + ("Q" if self.big else "I")
        self._entry_bytes = 20 if self.big else 12
        (self.start,) = struct.unpack_from(self._offset, data, 8 if self.big else 4)

    def raw_entries(self, at: int) -> list[bytes]:
        """The entries of the directory there, as they are stored."""
        code = self.order + ("Q" if self.big else "H")
        (count,) = struct.unpack_from(code, self.data, at)
        first = at + struct.calcsize(code)
        starts = range(first, first + min(count, _MAX_ENTRIES) * self._entry_bytes, self._entry_bytes)
        if starts.stop > len(self.data):
            raise struct.error("a directory is cut off")
        return [bytes(self.data[one : one + self._entry_bytes]) for one in starts]

    def entries(self, at: int) -> list[Entry]:
        """The entries there of known type and sensible length, with their values."""
        found = []
        inline = 8 if self.big else 4
        for raw in self.raw_entries(at):
            tag, kind, count = struct.unpack_from(self.order + "HH" + self._offset[1], raw)
            unit = _TYPES.get(kind)
            if unit is None:
                continue
            size = struct.calcsize("<" + unit) * count
            if size > _MAX_VALUE:
                continue
            value = raw[-inline:][:size]
            if size > inline:
                (where,) = struct.unpack(self._offset, raw[-inline:])
                value = bytes(self.data[where : where + size])
            if len(value) == size:
                # IPTC is a stream of bytes, whatever type it is given.
                plain = value if tag == _IPTC else self._little(value, unit, count)
                found.append(Entry(tag, kind, count, plain))
        return found

    def below(self, entries: list[Entry], pointer: int) -> list[Entry]:
        """The entries of the directory that one of these points to; none if none does."""
        for entry in entries:
            if entry.tag == pointer:
                return self.entries(int.from_bytes(entry.value, "little"))
        return []

    def _little(self, value: bytes, unit: str, count: int) -> bytes:
        if self.order == "<" or unit in "sBb":
            return value
        return struct.pack(f"<{unit * count}", *struct.unpack(f">{unit * count}", value))


def _described(data: memoryview) -> dict[int, list[Entry]] | None:
    """What of a file's tags describes the picture: by pointer, 0 standing for the first directory."""
    try:
        reader = _Reader(data)
        first = reader.entries(reader.start)
        tags = {0: [entry for entry in first if entry.tag in _CARRIED]}
        for pointer in _POINTERS:
            below = reader.below(first, pointer)
            tags[pointer] = [entry for entry in below if entry.tag not in _LEFT_OUT]
    except _BROKEN:
        return None
    return tags


def _append(block: bytearray, base: int, tags: dict[int, list[Entry]], own: list[bytes], *, big: bool) -> int:
    """Append directories to `block`, which will stand at `base` of its file; where the first is.

    own: entries of the first directory as they are stored; of tags in both, these stay
    """
    taken = {struct.unpack_from("<H", raw)[0] for raw in own}
    first = list(own)
    for pointer in _POINTERS:
        if tags.get(pointer) and pointer not in taken:
            below = [_stored(entry, block, base, big=big) for entry in tags[pointer]]
            place = struct.pack("<Q" if big else "<I", _directory(below, block, base, big=big))
            # A plain LONG in BigTIFF too: readers of EXIF know no other kind.
            kept = Entry(pointer, _LONG, 1, place[:4])
            first.append(_stored(kept, block, base, big=big))
    fresh = [entry for entry in tags[0] if entry.tag not in taken]
    first.extend(_stored(entry, block, base, big=big) for entry in fresh)
    return _directory(first, block, base, big=big)


def _stored(entry: Entry, block: bytearray, base: int, *, big: bool) -> bytes:
    """The bytes of an entry; a value too long for it is appended to `block`."""
    code, inline = ("Q", 8) if big else ("I", 4)
    value = entry.value
    if len(value) > inline:
        block += bytes(-len(block) % 8)
        value = struct.pack("<" + code, base + len(block))
        block += entry.value
    head = struct.pack("<HH" + code, entry.tag, entry.kind, entry.count)
    return head + value.ljust(inline, b"\0")


def _directory(entries: list[bytes], block: bytearray, base: int, *, big: bool) -> int:
    """Append a directory of these entries, in the order of their tags; where it is."""
    block += bytes(-len(block) % 8)
    start = base + len(block)
    block += struct.pack("<Q" if big else "<H", len(entries))
    block += b"".join(sorted(entries, key=lambda raw: struct.unpack_from("<H", raw)[0]))
    block += bytes(8 if big else 4)
    return start
