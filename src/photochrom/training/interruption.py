"""Ctrl-C during a run: finish the step at hand, save, and only then stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """While entered, the first Ctrl-C sets `asked` and the second stops at once.

    One that was not heeded is raised on leaving.

    An interrupt between two of the optimiser's updates would leave half a step in the weights. In
    a thread other than the main one, or where the interrupt is handled or ignored already, nothing
    is changed.
    """

    def __init__(self) -> None:
        self.asked = False
        self._installed = False

    def __enter__(self) -> Self:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._ask)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if kind is None:
            self.heed()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def heed(self) -> None:
        """Raise the KeyboardInterrupt that was put off, if there was one."""
        if self.asked:
            raise KeyboardInterrupt
