"""A case run several times in turn with its floor, and what comes of it."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from photochrom.evaluation.bench.cases import Case
from photochrom.evaluation.bench.processes import Cost, ask, run_process, run_reporting

COMMAND: Final = (sys.executable, "-m", "photochrom")
_BARE: Final = (sys.executable, "-c", "pass")
# By its path, and with -P, which keeps the folder it lies in from being searched for what it imports.
_FLOOR: Final = (sys.executable, "-P", str(Path(__file__).with_name("floor.py")))
_PROGRAMS: Final = "photochrom.evaluation.bench"


@dataclass(frozen=True)
class Program:
    """What is timed.

    command: what stands for `photochrom`; model: None for the default one
    threads: None for as many as Photochrom chooses; provider: of ONNX Runtime, for a model alone
    """

    command: Sequence[str] = COMMAND
    model: str | None = None
    threads: int | None = None
    provider: str = "cpu"

    @property
    def options(self) -> list[str]:
        """Those of the command line."""
        wishes = (("--model", self.model), ("--threads", self.threads))
        return [word for name, value in wishes if value is not None for word in (name, str(value))]


@dataclass(frozen=True)
class Spread:
    """A figure of several runs: its median, the least and the most."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Self | None:
        """None if a value is missing."""
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        return cls(statistics.median(known), min(known), max(known))


@dataclass(frozen=True)
class Costs:
    """What `Cost` says of one run, of several. cpu_s and peak_bytes are None where it does not say."""

    wall_s: Spread
    cpu_s: Spread | None
    peak_bytes: Spread | None

    @classmethod
    def of(cls, costs: Sequence[Cost]) -> Self:
        """Of at least one run."""
        wall = Spread.of([cost.wall_s for cost in costs])
        assert wall is not None  # every run has a duration
        return cls(
            wall, Spread.of([cost.cpu_s for cost in costs]), Spread.of([cost.peak_bytes for cost in costs])
        )


@dataclass(frozen=True)
class Timing:
    """One row of the table: a case, what it costs, and what its floor costs.

    provider: None where the command line chose it
    megapixels, pictures: done in one run; 0 where the case has none
    wall_ratio, cpu_ratio: each run over the run of the floor beside it; None without a floor
    """

    name: str
    title: str
    provider: str | None
    runs: int
    megapixels: float
    pictures: int
    cost: Costs
    floor: Costs | None
    wall_ratio: Spread | None
    cpu_ratio: Spread | None

    @property
    def megapixels_a_second(self) -> float | None:
        """None where no picture is coloured."""
        return self.megapixels / self.cost.wall_s.median if self.megapixels else None

    @property
    def pictures_a_second(self) -> float | None:
        """None where no picture is coloured."""
        return self.pictures / self.cost.wall_s.median if self.pictures else None


def timing_of(
    case: Case, costs: Sequence[Cost], floors: Sequence[Cost], *, provider: str | None = None
) -> Timing:
    """Sum up the runs of a case. floors: as many as costs, each from beside it, or none at all."""
    pairs = list(zip(costs, floors, strict=True)) if floors else []
    return Timing(
        name=case.name,
        title=case.title,
        provider=provider,
        runs=len(costs),
        megapixels=case.megapixels,
        pictures=case.pictures if case.width else 0,
        cost=Costs.of(costs),
        floor=Costs.of(floors) if floors else None,
        wall_ratio=Spread.of([cost.wall_s / floor.wall_s for cost, floor in pairs]),
        cpu_ratio=Spread.of(
            [cost.cpu_s / floor.cpu_s if cost.cpu_s and floor.cpu_s else None for cost, floor in pairs]
        ),
    )


def time_case(
    case: Case,
    program: Program,
    *,
    runs: int = 3,
    on_run: Callable[[str, int], None] | None = None,
) -> Timing:
    """Run a case and its floor in turn, `runs` times each, in a temporary folder.

    on_run: called before each with the case's title and the number of the run, from 1. Raises as
    `run_reporting`.
    """
    by_itself = case.kind in ("loaded", "network")
    measure = run_reporting if by_itself else run_process
    with tempfile.TemporaryDirectory(prefix="photochrom-bench-") as name:
        folder = Path(name)
        sources, saver = _prepared(case, folder) if case.width else ([], {})
        costs: list[Cost] = []
        floors: list[Cost] = []
        for run in range(1, runs + 1):
            if on_run is not None:
                on_run(case.title, run)
            with tempfile.TemporaryDirectory(dir=folder) as results:
                work, floor = _commands(case, program, sources, saver=saver, results=Path(results))
                costs.append(measure(work))
                if floor is not None:
                    floors.append(measure(floor))
    return timing_of(case, costs, floors, provider=program.provider if by_itself else None)


def installation(model: str | None) -> dict[str, Any]:
    """What `installation.installation` says, of the default model for None. Raises as `run_reporting`."""
    answer: dict[str, Any] = ask(_child("installation", {"model": model}))
    return answer


def _prepared(case: Case, folder: Path) -> tuple[list[Path], dict[str, Any]]:
    """The photographs, in a folder of their own, and the options that their results are saved with."""
    home = folder / "in"
    home.mkdir()
    sources = [home / f"{number}{case.suffix}" for number in range(1, case.pictures + 1)]
    wish = {"width": case.width, "height": case.height, "bands": case.bands}
    return sources, ask(_child("prepare", {"files": [str(source) for source in sources], **wish}))


def _commands(
    case: Case, program: Program, sources: Sequence[Path], *, saver: dict[str, Any], results: Path
) -> tuple[Sequence[str], Sequence[str] | None]:
    """The command to be timed, and its floor; both write below `results`."""
    if case.kind == "start":
        if case.arguments is not None:
            return [*program.command, *case.arguments], _BARE
        return [sys.executable, "-c", "import photochrom"], _BARE
    single = results / f"result{case.suffix}"
    floor: Sequence[str] | None = None
    if sources:
        copies = [[str(source), str(results / f"floor-{source.name}")] for source in sources]
        repeats = case.repeats if case.kind == "loaded" else 0
        floor = [*_FLOOR, json.dumps({"files": copies, "options": saver, "repeats": repeats})]
    if case.kind == "whole":
        if len(sources) == 1:
            places = [str(sources[0]), "-o", str(single)]
        else:
            places = [str(sources[0].parent), "-o", str(results / "colored") + "/"]
        return [*program.command, *places, *program.options], floor
    wish = {
        "act": "picture" if sources else case.act,
        "side": case.side,
        "source": str(sources[0]) if sources else "",
        "target": str(single),
        "model": program.model,
        "threads": program.threads,
        "provider": program.provider,
        "repeats": case.repeats,
    }
    return _child("loaded", wish), floor


def _child(name: str, wish: dict[str, Any]) -> list[str]:
    """The command of one of the programs of this package."""
    return [sys.executable, "-m", f"{_PROGRAMS}.{name}", json.dumps(wish)]
