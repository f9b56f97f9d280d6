"""A picture to be coloured: its lightness as lazy libvips images, and what travels with it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.color.lab import lightness_from_y, y_from_lightness
from photochrom.errors import BadOption
from photochrom.images.decode import Source
from photochrom.images.door import reading, tiles_read
from photochrom.images.formats import Format, output_suffix
from photochrom.images.levels import UNCHANGED, Levels
from photochrom.images.metadata import Metadata
from photochrom.images.resample import resampled
from photochrom.images.tone import Tone, tone_of

# A tone up to this size is decoded once and held; above it, each reader decodes for itself.
_HELD_BYTES: Final = 128 * 1024**2
# A turned picture must be read in another order than it is stored in, so it is held whatever its
# size: in memory up to this, above it in a temporary file that libvips deletes.
_TURNED_BYTES: Final = 512 * 1024**2
# EXIF 2.32, 4.6.4: how the stored rows and columns lie. Clockwise turn, then mirror left to right.
_TURNS: Final = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True)} | {
    5: (90, True),
    6: (90, False),
    7: (270, True),
    8: (270, False),
}
# Squeezed beyond this ratio of sides: a strip a thousand times as long as wide has no small copy
# that both shows something and fits a network.
_MAX_ASPECT: Final = 4
# Opacity, 0…1, below which a place, or a whole picture, shows nothing.
_LEAST_SEEN: Final = 1e-3


class Pixels:
    """The pixels behind a `Picture`: opens its source as often as need be, and holds small ones."""

    def __init__(self, source: Source, orientation: int, decoded: pyvips.Image | None = None) -> None:
        """`decoded`: the source's pixels, where they are in memory already."""
        self.source = source
        self.orientation = orientation
        self._decoded = decoded
        self._held: Tone | None = None
        self._lock = threading.Lock()

    @property
    def streamed(self) -> bool:
        """Whether the source is decoded again for each reading: JPEG, which is quick to decode."""
        return self.source.format is not None and self.source.format.name == "jpeg"

    def tone(self) -> Tone:
        """The tone at full size and upright; it may be read once, but asked for again."""
        with self._lock, reading(self.source.name):
            if self._held is not None:
                return self._held
            image = self.source.open() if self._decoded is None else self._decoded
            tone = tone_of(image, self.source.name)
            size = tone.image.width * tone.image.height * _bytes_a_pixel(tone)
            turn, _ = _TURNS[self.orientation]
            if turn or (not self.streamed and size <= _HELD_BYTES):
                tone = self._held = _upright(_hold(tone, size), self.orientation)
                self._decoded = None
            else:
                tone = _upright(tone, self.orientation)
            return tone

    def small_tone(self, enough: int) -> Tone:
        """The tone with a shorter side of at least `enough` pixels: whole, or a JPEG decoded small."""
        if not self.streamed or self._held is not None:
            return self.tone()
        with reading(self.source.name):
            whole = self.source.open()
            side = min(whole.width, whole.height)
            shrink = next((by for by in (8, 4, 2) if side // by >= enough), 1)
            tone = tone_of(self.source.open(shrink=shrink), self.source.name)
            turn, _ = _TURNS[self.orientation]
            if turn:
                tone = _hold(tone, 0)
            return _upright(tone, self.orientation)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was found readable; its pixels are decoded when they are first asked for.

    name: for messages
    width, height: in pixels, upright
    bit_depth: bits a channel that the result should have, 8 or 16
    metadata: what is to be kept
    format: of the file; None for an array
    path: of the file; None for bytes and arrays
    warnings: what could not be honoured, each one line
    levels: what is done to its lightness before anything else
    """

    name: str
    width: int
    height: int
    bit_depth: int
    metadata: Metadata = field(repr=False)
    format: Format | None
    path: Path | None
    warnings: tuple[str, ...]
    pixels: Pixels = field(repr=False)
    levels: Levels = UNCHANGED

    def with_levels(self, levels: Levels) -> Picture:
        """The same picture in other tones; those of `pixels` stay as they were."""
        return replace(self, levels=levels)

    def tone(self) -> Tone:
        """The tone at full size, after `levels`; it may be read once, but asked for again."""
        return self._leveled(self.pixels.tone())

    @property
    def output_suffix(self) -> str:
        """The suffix for a result beside it: its own where that can be written, ".png" for arrays.

        A file whose name belies its contents gets the suffix of what it is.
        """
        if self.format is None:
            return ".png"
        own = "" if self.path is None else self.path.suffix
        known = own.lower() in self.format.suffixes
        return output_suffix(own if known else self.format.suffixes[0])

    @property
    def lightness(self) -> pyvips.Image:
        """CIE L* in 0…100: one float band, full size, lazy. Ask again for each reading."""
        tone = self.tone()
        return tone.look_up(lightness_from_y(tone.luminance))

    @property
    def luminance(self) -> pyvips.Image:
        """CIE Y in 0…1, of which `lightness` is made: one float band, full size, lazy."""
        tone = self.tone()
        return tone.look_up(tone.luminance)

    @property
    def alpha(self) -> pyvips.Image | None:
        """Opacity: one band of `bit_depth` bits, full size, lazy; None if there is none."""
        alpha = self.pixels.tone().alpha
        return None if alpha is None else at_depth(alpha, self.bit_depth)

    def thumbnail_size(self, short_side: int, *, multiple: int) -> tuple[int, int]:
        """Width and height of `thumbnail`: multiples of `multiple`, the shorter near `short_side`.

        The aspect is kept as near as the multiples allow, up to 4 to 1; longer strips are squeezed.
        """
        if multiple < 1 or short_side < multiple:
            raise BadOption("detail", f"{short_side} is not at least {multiple} pixels")
        short = max(1, round(short_side / multiple)) * multiple
        ratio = max(self.width, self.height) / min(self.width, self.height)
        long = max(1, round(short * min(ratio, _MAX_ASPECT) / multiple)) * multiple
        return (long, short) if self.width >= self.height else (short, long)

    def thumbnail(self, short_side: int, *, multiple: int) -> NDArray[np.float32]:
        """L* in 0…100 of the whole picture, as `resampled` makes it: (height, width), see above.

        Raises UnreadableImage where decoding fails.
        """
        return self.reduced(*self.thumbnail_size(short_side, multiple=multiple))

    def reduced(self, width: int, height: int) -> NDArray[np.float32]:
        """The same at exactly this size, squeezed if its shape is another: (height, width).

        What cannot be seen does not count: transparent places have the mean of all others.
        """
        tone = self._leveled(self.pixels.small_tone(2 * min(width, height)))
        lightness = tone.look_up(lightness_from_y(tone.luminance))
        if tone.alpha is not None:
            seen = tone.alpha / (255 if tone.alpha.format == "uchar" else 65535)
            lightness = lightness.bandjoin([lightness * seen, seen])
        with reading(self.name):
            small = np.asarray(resampled(lightness, width, height).numpy(), dtype=np.float32)
        planes = small.reshape(height, width, -1)
        shown = planes[..., 0] if tone.alpha is None else _of_what_is_seen(*planes.transpose(2, 0, 1))
        return np.asarray(shown.clip(0, 100))

    def _leveled(self, tone: Tone) -> Tone:
        if self.levels == UNCHANGED:
            return tone
        lightness = self.levels.applied(lightness_from_y(tone.luminance))
        return replace(tone, luminance=y_from_lightness(lightness))


def _of_what_is_seen(
    lightness: NDArray[np.float32], covered: NDArray[np.float32], seen: NDArray[np.float32]
) -> NDArray[np.float32]:
    """`covered`, which is lightness times `seen`, 0…1, divided by it; its mean where nothing is seen."""
    total = float(seen.sum())
    if total < _LEAST_SEEN * seen.size:
        return lightness
    shown = covered / np.maximum(seen, _LEAST_SEEN)
    # Beside an edge both are the faint ringing of the kernel, whose quotient may be anything.
    sound = shown[seen >= seen.max() / 2]
    return np.where(seen > _LEAST_SEEN, shown.clip(sound.min(), sound.max()), covered.sum() / total)


def at_depth(codes: pyvips.Image, depth: int) -> pyvips.Image:
    """uchar or ushort codes over the full range of 8 or 16 bits."""
    if depth == 8 and codes.format == "ushort":
        return ((codes + 128) / 257).cast("uchar")
    if depth == 16 and codes.format == "uchar":
        return (codes * 257).cast("ushort")
    return codes


def _bytes_a_pixel(tone: Tone) -> int:
    planes = (tone.image,) if tone.alpha is None else (tone.image, tone.alpha)
    return len(planes) * (2 if any(plane.format == "ushort" for plane in planes) else 1)


def _hold(tone: Tone, size: int) -> Tone:
    """The same tone, decoded now: tone and alpha in one pass, for a stream gives only one."""
    if tone.alpha is None:
        return _with_planes(tone, _stored(tone.image, size), None)
    both = _stored(tone.image.bandjoin(tone.alpha), size)
    image, alpha = both[0], both[1]
    if tone.image.format == "uchar":
        image = image.cast("uchar")
    if tone.alpha.format == "uchar":
        alpha = alpha.cast("uchar")
    return _with_planes(tone, image, alpha)


def _stored(image: pyvips.Image, size: int) -> pyvips.Image:
    with tiles_read(image):
        if size <= _TURNED_BYTES:
            return image.copy_memory()
        file = pyvips.Image.new_temp_file("%s.v")
        image.write(file)
        return file


def _upright(tone: Tone, orientation: int) -> Tone:
    turn, mirror = _TURNS[orientation]

    def turned(image: pyvips.Image) -> pyvips.Image:
        image = image if turn == 0 else image.rot(f"d{turn}")
        return image.fliphor() if mirror else image

    return _with_planes(tone, turned(tone.image), None if tone.alpha is None else turned(tone.alpha))


def _with_planes(tone: Tone, image: pyvips.Image, alpha: pyvips.Image | None) -> Tone:
    return Tone(image, tone.luminance, alpha, tone.deep, tone.warnings)
