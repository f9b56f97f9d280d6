"""Count how common each colour is in a folder of JPEGs: evaluation/metrics/ab_counts.txt.

    python benchmarks/ab_counts.py FOLDER > src/photochrom/evaluation/metrics/ab_counts.txt

The file in the package is of 8,000 photographs of MiniPlaces' training part, 128 × 128 pixels.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from photochrom.color.constants import AB_GRID
from photochrom.evaluation.rendered import from_samples, truth_of

REACH = 11


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    files = sorted(parser.parse_args().folder.rglob("*.jpg"))
    counts = np.zeros((2 * REACH + 1, 2 * REACH + 1), np.int64)
    for file in files:
        ab = from_samples(truth_of(file).numpy()).lab[..., 1:]
        a, b = np.rint(ab / AB_GRID).astype(np.int64).reshape(-1, 2).T + REACH
        np.add.at(counts, (a, b), 1)
    print(f"# Pixels of {len(files):,} photographs whose nearest point of ab is a, b: a, b, pixels.")
    for i, j in np.argwhere(counts):
        print(round((i - REACH) * AB_GRID), round((j - REACH) * AB_GRID), counts[i, j])


if __name__ == "__main__":
    main()
