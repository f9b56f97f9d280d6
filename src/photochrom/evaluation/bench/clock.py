"""The same work several times over in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def repeated(
    work: Callable[[], object],
    count: int,
    *,
    wall: Callable[[], float] = time.perf_counter,
    cpu: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Medians of `count` runs, in seconds, of the clock and of all processors.

    Once more before that, untimed: the first run also allocates, and fills the system's caches.
    """
    work()
    walls, cpus = [], []
    for _ in range(count):
        from_wall, from_cpu = wall(), cpu()
        work()
        walls.append(wall() - from_wall)
        cpus.append(cpu() - from_cpu)
    return {"wall_s": statistics.median(walls), "cpu_s": statistics.median(cpus)}
