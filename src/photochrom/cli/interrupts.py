"""Ctrl-C that is neither lost nor makes the count wrong."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self


class Interrupts:
    """While entered, Ctrl-C is heeded at once inside `at_once`, elsewhere when `heed` is called.

    So a result that has been written is always counted, and nothing in between is torn. A second
    Ctrl-C is heeded wherever it comes. In a thread other than the main one, or where somebody
    handles the signal already, nothing is changed.
    """

    def __init__(self) -> None:
        self.asked = False
        self._open = False
        self._installed = False

    def __enter__(self) -> Self:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._ask)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Around what may take long, and can be broken off anywhere."""
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def heed(self) -> None:
        """Raise the KeyboardInterrupt that was put off, if there was one."""
        if self.asked:
            raise KeyboardInterrupt

    def _ask(self, _number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if (self._open or again) and not _in_callback(frame):
            raise KeyboardInterrupt


def _in_callback(frame: FrameType | None) -> bool:
    """Whether libvips is calling into Python: what is raised there is printed and forgotten."""
    while frame is not None:
        of_pyvips = str(frame.f_globals.get("__name__")).partition(".")[0] == "pyvips"
        if of_pyvips and frame.f_code.co_name.startswith(("_log_handler_", "_marshal_")):
            return True
        frame = frame.f_back
    return False
