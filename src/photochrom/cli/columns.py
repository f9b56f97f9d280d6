"""Tables as text: columns of words and figures, as wide as their longest cell."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = "  "


def lined_up(rows: Sequence[Sequence[str]], *, words: int = 1) -> list[str]:
    """A line a row. words: how many columns, from the first, stand to the left; figures to the right.

    rows: at least one, all of the same length
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        _GAP.join(
            text.ljust(width) if i < words else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def in_blocks(names: Sequence[str], columns: Sequence[Sequence[str]], *, width: int) -> list[list[str]]:
    """Tables of at most `width` characters, each with the names and as many columns as fit.

    names, columns: cells from top to bottom, the heading among them. A table has one column at least.
    """
    tables: list[list[Sequence[str]]] = []
    used = 0
    for column in columns:
        wide = len(_GAP) + max(map(len, column))
        if not tables or used + wide > width:
            tables.append([names])
            used = max(map(len, names))
        tables[-1].append(column)
        used += wide
    return [lined_up(list(zip(*table, strict=True))) for table in tables]
