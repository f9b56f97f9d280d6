"""What a run writes about itself: a line of JSON a report, TensorBoard's events, curves as a picture."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from photochrom.training.curves import draw_curves
from photochrom.training.files import LOG
from photochrom.training.run import Run

CURVES = "curves.png"
EVENTS = "tensorboard"

Note = Callable[..., None]


@contextlib.contextmanager
def journal(
    run: Run, progress: Callable[[], float], report: Callable[[dict[str, Any]], None] | None
) -> Iterator[Note]:
    """A function that takes a line of figures to the log, to TensorBoard and to `report`.

    Of several processes only the first one writes. The curves are drawn when the run ends or stops.
    """
    if not run.fabric.is_global_zero:
        yield lambda **_: None
        return
    events = SummaryWriter(str(run.out / EVENTS), purge_step=run.step + 1)
    try:
        with (run.out / LOG).open("a", encoding="utf8") as log:

            def note(**line: float) -> None:
                where = {"step": run.step, "minutes": round(run.seconds / 60, 2)}
                log.write(json.dumps({**where, "epoch": round(run.epochs, 3), **line}) + "\n")
                log.flush()
                for name, value in line.items():
                    events.add_scalar(name, value, run.step)
                if report is not None:
                    report({"step": run.step, "progress": progress(), **line})

            yield note
    finally:
        events.close()
        draw_curves(lines(run.out), run.out / CURVES)


def lines(out: Path) -> list[dict[str, float]]:
    """The lines of a run's log; one that a kill tore is left out."""
    found = []
    for line in (out / LOG).read_text("utf8").splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found
