"""What is wrong with a file of a data set. It is told and passed over; it never stops the work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple


class Damage(NamedTuple):
    """name: the picture or the file that holds pictures; reason: what is wrong with it."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def once(tell: Callable[[Damage], None]) -> Callable[[Damage], None]:
    """`tell`, but each name only the first time; any thread may call it, and no two do at once."""
    told: set[str] = set()
    telling = threading.Lock()

    def heard(damage: Damage) -> None:
        with telling:
            if damage.name not in told:
                told.add(damage.name)
                tell(damage)

    return heard


def unheard(damage: Damage) -> None:
    """Tells nobody."""
    del damage
