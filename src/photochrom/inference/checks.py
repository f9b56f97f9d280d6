"""How many are asked for."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from photochrom.errors import BadOption


def check_count(option: str, value: Any, most: int) -> None:
    """Raises BadOption naming the option, unless it is a whole number in 1…most."""
    if not isinstance(value, Integral):
        raise BadOption(option, f"must be a whole number, not {value!r}")
    if not 1 <= int(value) <= most:
        raise BadOption(option, f"must lie in 1…{most}, not {value}")
