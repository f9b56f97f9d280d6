from __future__ import annotations

import pytest

from photochrom.cli.columns import in_blocks, lined_up
from photochrom.cli.figures import table
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.metrics.distribution import SET_METRICS

PICTURES = 440


def estimate(mean: float, n: int = PICTURES) -> dict:
    return {"mean": mean, "low": mean - 0.5, "high": mean + 0.5, "n": n}


def report(counts: dict[str, int] | None = None, rows=("grey", "ours", "theirs")) -> dict:
    """All metrics there are, each with the place of its row as its value."""
    counts = counts or {}
    metrics = [
        {"name": row.name, "title": row.title, "unit": getattr(row, "unit", ""), "places": row.places}
        | {"better": row.better, "set": row.name in SET_METRICS}
        for row in (*METRICS.values(), *SET_METRICS.values())
    ]
    names = [metric["name"] for metric in metrics]
    values = [
        {name: estimate(i, counts.get(name, PICTURES)) for name in names} | {"fid": fid(i)}
        for i in range(len(rows))
    ]
    better = [name for name, row in METRICS.items() if row.better]
    return {
        "photochrom": "0.1.0",
        "command": "photochrom evaluate",
        "protocol": {"name": "crop256"},
        "seed": 0,
        "pictures": PICTURES,
        "digest": "0" * 64,
        "metrics": metrics,
        "rows": [
            {
                "name": row,
                "kind": "model" if i else "reference",
                "metrics": values[i],
                "gain": {name: estimate(i) for name in better},
                "colorfulness_ratio": estimate(0.5 * i),
            }
            for i, row in enumerate(rows)
        ],
        "pairs": [
            {"a": rows[2], "b": rows[1], "metrics": {name: estimate(1.0) | {"share": 0.7} for name in better}}
        ],
        "models": [{"name": row, "row": row} for row in rows[1:]],
        "properties": {},
    }


def fid(mean: float) -> dict:
    return {"mean": mean, "low": None, "high": None, "n": PICTURES}


def tables(text: str) -> list[list[str]]:
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return [block for block in blocks if len(block) > 1 and block[1].startswith("grey")]


def test_unasked_there_is_a_choice_in_one_table() -> None:
    (lines,) = tables(table(report()))
    for title in ("PSNR dB", "gain over grey dB", "ΔE2000", "LPIPS (Alex)", "FID, n 440", "of truth"):
        assert title in lines[0]
    assert max(map(len, lines)) <= 100
    assert lines[2].split()[:5] == ["ours", "1.00", "+1.00", "[+0.50,", "+1.50]"]


def test_what_is_asked_for_is_all_there_and_nothing_else() -> None:
    (lines,) = tables(table(report(), metrics=("ssim", "auc")))
    assert lines[0].split() == ["SSIM", "AuC", "%"]
    assert lines[2].split() == ["ours", "1.0000", "[0.5000,", "1.5000]", "1.00", "[0.50,", "1.50]"]


def test_many_metrics_take_several_tables_that_a_terminal_has_room_for() -> None:
    names = (*METRICS, *SET_METRICS)
    found = tables(table(report(), metrics=names))
    assert len(found) > 2
    assert all(len(line) <= 100 for lines in found for line in lines)
    heads = " ".join(lines[0] for lines in found)
    places = [heads.index(f"  {METRICS[name].title}") for name in METRICS]
    assert places == sorted(places)
    for lines in found:
        assert [line.split()[0] for line in lines[1:]] == ["grey", "ours", "theirs"]


def test_the_number_of_pictures_stands_where_it_is_not_that_of_all() -> None:
    (lines,) = tables(table(report({"semantic": 12}), metrics=("psnr", "semantic", "fid")))
    assert "semantic, n 12" in lines[0]
    assert "FID, n 440" in lines[0]
    assert "PSNR dB  " in lines[0]
    uneven = report({"semantic": 12})
    uneven["rows"][1]["metrics"]["semantic"]["n"] = 14
    assert "semantic, n 12–14" in table(uneven, metrics=("semantic",))


def test_without_a_value_there_is_a_word_in_place_of_a_column() -> None:
    some = report()
    some["metrics"] = [metric for metric in some["metrics"] if metric["name"] != "skin"]
    text = table(some, metrics=("psnr", "skin"))
    assert "skin: no picture has a value" in text
    assert "skin" not in tables(text)[0][0]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (None, "theirs over ours: PSNR +1.00 [+0.50, +1.50] dB, better on 70%"),
        (("colorfulness", "de2000", "auc"), "theirs over ours: ΔE2000 +1.00 [+0.50, +1.50], better on 70%"),
    ],
)
def test_two_contestants_are_compared_by_what_is_in_the_table(metrics, words: str) -> None:
    assert words in table(report(), metrics=metrics).splitlines()


def test_no_direction_is_no_comparison() -> None:
    assert " over " not in table(report(), metrics=("colorfulness",))


def test_columns_line_up() -> None:
    rows = [["", "long title", "b"], ["a name", "1", "2.5"]]
    assert lined_up(rows) == ["        long title    b", "a name           1  2.5"]
    assert lined_up(rows, words=3) == ["        long title  b", "a name  1           2.5"]


def test_a_column_that_is_too_wide_has_a_table_to_itself() -> None:
    found = in_blocks(["", "row"], [["x", "1"], ["y" * 30, "2"], ["z", "3"]], width=20)
    assert found == [["     x", "row  1"], [f"     {'y' * 30}", f"row  {'2':>30}"], ["     z", "row  3"]]


def test_all_of_them_can_be_asked_for_in_one_word() -> None:
    every = [row.name for row in (*METRICS.values(), *SET_METRICS.values())]
    assert table(report(), metrics=("all",)) == table(report(), metrics=every)
