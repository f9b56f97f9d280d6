"""Which metrics and properties a person's words mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from photochrom.errors import BadOption, MissingBackbone
from photochrom.evaluation.backbones import is_prepared
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS
from photochrom.evaluation.properties import PROPERTIES

ALL: Final = "all"


@dataclass(frozen=True)
class Chosen:
    """Names of METRICS and of SET_METRICS. unprepared: those left out for want of their backbone."""

    metrics: tuple[str, ...]
    set_metrics: tuple[str, ...]
    unprepared: tuple[str, ...] = ()


def choose_metrics(wish: Sequence[str] | None = None, *, has_truth: bool = True) -> Chosen:
    """The metrics of a list of names, of ("all",), or, where nobody said, those that work here and now.

    has_truth: without it, what needs truth is left out unless it is asked for. Raises BadOption for a
    name that is none, or that needs a truth there is not; MissingBackbone for one that is asked for
    and not prepared.
    """
    fit = [name for name, row in METRICS.items() if has_truth or not row.needs_truth]
    fit += list(SET_METRICS) if has_truth else []
    if wish is None:
        taken = [name for name in fit if is_prepared(_backbone(name))]
    else:
        taken = fit if tuple(wish) == (ALL,) else _known("metrics", wish, [*METRICS, *SET_METRICS])
        for name in taken:
            if name not in fit:
                raise BadOption("metrics", f"{name} compares with true colours, and there are none")
            if not is_prepared(_backbone(name)):
                raise MissingBackbone(_backbone(name))
    return Chosen(
        metrics=tuple(name for name in METRICS if name in taken),
        set_metrics=tuple(name for name in SET_METRICS if name in taken),
        unprepared=tuple(name for name in fit if name not in taken) if wish is None else (),
    )


def choose_properties(wish: Sequence[str]) -> tuple[str, ...]:
    """The properties of a list of names or of ("all",). Raises BadOption for a name that is none."""
    taken = PROPERTIES if tuple(wish) == (ALL,) else _known("properties", wish, PROPERTIES)
    return tuple(name for name in PROPERTIES if name in taken)


def backbones_of(names: Iterable[str]) -> list[str]:
    """The backbones through which these metrics look."""
    return sorted({_backbone(name) for name in names} - {""})


def _backbone(name: str) -> str:
    return METRICS[name].backbone if name in METRICS else SET_METRICS[name].backbone


def _known(option: str, wish: Sequence[str], names: Iterable[str]) -> list[str]:
    known = list(names)
    for name in wish:
        if name not in known:
            raise BadOption(option, f"{name!r} is not one of {ALL}, {', '.join(known)}")
    return list(wish)
