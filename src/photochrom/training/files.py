"""What lies in the folder of a training run. Imports no torch: to look for a run costs nothing."""

from __future__ import annotations

from pathlib import Path

LAST = "last.safetensors"
BEST = "best.safetensors"
LOG = "log.jsonl"


def checkpoint_of(run: Path) -> Path:
    """The checkpoint that a run is exported from: the best, or the last if nothing was measured."""
    best = run / BEST
    return best if best.exists() else run / LAST
