"""What became of a picture, in a line for people and facts for --json."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.inference.result import Result
from photochrom.inference.suggest import Suggestion

DONE, FAILED, SKIPPED, PLANNED = "done", "failed", "skipped", "planned"
"""What becomes of a picture: `status` in --json."""


@dataclass(frozen=True)
class Outcome:
    """What became of one picture. `line` is for people, the rest for --json."""

    status: str
    source: str
    line: str
    targets: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def done(result: Result, name: str, targets: tuple[Path, ...], where: str, started: float) -> Outcome:
    """Coloured: what was written, or where it went, and how long since `started` it took."""
    picture, seconds = result.picture, round(time.perf_counter() - started, 3)
    size = {"width": picture.width, "height": picture.height}
    facts: dict[str, Any] = {"model": result.model, **size, "seconds": seconds}
    line = f"{name} → {where} ({picture.width}×{picture.height}, {seconds:.2f} s)"
    warnings = (*picture.warnings, *map(str, result.unmet))
    return Outcome(DONE, name, line, targets, warnings, facts=facts)


def in_words(suggestion: Suggestion) -> str:
    """One line: where, how far off, how much it would help, and likely colours."""
    colors = ", ".join(f"{one.color} {one.probability:.0%}" for one in suggestion.colors)
    where, off = f"{suggestion.x},{suggestion.y}", f"ΔE {suggestion.difference:.1f}"
    return f"{where}  {off}  helps {suggestion.area:.0%}  {colors}"


def already(name: str, there: Path) -> Outcome:
    """Passed over: the result was there."""
    return Outcome(SKIPPED, name, f"{name}: skipped, {there} exists", (there,))


def failed(name: str | os.PathLike[str], error: PhotochromError) -> Outcome:
    """Not coloured, and why."""
    reason = error.reason or error.default_reason or str(error)
    return Outcome(FAILED, os.fspath(name), str(error), facts={"reason": reason})
