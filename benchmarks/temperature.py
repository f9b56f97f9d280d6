"""Find the temperature that makes a model as sure of its colours as it should be.

    python benchmarks/temperature.py FOLDER [--model NAME|FILE]

Colour photographs that the model never learned from. The temperature, by which all logits are divided (Guo
et al. 2017, arXiv 1706.04599), is the one of the least cross-entropy on every other picture, in order of
name; the calibration of both is judged on those between, as `photochrom evaluate --properties calibration`
does. `photochrom export --temperature` sets it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.pictures import find_pictures
from photochrom.evaluation.properties.calibration import area_mean, gather, membership, tally
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import Colorizer

STEPS = tuple(round(float(step), 2) for step in np.arange(0.9, 1.41, 0.02))


def judged(colorizer: Colorizer, path: Path) -> list[tuple[float, dict[str, Any]]]:
    """Cross-entropy and the sums of `tally` at each of STEPS."""
    scene = PROTOCOLS["crop256"].prepare(path)
    guess = colorizer.guess(read_picture(scene.source))
    assert scene.truth is not None
    assert guess.logits is not None
    assert colorizer.card.bins is not None
    logits = np.moveaxis(guess.logits, 0, -1)
    truth = membership(area_mean(scene.truth.lab[..., 1:], logits.shape[:2]), colorizer.card.bins)
    found = []
    for step in STEPS:
        log_share = log_softmax(logits / np.float32(step))
        entropy = -float((truth * log_share).sum(axis=-1).mean())
        found.append((entropy, tally(np.exp(log_share), truth)))
    return found


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="flagship")
    words = parser.parse_args()
    colorizer = Colorizer(words.model)
    pictures = [judged(colorizer, path) for path in sorted(find_pictures([words.folder]))]
    entropy = np.mean([[step[0] for step in picture] for picture in pictures[::2]], axis=0)
    best = int(entropy.argmin())
    print(f"fitted on {len(pictures[::2])} pictures, judged on {len(pictures[1::2])}")
    print("| temperature | ECE | 50 % sets hold, % | 80 % | 90 % |\n|---|---|---|---|---|")
    for i in sorted({STEPS.index(1.0), best}):
        found = gather([picture[i][1] for picture in pictures[1::2]])
        held = " | ".join(f"{100 * part['got']:.1f}" for part in found["coverage"])
        print(f"| {STEPS[i]:g} | {found['ece']:.3f} | {held} |")


if __name__ == "__main__":
    main()
