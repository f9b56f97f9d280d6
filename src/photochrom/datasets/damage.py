"""What is wrong with a file of a data set. It is told and passed over; it never stops the work."""

from __future__ import annotations

from typing import NamedTuple


class Damage(NamedTuple):
    """name: the picture or the file that holds pictures; reason: what is wrong with it."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def unheard(damage: Damage) -> None:
    """Tells nobody."""
    del damage
