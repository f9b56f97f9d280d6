"""What one process costs: asked of the system, and of the process itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO, Any


@dataclass(frozen=True)
class Cost:
    """Of one run.

    wall_s: seconds on the clock; cpu_s: seconds of all processors, user and system
    peak_bytes: most memory resident at once
    The last two are None where the system does not tell (Windows).
    """

    wall_s: float
    cpu_s: float | None
    peak_bytes: int | None


def run_process(command: Sequence[str]) -> Cost:
    """Run a command to its end; the cost is that of the whole process, start-up included.

    Raises CalledProcessError if it fails, with what it wrote to stderr, and OSError if there is no
    such program.
    """
    return _run(command, subprocess.DEVNULL)


def run_reporting(command: Sequence[str]) -> Cost:
    """Run a command that times its own work and ends with {"wall_s": …, "cpu_s": …} on stdout.

    The peak is that of the process. Raises as `run_process`, and ValueError if it says no such thing.
    """
    cost, heard = _run_heard(command)
    try:
        said = json.loads(heard)
        return replace(cost, wall_s=float(said["wall_s"]), cpu_s=float(said["cpu_s"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("the process that was to time itself told no times") from error


def ask(command: Sequence[str]) -> Any:
    """The JSON that a command writes on the last line of stdout. Raises as `run_reporting`."""
    return json.loads(_run_heard(command)[1])


def _run_heard(command: Sequence[str]) -> tuple[Cost, str]:
    """Its cost, and the last line of its stdout: what libraries print on their way is not ours to forbid."""
    with tempfile.TemporaryFile() as heard:
        cost = _run(command, heard)
        heard.seek(0)
        lines = heard.read().decode("utf8").splitlines()
    return cost, lines[-1] if lines else ""


def _run(command: Sequence[str], stdout: IO[bytes] | int) -> Cost:
    with tempfile.TemporaryFile() as words:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 (the caller's own command, no shell)
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=words
        )
        try:
            cpu_s, peak_bytes = _wait(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
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
