"""The figures of docs/flagship.md, drawn from reports of `photochrom evaluate --json`.

    pip install matplotlib
    python benchmarks/flagship_figures.py SLIDER.json HINTS.json CALIBRATION.json [--out docs/images]

SLIDER.json: over the whole slider (`--vividness 0.25,0.5,… --metrics psnr,colorfulness`).
HINTS.json, CALIBRATION.json: with `--properties hints`, `--properties calibration`; one report may have both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter

# Names of shapes in an SVG would be new in each run.
mpl.rcParams |= {"svg.hashsalt": "photochrom", "axes.spines.top": False, "axes.spines.right": False}

Report = Mapping[str, Any]

# PSNR and colourfulness on ImageNet's val5k, where the truth's colourfulness is 38.2: Kang et al. 2023
# (arXiv 2212.11613), table 1. Other pictures: a yardstick, not a comparison.
PUBLISHED = {
    "Zhang 2016": (22.64, 31.60),
    "InstColor": (23.28, 24.87),
    "DeOldify": (24.11, 21.29),
    "ColTran": (20.95, 34.50),
    "CT2": (23.50, 38.48),
    "BigColor": (21.24, 39.74),
    "ColorFormer": (23.10, 38.00),
    "DDColor-L": (23.85, 38.26),
}
PUBLISHED_TRUTH = 38.2

# Pictures that training had shown, and the gain over grey of the most faithful setting on all of val, in dB.
# The first was taken before changes of the pipeline that were worth 0.03.
SEEN = {160_000: 1.43, 270_000: 1.52, 727_000: 1.61, 883_000: 1.61}
# The same of rounds that learned by the logarithm of the error too, from more sets.
SEEN_SINCE = {923_000: 1.67}
WANTED = 1.8

# The table "What was tried" of docs/flagship.md, in one figure; at the default where it gives two.
TRIED = {
    "small pictures enlarged (128 px)": 0.26,
    "two rounds by the logarithm of the error, faithful": 0.06,
    "three rounds of two runs and their mean": 0.15,
    "balance between pictures, colourfulness 0.79": 0.02,
    "one round more, 185,000 pictures, faithful": 0.015,
    "wishes told by what is likely, 10 clicks": 0.03,
    "mirror image too (--best)": 0.07,
    "stretched to full contrast": 0.07,
    "mean of several checkpoints": 0.05,
    "a small tau and more chroma": 0.05,
    "look of 320, not 256, pixels": 0.05,
    "int8 for large matrices": 0.0,
    "mean of 112 more minutes and their start": 0.06,
    "finish by features and sizes, colourfulness 0.75": -0.12,
    "mean of the lost 77 minutes and their start": -0.25,
    "going on, folded kernels as they are": -0.4,
}


def slider(report: Report, target: Path) -> None:
    """PSNR against colourfulness, place by place of the slider."""
    rows = [row for row in report["rows"] if row["vividness"] is not None]
    grey = next(row for row in report["rows"] if row["name"] == "grey")["metrics"]["psnr"]["mean"]
    points = sorted(
        (row["colorfulness_ratio"]["mean"], row["metrics"]["psnr"]["mean"], row["vividness"]) for row in rows
    )
    figure, axes = plt.subplots(figsize=(6.6, 4.2))
    axes.plot([0, *(x for x, _, _ in points)], [grey, *(y for _, y, _ in points)], "o-", color="#26a")
    axes.annotate("grey", (0, grey), textcoords="offset points", xytext=(6, -3))
    for x, y, vividness in points:
        axes.annotate(f"{vividness:g}", (x, y), textcoords="offset points", xytext=(-4, 7))
    for name, (psnr, colorfulness) in PUBLISHED.items():
        place = (colorfulness / PUBLISHED_TRUTH, psnr)
        axes.plot(*place, "s", color="0.65")
        axes.annotate(name, place, color="0.4", textcoords="offset points", xytext=(6, -4))
    axes.axhline(grey, color="0.85", linewidth=1, zorder=0)
    axes.set(xlabel="colourfulness, as a part of the truth's", ylabel="PSNR, dB", xlim=(-0.03, 1.25))
    save(figure, target)


def clicks(report: Report, target: Path) -> None:
    """PSNR after so many clicks, at random places and where the model asks."""
    (found,) = report["properties"]["hints"].values()
    figure, axes = plt.subplots(figsize=(5.4, 3.6))
    for places, color in (("asked", "#26a"), ("random", "#c66")):
        curve = found[places]
        x, y = np.sqrt(found["clicks"]), [one["mean"] for one in curve]
        axes.plot(x, y, "o-", color=color, label=places)
        if curve[0]["low"] is not None:
            low, high = ([one[end] for one in curve] for end in ("low", "high"))
            axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
    axes.set_xticks(np.sqrt(found["clicks"]), [str(count) for count in found["clicks"]])
    axes.set(xlabel="clicks", ylabel="PSNR, dB")
    axes.legend(frameon=False)
    save(figure, target)


def seen(target: Path) -> None:
    """Gain over pictures shown, a straight line over their logarithm, and where that meets what is wanted.

    One slope for all: what was learned by another loss lies on a parallel.
    """
    counts, gains = np.array(list(SEEN)), np.array(list(SEEN.values()))
    slope, start = np.polyfit(np.log2(counts), gains, 1)
    since, reached = np.array(list(SEEN_SINCE)), np.array(list(SEEN_SINCE.values()))
    start_since = (reached - slope * np.log2(since)).mean()
    needed = 2 ** ((WANTED - start_since) / slope)
    print(f"{slope:+.3f} dB for twice the pictures; {WANTED:+.1f} dB at {needed / 1e6:.1f} million")
    figure, axes = plt.subplots(figsize=(5.4, 3.6))
    line = np.geomspace(counts.min() / 1.3, needed * 1.3, 50)
    axes.plot(line, start + slope * np.log2(line), "--", color="0.6")
    axes.plot(line, start_since + slope * np.log2(line), "--", color="0.6")
    axes.plot(counts, gains, "o", color="#26a", label="cross-entropy")
    axes.plot(since, reached, "s", color="#c66", label="and the logarithm of the error")
    axes.axhline(WANTED, color="0.85", linewidth=1, zorder=0)
    axes.set_xscale("log")
    ticks = (*counts, needed)
    axes.set_xticks(ticks, [f"{count / 1e6:.2g} M" for count in ticks], rotation=60)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="pictures shown", ylabel="gain over grey at vividness 0.5, dB")
    axes.legend(frameon=False, loc="lower right")
    save(figure, target)


def reliability(report: Report, target: Path) -> None:
    """How often the likeliest bin is right, over how sure the network is; areas show how often it is so."""
    (found,) = report["properties"]["calibration"].values()
    confidence, accuracy, share = (
        np.array([point[key] for point in found["curve"]]) for key in ("confidence", "accuracy", "share")
    )
    figure, axes = plt.subplots(figsize=(4.2, 4.2))
    axes.plot([0, 1], [0, 1], "--", color="0.7", zorder=0)
    axes.plot(confidence, accuracy, "-", color="#26a", linewidth=1)
    axes.scatter(confidence, accuracy, s=12 + 600 * share, color="#26a", alpha=0.7)
    axes.set(
        xlabel="share given to the likeliest bin", ylabel="truth's weight on it", xlim=(0, 1), ylim=(0, 1)
    )
    axes.set_title(f"expected calibration error {found['ece']:.3f}", fontsize=10)
    save(figure, target)


def tried(target: Path) -> None:
    """What each trial gave or cost."""
    names, gains = list(TRIED), np.array(list(TRIED.values()))
    figure, axes = plt.subplots(figsize=(6.6, 3.6))
    axes.barh(range(len(names)), gains, color=["#26a" if gain > 0 else "#c66" for gain in gains])
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    for row, gain in enumerate(gains):
        axes.annotate(
            f"{gain:+.2f}", (max(gain, 0), row), textcoords="offset points", xytext=(4, -4), fontsize=9
        )
    axes.axvline(0, color="0.3", linewidth=1)
    axes.set(xlabel="PSNR, dB")
    save(figure, target)


def save(figure: Any, target: Path) -> None:
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("slider", type=Path)
    parser.add_argument("hints", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    words = parser.parse_args()
    slider(json.loads(words.slider.read_text("utf8")), words.out / "flagship-slider.svg")
    clicks(json.loads(words.hints.read_text("utf8")), words.out / "flagship-hints.svg")
    reliability(json.loads(words.calibration.read_text("utf8")), words.out / "flagship-calibration.svg")
    seen(words.out / "flagship-seen.svg")
    tried(words.out / "flagship-tried.svg")


if __name__ == "__main__":
    main()
