"""Measure how well a model knows how far its colours are off, and fit a card's `confidence`.

    python benchmarks/confidence.py FOLDER [--model NAME|FILE] [--vividness 1] [--figure OUT.svg]
    python benchmarks/confidence.py FOLDER --clicks 0 1 5 10 [--model NAME|FILE]

Colour photographs that the model never learned from are coloured from their lightness. At each place
of the network's answer, the ΔE2000 that it expects stands beside the ΔE2000 to the mean true colour of
that place. A rising curve is fitted on every other picture, in order of name, and judged on those
between. Every picture weighs the same: a thousand places of it count, evenly spread.

With --clicks: the same after so many clicks of true colours at random places, by the curve of the model's
card, on pictures cut to 256 × 256.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color.difference import delta_e_2000
from photochrom.evaluation.pictures import find_pictures
from photochrom.evaluation.properties.calibration import area_mean
from photochrom.evaluation.properties.hints import hint_planes, random_places
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.rendered import Rendered
from photochrom.images.read import read_picture
from photochrom.inference.confidence import calibrated, raw_difference
from photochrom.inference.pipeline import Colorizer

Places = NDArray[np.float32]
PLACES = 1000
# Shares of all places, by what the network expects, that become points of the curve: ever finer
# towards the top, where few places are far off.
STEPS = (0, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1)
CLASSES = 10


def differences(colorizer: Colorizer, path: Path, vividness: float) -> Places:
    """Expected and actual ΔE2000 of PLACES places: (2, PLACES)."""
    scene = PROTOCOLS["native"].prepare(path)
    assert scene.truth is not None
    guess = colorizer.guess(read_picture(scene.source))
    chroma = colorizer.chroma(guess, colorizer.card.rule(vividness))
    assert guess.logits is not None
    assert colorizer.card.bins is not None
    expected = raw_difference(guess.logits, chroma, colorizer.card.bins)
    return beside(expected, chroma, scene.truth)


def beside(expected: NDArray[np.float32], chroma: NDArray[np.float32], truth: Rendered) -> Places:
    """expected: (h, w), of the colours chroma, (2, h, w) → the same beside what is met: (2, PLACES)."""
    true = area_mean(truth.lab, expected.shape)
    chosen = np.concatenate([true[..., :1], chroma.transpose(1, 2, 0)], axis=-1)
    both = np.stack([expected, delta_e_2000(chosen, true)]).reshape(2, -1)
    return both[:, np.linspace(0, both.shape[1] - 1, PLACES).astype(np.int64)]


def after_clicks(colorizer: Colorizer, path: Path, vividness: float, counts: list[int]) -> list[Places]:
    """Expected and actual ΔE2000, (2, PLACES), after each number of clicks; more include the fewer."""
    scene = PROTOCOLS["crop256"].prepare(path)
    assert scene.truth is not None
    picture = read_picture(scene.source)
    guess = colorizer.guess(picture)
    drawn = random_places(scene.truth, max(counts))
    found = []
    for count in counts:
        planes = hint_planes(scene.truth.lab[..., 1:], drawn[:count], guess.features["hints"].shape[2:])
        told = colorizer.hinted(guess, planes) if count else guess
        result = colorizer.paint(picture, told, colorizer.card.rule(vividness))
        found.append(beside(result.confidence, result.chroma, scene.truth))
    return found


def fitted(places: Places) -> list[list[float]]:
    """A card's `confidence`: means of each step, brought to rise by pooling neighbours that do not."""
    edges = np.quantile(places[0], STEPS)
    step = np.clip(np.searchsorted(edges, places[0], side="right") - 1, 0, len(STEPS) - 2)
    groups = [places[:, step == i] for i in range(len(STEPS) - 1)]
    pooled: list[tuple[NDArray[np.float64], int]] = []
    for group in (group for group in groups if group.size):
        pooled.append((group.mean(axis=1, dtype=np.float64), group.shape[1]))
        while len(pooled) > 1 and pooled[-2][0][1] > pooled[-1][0][1]:
            (last, many), (before, others) = pooled.pop(), pooled.pop()
            pooled.append(((last * many + before * others) / (many + others), many + others))
    return [[round(float(value), 2) for value in mean] for mean, _ in pooled]


def reliability(expected: Places, actual: Places) -> list[tuple[float, float]]:
    """Mean expected and mean actual ΔE2000 in ten classes of as many places, surest first."""
    order = np.array_split(np.argsort(expected, kind="stable"), CLASSES)
    return [(float(expected[part].mean()), float(actual[part].mean())) for part in order]


def error(rows: list[tuple[float, float]]) -> float:
    """Mean distance of a class from what was expected of it."""
    return float(np.mean([abs(expected - actual) for expected, actual in rows]))


def drawn(before: list[tuple[float, float]], after: list[tuple[float, float]]) -> str:
    """The reliability diagram as SVG: expected along, met up."""
    side, top = 360, 5 * np.ceil(max(max(row) for row in before + after) / 5)
    scale = side / top
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-48 -12 432 430" width="432" height="430" '
        'font-family="sans-serif" font-size="12">',
        '<rect x="-48" y="-12" width="432" height="430" fill="#fff"/>',
        f'<path d="M0 0V{side}H{side}" fill="none" stroke="#333"/>',
        f'<path d="M0 {side}L{side} 0" stroke="#999" stroke-dasharray="4 4"/>',
    ]
    for tick in range(0, int(top) + 1, 5):
        at = tick * scale
        parts.append(f'<text x="{at:.1f}" y="{side + 18}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="-8" y="{side - at + 4:.1f}" text-anchor="end">{tick}</text>')
    parts.append(f'<text x="{side / 2}" y="{side + 40}" text-anchor="middle">expected ΔE2000</text>')
    upright = f'transform="translate(-32 {side / 2})rotate(-90)"'
    parts.append(f'<text {upright} text-anchor="middle">mean actual ΔE2000</text>')
    for rows, color, name, y in ((before, "#c66", "raw", 20), (after, "#26a", "calibrated", 40)):
        points = [(e * scale, side - a * scale) for e, a in rows]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>' for x, y in points]
        parts.append(f'<circle cx="20" cy="{y}" r="4" fill="{color}"/><text x="30" y="{y + 4}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="flagship")
    parser.add_argument("--vividness", type=float, default=1.0)
    parser.add_argument("--curve", type=Path, help="a card whose curve is judged, in place of a fitted one")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--clicks", type=int, nargs="+", help="numbers of clicks, such as 0 1 5 10")
    words = parser.parse_args()
    colorizer = Colorizer(words.model)
    files = sorted(find_pictures([words.folder]))
    if words.clicks:
        places = [after_clicks(colorizer, path, words.vividness, words.clicks) for path in files]
        report_clicks(words.clicks, places)
        return
    report([differences(colorizer, path, words.vividness) for path in files], words.curve, words.figure)


def report(places: list[Places], card: Path | None, figure: Path | None) -> None:
    learned, held = (np.concatenate(places[start::2], axis=1) for start in (0, 1))
    curve = fitted(learned) if card is None else json.loads(card.read_text("utf8"))["confidence"]
    before = reliability(*held)
    after = reliability(calibrated(held[0], curve), held[1])
    print(f"fitted on {len(places[::2])} pictures, judged on {len(places[1::2])}")
    print('"confidence":', json.dumps(curve))
    print("| class | raw expected | actual | calibrated | actual |\n|---|---|---|---|---|")
    for i, (raw, good) in enumerate(zip(before, after, strict=True), 1):
        print(f"| {i} | {raw[0]:.1f} | {raw[1]:.1f} | {good[0]:.1f} | {good[1]:.1f} |")
    print(f"| mean distance | | {error(before):.2f} | | {error(after):.2f} |")
    correlation = np.corrcoef(held)[0, 1]
    each = [float(np.corrcoef(one)[0, 1]) for one in places[1::2]]
    print(
        f"correlation {correlation:.2f} over all places, {np.nanmean(each):.2f} inside a picture in the mean"
    )
    if figure is not None:
        figure.write_text(drawn(before, after), "utf8")


def report_clicks(counts: list[int], pictures: list[list[Places]]) -> None:
    print(f"{len(pictures)} pictures")
    fifths = "surest fifth: expected | actual | least sure fifth: expected | actual"
    print(f"| clicks | expected | actual | {fifths} |")
    print("|---|---|---|---|---|---|---|")
    for count, *places in zip(counts, *pictures, strict=True):
        whole = np.concatenate(places, axis=1)
        parts = np.array_split(whole[:, np.argsort(whole[0], kind="stable")], 5, axis=1)
        cells = [f"{value:.1f}" for part in (whole, parts[0], parts[-1]) for value in part.mean(axis=1)]
        print(f"| {count} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
