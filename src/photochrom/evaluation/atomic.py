"""Files that are there whole or not at all, however a run ends."""

from __future__ import annotations

from pathlib import Path

from photochrom.errors import UnwritableOutput
from photochrom.images.whole import write_whole


def write_atomically(target: Path, data: bytes) -> None:
    """Write a file and the folders above it; what was there stays until the new one is on the disk.

    Raises UnwritableOutput.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(target, error.strerror or str(error)) from error
    write_whole(target, data, overwrite=True)
