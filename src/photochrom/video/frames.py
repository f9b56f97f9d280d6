"""The frames of a film, one after another. The only door to PyAV."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import MissingExtra, PhotochromError, UnreadableImage

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

SUFFIXES: Final = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v")
"""Of the files that are taken for films in a folder; any other that PyAV knows can be named."""

# A playlist is a film to FFmpeg and may name addresses, which nobody asked to have opened.
_OPTIONS: Final = {"protocol_whitelist": "file"}


def read_frames(path: Path, *, most: int | None = None, step: int = 1) -> Iterator[NDArray[np.uint8]]:
    """Every `step`th frame from the first on, at most so many: (H, W, 3) uint8, sRGB, upright.

    Frames are decoded as they are asked for, and turned into RGB by the matrix that the film names
    (BT.601 where it names none). Raises UnreadableImage for what is no film, from where on it is
    damaged, and for a file without moving pictures; MissingExtra where PyAV is not installed.
    """
    with _opened(path) as container:
        if not container.streams.video:
            raise UnreadableImage(path, "holds no moving pictures")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        found = False
        stop = None if most is None else most * step
        for frame in itertools.islice(container.decode(stream), 0, stop, step):
            found = True
            yield _upright(frame)
        if not found and most != 0:
            raise UnreadableImage(path, "holds no frame that can be decoded")


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """A film; whatever FFmpeg complains of inside the block becomes UnreadableImage."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("video", "reading films") from error
    try:
        with av.open(f"file:{path}", options=_OPTIONS) as container:
            yield container
    except PhotochromError:
        raise
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableImage(path, f"cannot be read as a film: {reason}") from error


def _upright(frame: VideoFrame) -> NDArray[np.uint8]:
    rgb: NDArray[Any] = frame.to_ndarray(format="rgb24")
    # Degrees counter-clockwise, as FFmpeg's av_display_rotation_get says them.
    turned: NDArray[np.uint8] = np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
    return turned
