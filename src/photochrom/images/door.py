"""What every call into libvips shares: its set-up, and its errors in our words."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

# libvips reads this once, when it is loaded. Without it, pictures that are closed while Python shuts
# down complain on stderr, for pyvips has by then taken its own log handler away.
_QUIET: Final = "VIPS_WARNING"
_was_loud: Final = _QUIET not in os.environ
os.environ.setdefault(_QUIET, "0")

import pyvips  # noqa: E402

if _was_loud:
    del os.environ[_QUIET]

from photochrom.errors import BadOption, PhotochromError, UnreadableImage  # noqa: E402

# The operation cache keeps finished pictures and their open files alive, and a folder of a million
# would pass through it; nothing here asks for the same operation twice.
pyvips.cache_set_max(0)

# Each thread holds strips of its own of every step, 70 MB for 24 megapixels; and with three the time
# goes to the decoder and the encoder, of which there is one each.
_MOST_THREADS: Final = 3
if "VIPS_CONCURRENCY" not in os.environ:
    pyvips.concurrency_set(min(pyvips.concurrency_get(), _MOST_THREADS))

SRGB_PROFILE: Final[bytes] = bytes(pyvips.Operation.call("profile_load", "srgb"))
"""The compact sRGB profile (480 bytes) that comes with libvips."""

VERSION: Final = ".".join(str(pyvips.version(part)) for part in range(3))
"""Of libvips."""

# "VipsJpeg: ", "pngload_source: ": which part of libvips speaks is of no use to the reader.
_SPEAKER: Final = re.compile(r"^(?:[A-Za-z_][\w-]*: )+(?=\S)")


def set_threads(count: int) -> None:
    """Let libvips compute with `count` threads (1 or more) from the next picture on."""
    if count < 1:
        raise BadOption("threads", f"{count} is less than 1")
    pyvips.concurrency_set(count)


def trim_memory() -> None:
    """Give back to the system what was freed. Only glibc keeps much; elsewhere nothing happens.

    It keeps the 80 MB that the network's activations took, in pieces too small for the strips of a
    large picture, which would come on top of them.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def reason_of(error: Exception) -> str:
    """The first thing libvips complained of, on one line and without its internal names.

    libvips repeats a failure for each thread and each retry; the first line is the cause.
    """
    if not isinstance(error, pyvips.Error):
        return str(error) or type(error).__name__
    lines = [line.strip() for line in (error.detail or error.message).splitlines()]
    first = next((line for line in lines if line and "killed for image" not in line), "")
    return _SPEAKER.sub("", first) or "libvips gave no reason"


@contextmanager
def tiles_read(image: pyvips.Image) -> Iterator[None]:
    """Raise pyvips.Error if a tile of a TIFF could not be read while `image` was computed inside the block.

    libvips leaves it black, notes why and goes on; only `fail_on="warning"` ends it, and then so do tags
    out of order or without their last zero, which old scans are full of.
    """
    if not image.get_typeof("tile-width"):
        yield
        return
    pyvips.vips_lib.vips_error_clear()
    yield
    said = pyvips.ffi.string(pyvips.vips_lib.vips_error_buffer()).decode("utf8", "replace")
    pyvips.vips_lib.vips_error_clear()
    if said:
        raise pyvips.Error("a tile cannot be read", said)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises inside the block into `UnreadableImage` for `name`.

    UnicodeDecodeError belongs here: pyvips meets it while wording a failure in whose text is a name that
    is not UTF-8. It leaves that text where libvips keeps failures, and would meet it again and again.
    """
    try:
        yield
    except PhotochromError:
        raise
    except UnicodeDecodeError as error:
        pyvips.vips_lib.vips_error_clear()
        raise UnreadableImage(name, "is damaged") from error
    except (pyvips.Error, OSError, ValueError, EOFError) as error:
        raise UnreadableImage(name, reason_of(error)) from error
