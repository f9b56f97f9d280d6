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


def distribution(colorizer: Colorizer, path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits and the truth's weights on the bins, (h, w, K) both."""
    scene = PROTOCOLS["crop256"].prepare(path)
    guess = colorizer.guess(read_picture(scene.source))
    assert scene.truth is not None
    assert guess.logits is not None
    assert colorizer.card.bins is not None
    logits = np.moveaxis(guess.logits, 0, -1)
    return logits, membership(area_mean(scene.truth.lab[..., 1:], logits.shape[:2]), colorizer.card.bins)


def entropies(logits: NDArray[np.float32], truth: NDArray[np.float32]) -> list[float]:
    """Cross-entropy at each of STEPS."""
    return [-float((truth * log_softmax(logits / np.float32(t))).sum(axis=-1).mean()) for t in STEPS]


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
    files = sorted(find_pictures([words.folder]))
    learned, held = files[::2], files[1::2]
    entropy = np.mean([entropies(*distribution(colorizer, path)) for path in learned], axis=0)
    best = STEPS[int(entropy.argmin())]
    sums: dict[float, list[dict[str, Any]]] = {1.0: [], best: []}
    for path in held:
        logits, truth = distribution(colorizer, path)
        for temperature, pictures in sums.items():
            pictures.append(tally(np.exp(log_softmax(logits / np.float32(temperature))), truth))
    print(f"fitted on {len(learned)} pictures, judged on {len(held)}")
    print("| temperature | ECE | 50 % sets hold, % | 80 % | 90 % |\n|---|---|---|---|---|")
    for temperature, pictures in sums.items():
        found = gather(pictures)
        shares = " | ".join(f"{100 * part['got']:.1f}" for part in found["coverage"])
        print(f"| {temperature:g} | {found['ece']:.3f} | {shares} |")


if __name__ == "__main__":
    main()
