"""Files that are there whole or not at all, however a run ends."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from photochrom.errors import UnwritableOutput


def write_atomically(target: Path, data: bytes) -> None:
    """Write a file and the folders above it; what was there stays until the new one is on the disk.

    Raises UnwritableOutput.
    """
    temporary = target.with_name(f".photochrom-{secrets.token_hex(8)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise UnwritableOutput(target, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
