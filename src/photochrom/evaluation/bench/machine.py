"""Which machine this is, so that its seconds are compared with no other's."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
# What the kernel calls the processor, by architecture: x86, then the rest.
_NAMES = ("model name", "Model", "cpu model", "cpu")


@dataclass(frozen=True)
class Machine:
    """What seconds depend on.

    processor: its model, or the architecture alone where the system does not tell
    architecture: "x86_64", "arm64"…; cores: those that this process may use; system: "Linux"…
    """

    processor: str
    architecture: str
    cores: int
    system: str


def this_machine() -> Machine:
    """The one that this runs on."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(_processor(), platform.machine(), usable, platform.system())


def _processor() -> str:
    named = ""
    if sys.platform == "darwin":
        words = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        named = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    elif _CPUINFO.is_file():
        named = cpu_name(_CPUINFO.read_text("utf8", "replace"))
    return named or platform.processor() or platform.machine()


def cpu_name(cpuinfo: str) -> str:
    """The processor's model in the text of Linux's /proc/cpuinfo; "" if it has none, as on most ARM."""
    values: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            values.setdefault(key.strip(), value.strip())
    return next((values[name] for name in _NAMES if values.get(name)), "")
