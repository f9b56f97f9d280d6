"""The table of docs/speed.md as Markdown: `python benchmarks/speed_table.py [FILE]`.

FILE was kept by `photochrom bench --save`; without it: baseline.json, beside this program.
"""

from __future__ import annotations

import sys
from pathlib import Path

from photochrom.cli.speeds import report_about, report_rows
from photochrom.evaluation.bench.report import Report


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("baseline.json")
    report = Report.read(file)
    head, *rows = report_rows(report)
    for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
        print(f"| {' | '.join(row)} |")
    about = report_about(report)
    print(f"\n{about[0].upper()}{about[1:]}.")


if __name__ == "__main__":
    main()
