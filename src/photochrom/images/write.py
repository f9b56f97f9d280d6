"""`write_picture` and its kin: a finished picture to a file, to bytes or to an array.

A file appears whole or not at all (`images.whole`).
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.errors import (
    BadOption,
    UnreadableImage,
    UnsupportedFormat,
    UnwritableOutput,
)
from photochrom.images.door import reading, reason_of, tiles_read, trim_memory
from photochrom.images.formats import Format, writable
from photochrom.images.ifd import tags_to_add
from photochrom.images.iptc import bare_iptc
from photochrom.images.metadata import NOTE, Metadata, with_metadata
from photochrom.images.picture import Picture, at_depth
from photochrom.images.png import AFTER_HEADER, xmp_chunk
from photochrom.images.whole import whole_file, write_all

# Beyond this a TIFF needs 64-bit offsets; some older readers know only the other kind.
_CLASSIC_TIFF_BYTES: Final = 3_500_000_000
_WHITE: Final = {"uchar": 255, "ushort": 65535}
# From this size on the strips outweigh the 20 ms that it takes to get memory back from the system.
_LARGE_PIXELS: Final = 4_000_000
# Bytes that are moved at once.
_BLOCK: Final = 4 * 1024**2
# What the disk may answer while libvips writes. Its other failures come from the decoder.
_DISK_ERRORS: Final = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EPIPE,
    errno.EBADF,
)


def write_picture(
    image: pyvips.Image,
    picture: Picture,
    target: Path,
    *,
    quality: int | None = None,
    overwrite: bool = False,
    note: str | None = NOTE,
) -> None:
    """Write `image`, made of `picture`, with its metadata; the suffix of `target` is the format.

    quality: 1…100, for formats with loss; None: the format's default
    overwrite: whether a file may be replaced; the picture's own file never is
    note: what the XMP history says of the colours; None: XMP as it was

    Raises OutputExists, UnwritableOutput, UnsupportedFormat, BadOption; and UnreadableImage where
    the source proves damaged, for it is decoded while the result is written. Whatever happens,
    Ctrl-C included, no part of a file is left and nothing that was there is lost.
    """
    form = writable(target.suffix)
    options = saver_options(image, form, quality=quality, name=str(target))
    ready = _prepared(image, picture.metadata, form, note)
    if picture.path is not None and _same_file(picture.path, target):
        raise UnwritableOutput(target, "is the picture being read, and that is never replaced")
    with whole_file(target, overwrite=overwrite) as descriptor:
        _save(ready, pyvips.Target.new_to_descriptor(descriptor), form, options, picture, target)
        if form.name == "tiff":
            _add_tags(descriptor, picture.metadata)
        if form.name == "png" and (xmp := _xmp_of(ready)) is not None:
            _insert(descriptor, AFTER_HEADER, xmp_chunk(xmp))


def encode_picture(
    image: pyvips.Image,
    picture: Picture,
    suffix: str,
    *,
    quality: int | None = None,
    note: str | None = NOTE,
) -> bytes:
    """The bytes of the file that `write_picture` would write; `suffix` as ".png" or "png"."""
    form = writable(suffix)
    options = saver_options(image, form, quality=quality, name=picture.name)
    ready = _prepared(image, picture.metadata, form, note)
    memory = pyvips.Target.new_to_memory()
    _save(ready, memory, form, options, picture, None)
    encoded = bytes(memory.get("blob"))
    if form.name == "tiff":
        added = _tags_for(memoryview(encoded), picture.metadata)
        if added is not None:
            block, place, pointer = added
            return encoded[:place] + pointer + encoded[place + len(pointer) :] + block
    if form.name == "png" and (xmp := _xmp_of(ready)) is not None:
        return encoded[:AFTER_HEADER] + xmp_chunk(xmp) + encoded[AFTER_HEADER:]
    return encoded


def _xmp_of(ready: pyvips.Image) -> bytes | None:
    return bytes(ready.get("xmp-data")) if ready.get_typeof("xmp-data") else None


def _insert(descriptor: int, at: int, data: bytes) -> None:
    """Make room in a finished file and put bytes there; from its end, block by block, for it may be large."""
    start = os.lseek(descriptor, 0, os.SEEK_END)
    while start > at:
        size = min(_BLOCK, start - at)
        start -= size
        os.lseek(descriptor, start, os.SEEK_SET)
        block = os.read(descriptor, size)
        while len(block) < size:
            block += os.read(descriptor, size - len(block))
        os.lseek(descriptor, start + len(data), os.SEEK_SET)
        write_all(descriptor, block)
    os.lseek(descriptor, at, os.SEEK_SET)
    write_all(descriptor, data)


def _add_tags(descriptor: int, metadata: Metadata) -> None:
    """Give the finished TIFF file behind `descriptor` the tags that libvips leaves out."""
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
        added = _tags_for(view, metadata)
    if added is not None:
        block, place, pointer = added
        os.lseek(descriptor, 0, os.SEEK_END)
        write_all(descriptor, block)
        os.lseek(descriptor, place, os.SEEK_SET)
        write_all(descriptor, pointer)


def _tags_for(data: memoryview, metadata: Metadata) -> tuple[bytes, int, bytes] | None:
    exif, iptc = metadata.value("exif-data"), metadata.value("iptc-data")
    return tags_to_add(
        data,
        exif if isinstance(exif, bytes) else None,
        bare_iptc(iptc) if isinstance(iptc, bytes) else None,
    )


def to_array(image: pyvips.Image, *, name: str = "picture") -> NDArray[np.uint8 | np.uint16]:
    """The pixels of `image`: (height, width, 3 or 4), uint8 or uint16. `name` is for messages."""
    with reading(name):
        memory: list[NDArray[np.uint8 | np.uint16]] = []
        _interruptibly(image, lambda: memory.append(image.numpy()))
        return memory[0]


def _prepared(image: pyvips.Image, metadata: Metadata, form: Format, note: str | None) -> pyvips.Image:
    """`image` in what the format can hold, with its metadata."""
    if not form.alpha and image.hasalpha():
        image = image.flatten(background=[_WHITE[image.format]] * (image.bands - 1))
    if 16 not in form.depths and image.format == "ushort":
        image = at_depth(image, 8).copy(interpretation="srgb")
    ready = with_metadata(image, metadata, note, jpeg=form.name == "jpeg")
    if form.name == "tiff":
        ready.remove("iptc-data")
    return ready


def saver_options(image: pyvips.Image, form: Format, *, quality: int | None, name: str) -> dict[str, object]:
    """The arguments of libvips' saver for `image`, with the checks that can be made before any work is done.

    `name` is for messages. Raises BadOption, UnsupportedFormat.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise BadOption("quality", f"{quality} is not in 1…100")
    if max(image.width, image.height) > form.max_side:
        raise UnsupportedFormat(
            name,
            f"{image.width} by {image.height} pixels; {form.name.upper()} holds {form.max_side} a side",
        )
    options: dict[str, object] = {}
    if form.quality is not None:
        options["Q"] = form.quality if quality is None else quality
    if form.name == "tiff":
        size = image.width * image.height * image.bands * (2 if image.format == "ushort" else 1)
        options |= {"compression": "deflate", "predictor": "horizontal"}
        options["bigtiff"] = size > _CLASSIC_TIFF_BYTES
    if form.name == "png":
        # Differences from the left neighbour: a third smaller than unfiltered, in the same time.
        options["filter"] = "sub"
    if form.name == "webp":
        # Six times as fast as the default 4, and 2 % larger.
        options["effort"] = 2
    if form.name == "avif":
        # Four times as fast as 2, at the same size.
        options |= {"compression": "av1", "effort": 0}
    return options


def _save(
    image: pyvips.Image,
    target: pyvips.Target,
    form: Format,
    options: dict[str, object],
    picture: Picture,
    path: Path | None,
) -> None:
    if image.width * image.height >= _LARGE_PIXELS:
        trim_memory()

    if form.name == "png" and image.get_typeof("xmp-data"):
        # The caller writes it.
        image = image.copy()
        image.remove("xmp-data")

    def save() -> None:
        pyvips.Operation.call(f"{form.saver}_target", image, target, **options)

    try:
        _interruptibly(image, save)
    except pyvips.Error as error:
        reason = _disk_reason(error)
        if reason is not None:
            raise UnwritableOutput(path or picture.name, reason) from error
        raise UnreadableImage(picture.name, reason_of(error)) from error


def _interruptibly(image: pyvips.Image, work: Callable[[], object]) -> None:
    """Run `work`, which computes `image`, so that Ctrl-C ends it within a moment.

    Python handles signals between its own instructions, of which a call into libvips has none for
    as long as it lasts; so the call is made on another thread while this one waits.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with tiles_read(image):
                work()
        except BaseException as error:  # noqa: BLE001 (raised again below)
            failures.append(error)

    worker = threading.Thread(target=run, name="photochrom-libvips")
    try:
        worker.start()
        worker.join()
    except BaseException:
        image.set_kill(True)
        if worker.is_alive():
            worker.join()
        raise
    if failures:
        raise failures[0]


def _disk_reason(error: pyvips.Error) -> str | None:
    """What the disk complained of; None if it did not, and so the decoder did."""
    text = str(error.detail).lower()
    for code in _DISK_ERRORS:
        if os.strerror(code).lower() in text:
            return os.strerror(code)
    return "the disk does not take it" if "write error" in text else None


def _same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return False
