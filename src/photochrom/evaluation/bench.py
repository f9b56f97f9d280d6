"""Whole processes timed beside the least that their files cost: decoding and encoding alone.

Nothing here is imported but the standard library: the peak memory that the system reports of a
child is never below that of the process which started it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COMMAND: Final = (sys.executable, "-m", "photochrom")
_BARE: Final = (sys.executable, "-c", "pass")
_MAKE: Final = """
import sys
from pathlib import Path
from photochrom.evaluation.synthetic import write_photograph
path, width, height, bands = sys.argv[1:]
write_photograph(Path(path), width=int(width), height=int(height), bands=int(bands))
"""
# The result is in colour whatever the original, and saved as `images.write` saves it, whose quality
# stands here again because to import it takes longer than the rest of the floor.
JPEG_QUALITY: Final = 97
_FLOOR: Final = f"""
import sys, pyvips
source, target = sys.argv[1:]
options = {{"Q": {JPEG_QUALITY}}}
if target.endswith(".tif"):
    options = {{"compression": "deflate", "predictor": "horizontal"}}
image = pyvips.Image.new_from_file(source, access="sequential")
image.colourspace("srgb").write_to_file(target, **options)
"""


@dataclass(frozen=True)
class Case:
    """One row of `CASES`.

    name: for --only; title: for the table
    arguments: of `photochrom`, where no picture is coloured; None imports the package instead
    width, height, bands, suffix: the picture to be coloured, if there is one
    large: left out unless asked for
    """

    name: str
    title: str
    arguments: tuple[str, ...] | None = None
    width: int = 0
    height: int = 0
    bands: int = 1
    suffix: str = ".jpg"
    large: bool = False


CASES: Final = (
    Case("version", "photochrom --version", arguments=("--version",)),
    Case("import", "import photochrom"),
    Case("small", "0.5 MP grey JPEG", width=866, height=577),
    Case("gray24", "24 MP grey JPEG", width=6000, height=4000),
    Case("color24", "24 MP colour JPEG", width=6000, height=4000, bands=3),
    Case("gray250", "250 MP grey TIFF", width=20000, height=12500, suffix=".tif", large=True),
)


@dataclass(frozen=True)
class Cost:
    """Of one process, start-up included; medians of several runs.

    wall_s: seconds on the clock; cpu_s: seconds of all processors, user and system
    peak_bytes: most memory resident at once
    The last two are None where the system does not tell (Windows).
    """

    wall_s: float
    cpu_s: float | None
    peak_bytes: int | None


@dataclass(frozen=True)
class Timing:
    """One row of the table: a case, what it costs, and what its floor costs."""

    name: str
    title: str
    runs: int
    cost: Cost
    floor: Cost

    @property
    def wall_ratio(self) -> float:
        """Clock time over that of the floor."""
        return self.cost.wall_s / self.floor.wall_s

    @property
    def cpu_ratio(self) -> float | None:
        """Processor time over that of the floor."""
        if self.cost.cpu_s is None or not self.floor.cpu_s:
            return None
        return self.cost.cpu_s / self.floor.cpu_s


def time_case(
    case: Case,
    *,
    runs: int = 3,
    command: Sequence[str] = COMMAND,
    on_run: Callable[[str, int], None] | None = None,
) -> Timing:
    """Run a case and its floor in turn, `runs` times each, in a temporary folder.

    command: what stands for `photochrom`; on_run: called before each with the case's title and the
    number of the run, from 1. Raises CalledProcessError, as `run_process`.
    """
    with tempfile.TemporaryDirectory(prefix="photochrom-bench-") as name:
        folder = Path(name)
        work, floor, outputs = _commands(case, folder, command)
        costs: list[Cost] = []
        floors: list[Cost] = []
        for run in range(1, runs + 1):
            if on_run is not None:
                on_run(case.title, run)
            for one, kept in ((work, costs), (floor, floors)):
                for output in outputs:
                    output.unlink(missing_ok=True)
                kept.append(run_process(one))
    return Timing(case.name, case.title, runs, _median(costs), _median(floors))


def _commands(
    case: Case, folder: Path, command: Sequence[str]
) -> tuple[Sequence[str], Sequence[str], tuple[Path, ...]]:
    """The command to be timed, its floor, and the files that they write."""
    if case.arguments is not None:
        return [*command, *case.arguments], _BARE, ()
    if not case.width:
        return [sys.executable, "-c", "import photochrom"], _BARE, ()
    source, result, copy = (folder / f"{part}{case.suffix}" for part in ("in", "out", "floor"))
    size = (str(case.width), str(case.height), str(case.bands))
    run_process([sys.executable, "-c", _MAKE, str(source), *size])
    floor = [sys.executable, "-c", _FLOOR, str(source), str(copy)]
    return [*command, str(source), "-o", str(result)], floor, (result, copy)


def run_process(command: Sequence[str]) -> Cost:
    """Run a command to its end.

    Raises CalledProcessError if it fails, with what it wrote to stderr, and OSError if there is no
    such program.
    """
    with tempfile.TemporaryFile() as words:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 (the caller's own command, no shell)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words
        )
        cpu_s, peak_bytes = _wait(process)
        wall_s = time.perf_counter() - start
        if process.returncode:
            words.seek(0)
            said = words.read().decode("utf8", "replace")
            raise subprocess.CalledProcessError(process.returncode, list(command), stderr=said)
    return Cost(wall_s, cpu_s, peak_bytes)


def _wait(process: subprocess.Popen[bytes]) -> tuple[float | None, int | None]:
    """Processor seconds and peak bytes of a process and of those it waited for."""
    if sys.platform == "win32":
        process.wait()
        return None, None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # getrusage(2): bytes on macOS, kilobytes elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit


def _median(costs: Sequence[Cost]) -> Cost:
    cpu = [cost.cpu_s for cost in costs if cost.cpu_s is not None]
    peak = [cost.peak_bytes for cost in costs if cost.peak_bytes is not None]
    return Cost(
        wall_s=statistics.median(cost.wall_s for cost in costs),
        cpu_s=statistics.median(cpu) if cpu else None,
        peak_bytes=int(statistics.median(peak)) if peak else None,
    )
