"""Ctrl-C, and being told to end, that are neither lost nor make the count wrong."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

# What asks a program to end: Ctrl-C; `kill`, `timeout` and shutdown; a terminal that is closed. The last
# two would end Python on the spot, and leave a half-written file behind.
_NUMBERS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_NOBODY: Final = (signal.default_int_handler, signal.SIG_DFL)


class Interrupts:
    """While entered, Ctrl-C is heeded at once inside `at_once`, elsewhere when `heed` is called.

    So a result that has been written is always counted, and nothing in between is torn. A second
    Ctrl-C is heeded wherever it comes. SIGTERM and SIGHUP count as Ctrl-C. In a thread other than
    the main one, or where somebody handles a signal already, nothing is changed.
    """

    def __init__(self) -> None:
        self.asked = False
        self._open = False
        self._before: dict[int, Any] = {}
        self._number = int(signal.SIGINT)

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal that came last, as shells say it."""
        return 128 + self._number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _NUMBERS:
                if signal.getsignal(number) in _NOBODY:
                    self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

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

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._number = number
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
