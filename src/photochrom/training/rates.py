"""How fast a run goes: the loader alone, the step alone, and the two together."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator

import torch
from lightning_fabric import Fabric
from torch import Tensor

from photochrom.datasets.batches import Batches


def loader_rate(batches: Batches, *, seconds: float = 1.0) -> float:
    """Pictures a second that the loader decodes while nothing else runs."""
    # Batches that training never draws.
    with contextlib.closing(batches.ahead(2**31 + 1000)) as ahead:
        next(ahead)
        start, pictures = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            pictures += len(next(ahead).rgb)
        return pictures / (time.perf_counter() - start)


class Meter:
    """Means of the losses and the speed since the line of the log before, at `since` seconds."""

    def __init__(self, fabric: Fabric, seconds: float) -> None:
        self._fabric = fabric
        self._start(seconds)

    def _start(self, seconds: float) -> None:
        self._terms: dict[str, list[Tensor]] = defaultdict(list)
        self._pictures, self._waited, self.since = 0, 0.0, seconds

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Round whatever waits for the loader."""
        start = time.perf_counter()
        yield
        self._waited += time.perf_counter() - start

    def add(self, terms: dict[str, Tensor], pictures: int) -> None:
        """One step. The losses stay on their device until they are read."""
        for name, term in terms.items():
            self._terms[name].append(term.detach())
        self._pictures += pictures

    def read(self, seconds: float) -> dict[str, float]:
        """The figures of a line; counting starts anew. All processes call it together.

        `step_pictures_per_second` leaves out the time that was spent waiting for the loader.
        """
        figures = {}
        for name, terms in self._terms.items():
            mean = self._fabric.all_reduce(torch.stack(terms).mean(), reduce_op="mean")
            assert isinstance(mean, Tensor)
            figures[name] = round(float(mean), 4)
        elapsed = max(seconds - self.since, 1e-9)
        figures["pictures_per_second"] = round(self._pictures / elapsed, 1)
        figures["step_pictures_per_second"] = round(self._pictures / max(elapsed - self._waited, 1e-9), 1)
        self._start(seconds)
        return figures
