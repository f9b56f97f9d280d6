"""The figures of one day in a file: written, and read again to be compared with another's."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import photochrom
from photochrom.errors import InputError, OutputExists, UnwritableOutput
from photochrom.evaluation.bench.machine import Machine, this_machine
from photochrom.evaluation.bench.timing import Costs, Spread, Timing

FORMAT: Final = 1


@dataclass(frozen=True)
class Report:
    """One run of `photochrom bench`.

    machine: where; versions: of Photochrom, Python and the libraries
    providers: all that ONNX Runtime has there, best first
    model: its "name", and the "sha256" of its card
    threads: as asked for; None where Photochrom chose
    note: what a reader should know, such as what else the machine was doing
    """

    machine: Machine
    versions: Mapping[str, str]
    providers: tuple[str, ...]
    model: Mapping[str, str]
    threads: int | None
    note: str
    timings: tuple[Timing, ...]

    @classmethod
    def of_here(
        cls, installed: Mapping[str, Any], timings: Sequence[Timing], *, threads: int | None, note: str
    ) -> Self:
        """Of timings taken on this machine; installed: what `timing.installation` says."""
        own = {"photochrom": photochrom.__version__, "python": platform.python_version()}
        return cls(
            machine=this_machine(),
            versions={**own, **installed["versions"]},
            providers=tuple(installed["providers"]),
            model=installed["model"],
            threads=threads,
            note=note,
            timings=tuple(timings),
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a file that `write` made. Raises InputError naming it and what is wrong with it."""
        try:
            values = json.loads(path.read_text("utf8"))
        except OSError as error:
            raise InputError(path, error.strerror or str(error)) from error
        except ValueError as error:
            raise InputError(path, f"not figures of `photochrom bench`: {error}") from error
        try:
            if values["format"] != FORMAT:
                raise InputError(path, "written by another version of `photochrom bench`")
            return cls(
                machine=Machine(**values["machine"]),
                versions=dict(values["versions"]),
                providers=tuple(values["providers"]),
                model=dict(values["model"]),
                threads=values["threads"],
                note=str(values["note"]),
                timings=tuple(_timing(case) for case in values["cases"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(path, f"not figures of `photochrom bench`: {error!r}") from error

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the file: the fields, and the rates that follow from them."""
        values = asdict(self)
        del values["timings"]
        return {"format": FORMAT, **values, "cases": [_case(timing) for timing in self.timings]}

    def write(self, path: Path, *, overwrite: bool = False) -> None:
        """Write it as JSON. Raises as `check_target`, and UnwritableOutput for what the disk says."""
        check_target(path, overwrite=overwrite)
        try:
            path.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", "utf8")
        except OSError as error:
            raise UnwritableOutput(path, error.strerror or str(error)) from error


def check_target(path: Path, *, overwrite: bool) -> None:
    """Refuse before minutes of timing what would be refused after them.

    Raises OutputExists, and UnwritableOutput where there is no such folder.
    """
    if path.is_dir():
        raise UnwritableOutput(path, "is a folder")
    if path.exists() and not overwrite:
        raise OutputExists(path)
    if not path.parent.is_dir():
        raise UnwritableOutput(path, "no such folder")


def _case(timing: Timing) -> dict[str, Any]:
    return {
        **asdict(timing),
        "megapixels_a_second": timing.megapixels_a_second,
        "pictures_a_second": timing.pictures_a_second,
    }


def _timing(case: Mapping[str, Any]) -> Timing:
    return Timing(
        name=str(case["name"]),
        title=str(case["title"]),
        provider=case["provider"],
        runs=int(case["runs"]),
        megapixels=float(case["megapixels"]),
        pictures=int(case["pictures"]),
        cost=_costs(case["cost"]),
        floor=None if case["floor"] is None else _costs(case["floor"]),
        wall_ratio=_spread(case["wall_ratio"]),
        cpu_ratio=_spread(case["cpu_ratio"]),
    )


def _costs(values: Mapping[str, Any]) -> Costs:
    wall = _spread(values["wall_s"])
    if wall is None:
        raise ValueError("a case without seconds")
    return Costs(wall, _spread(values["cpu_s"]), _spread(values["peak_bytes"]))


def _spread(values: Mapping[str, float] | None) -> Spread | None:
    return None if values is None else Spread(**{name: float(value) for name, value in values.items()})
