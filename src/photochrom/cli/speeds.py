"""The tables of `photochrom bench`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from photochrom.cli.columns import lined_up

if TYPE_CHECKING:
    from photochrom.evaluation.bench.compare import Change, Comparison, Unit
    from photochrom.evaluation.bench.report import Report
    from photochrom.evaluation.bench.timing import Spread, Timing

_NONE: Final = "–"
_HEAD: Final = (
    *("", "wall s", "least–most", "CPU s", "peak MB"),
    *("floor’s wall s", "× wall", "× CPU", "MP/s", "pictures/s"),
)
_CHANGE_HEAD: Final = ("", "", "before", "least–most", "now", "least–most", "now ÷ before", "")
_SIGNS: Final[dict[Unit, str]] = {"floors": "×", "seconds": "s", "bytes": "MB"}


def report_text(report: Report) -> str:
    """A line a case, and below them what they were measured on."""
    return "\n".join([*lined_up(report_rows(report)), "", report_about(report)])


def report_rows(report: Report) -> list[list[str]]:
    """The cells: a heading, then a row a case."""
    return [list(_HEAD), *(_row(timing) for timing in report.timings)]


def report_about(report: Report) -> str:
    """What the figures were measured on, in one line."""
    machine = report.machine
    about = [f"medians of {report.timings[0].runs}", machine.processor, f"{machine.cores} cores"]
    about += [f"{name} {version}" for name, version in report.versions.items()]
    about += [f"model {report.model['name']}", *([report.note] if report.note else [])]
    return ", ".join(about)


def comparison_text(comparison: Comparison) -> str:
    """A line a quantity of each case, and below them what to bear in mind."""
    rows = [_change_row(change, comparison.tolerance) for change in comparison.changes]
    words = [
        f"“worse” is a median above {comparison.tolerance:g} times that of before, and every run above each "
        "of those"
    ]
    if not comparison.alike:
        words.append("another machine: only ratios to the floor are compared")
    words += [f"{title}: nothing to compare with" for title in comparison.absent]
    words += [f"{title}: seconds of another machine" for title in comparison.elsewhere]
    words += comparison.differences
    return "\n".join([*lined_up([_CHANGE_HEAD, *rows]), "", *words])


def _row(timing: Timing) -> list[str]:
    cost, floor = timing.cost, timing.floor
    return [
        timing.title,
        _median(cost.wall_s, "seconds"),
        _range(cost.wall_s, "seconds"),
        _median(cost.cpu_s, "seconds"),
        _median(cost.peak_bytes, "bytes"),
        _NONE if floor is None else _median(floor.wall_s, "seconds"),
        _median(timing.wall_ratio, "floors"),
        _median(timing.cpu_ratio, "floors"),
        _rate(timing.megapixels_a_second),
        _rate(timing.pictures_a_second),
    ]


def _change_row(change: Change, tolerance: float) -> list[str]:
    return [
        change.title,
        f"{change.quantity}, {_SIGNS[change.unit]}",
        _median(change.before, change.unit),
        _range(change.before, change.unit),
        _median(change.now, change.unit),
        _range(change.now, change.unit),
        f"{change.factor:.2f}",
        "worse" if change.is_worse(tolerance) else "",
    ]


def _median(spread: Spread | None, unit: Unit) -> str:
    return _NONE if spread is None else _figure(spread.median, unit)


def _range(spread: Spread, unit: Unit) -> str:
    return f"{_figure(spread.low, unit)}–{_figure(spread.high, unit)}"


def _figure(value: float, unit: Unit) -> str:
    if unit == "bytes":
        return f"{value / 1e6:.0f}"
    if unit == "floors":
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _rate(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"
