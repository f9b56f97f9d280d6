"""Files that appear whole or not at all, however a run ends.

A file is written beside its target under another name, forced to the disk, and renamed.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from photochrom.errors import OutputError, OutputExists, UnwritableOutput

_NO_LINKS: Final = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


@contextmanager
def whole_file(target: Path, *, overwrite: bool) -> Iterator[int]:
    """The descriptor, to write and to read, of a file that becomes `target` when the block ends well.

    Otherwise, Ctrl-C included, no part of it is left and what was there stays. Raises OutputExists and
    UnwritableOutput, the latter for any OSError of the block too.
    """
    if not overwrite and os.path.lexists(target):
        raise OutputExists(target)
    temporary = target.with_name(f".photochrom-{secrets.token_hex(8)}.tmp")
    # 0o666 less the umask, as any program's new file; mkstemp would keep it private.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(temporary, flags, 0o666)
        try:
            yield descriptor
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _put_in_place(temporary, target, overwrite=overwrite)
    except OutputError:
        raise
    except OSError as error:
        raise UnwritableOutput(target, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(target: Path, data: bytes, *, overwrite: bool) -> None:
    """Write `data` as `target`. Raises OutputExists, UnwritableOutput."""
    with whole_file(target, overwrite=overwrite) as descriptor:
        write_all(descriptor, data)


def write_all(descriptor: int, data: bytes) -> None:
    """As `os.write`, but to the last byte."""
    while data:
        data = data[os.write(descriptor, data) :]


def _put_in_place(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give the finished file its name, in one step that either happens or does not."""
    if overwrite:
        temporary.replace(target)
    else:
        try:
            # Fails if the name is taken, even since the check before; a rename would not.
            os.link(temporary, target)
        except FileExistsError:
            raise OutputExists(target) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _put_without_links(temporary, target)
    _sync_folder(target.parent)


def _put_without_links(temporary: Path, target: Path) -> None:
    """As `_put_in_place`, on file systems that have no links: claim the name first, then replace it."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise OutputExists(target) from None
    try:
        temporary.replace(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk too; where folders cannot be opened, the system does so."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
