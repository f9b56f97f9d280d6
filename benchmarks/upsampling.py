"""Compare ways of bringing chroma to full size: bicubic, joint bilateral, fast guided filter.

    python benchmarks/upsampling.py FOLDER [--limit 60] [--sheet OUT.png]

The truth's own chroma, averaged down to the size at which a network answers, is enlarged by each
method along the truth's lightness and compared with the truth, so that nothing but the enlarging is
measured. ab error: RMS in Lab units, over the whole picture and over its edges (the tenth of all
places where true chroma changes fastest). Bleeding: mean gradient of the result's chroma where
neither true chroma nor lightness has an edge; the truth's own value stands beside it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.srgb import lab_to_srgb, srgb_to_lab
from photochrom.inference.upsample import enlarge, guided_coefficients

Plane = NDArray[np.float32]
ANSWER_SIDE = 64
CUT = 220  # pixels of each picture that a sheet shows
LOOK = 4  # the network looks at four times the size at which it answers


def resized(planes: Plane, height: int, width: int, kind: Image.Resampling) -> Plane:
    """planes: (C, h, w) → (C, height, width)."""
    return np.stack([np.asarray(Image.fromarray(p).resize((width, height), kind)) for p in planes])


def bicubic(guide: Plane, lightness: Plane, chroma: Plane) -> Plane:
    """No guide at all."""
    return resized(chroma, *lightness.shape, Image.Resampling.BICUBIC)


def guided(radius: int, flatness: float, *, corrected: bool) -> Callable[[Plane, Plane, Plane], Plane]:
    """Coefficients at the guide's size, enlarged, applied to full-size L."""

    def method(guide: Plane, lightness: Plane, chroma: Plane) -> Plane:
        planes = guided_coefficients(guide, chroma, radius=radius, flatness=flatness, corrected=corrected)
        full = enlarge(planes.transpose(2, 0, 1), *lightness.shape)
        return full[:2] * lightness + full[2:]

    return method


def joint_bilateral(sigma: float, tolerance: float) -> Callable[[Plane, Plane, Plane], Plane]:
    """Kopf et al. 2007: each place mixes the answers near it that have its lightness.

    sigma in places of the answer, tolerance in units of L. At the guide's size, then bicubic.
    """

    def method(guide: Plane, lightness: Plane, chroma: Plane) -> Plane:
        height, width = guide.shape
        h, w = chroma.shape[1:]
        small = resized(guide[None], h, w, Image.Resampling.BOX)[0]
        v = (np.arange(height) + 0.5) * h / height - 0.5
        u = (np.arange(width) + 0.5) * w / width - 0.5
        total = np.zeros((1, height, width), np.float32)
        mixed = np.zeros((2, height, width), np.float32)
        for dv in range(-2, 3):
            for du in range(-2, 3):
                i, j = np.rint(v).astype(int) + dv, np.rint(u).astype(int) + du
                near = np.exp(-((v - i) ** 2)[:, None] / (2 * sigma**2) - ((u - j) ** 2) / (2 * sigma**2))
                place = np.ix_(i.clip(0, h - 1), j.clip(0, w - 1))
                alike = np.exp(-((guide - small[place]) ** 2) / (2 * tolerance**2))
                weight = (near * alike + 1e-6 * near).astype(np.float32)
                total += weight
                mixed += weight * chroma[:, place[0], place[1]]
        return resized(mixed / total, *lightness.shape, Image.Resampling.BICUBIC)

    return method


METHODS: dict[str, Callable[[Plane, Plane, Plane], Plane]] = {
    "bicubic": bicubic,
    "joint bilateral, 1.0 / 5": joint_bilateral(1.0, 5),
    "joint bilateral, 1.0 / 12": joint_bilateral(1.0, 12),
    "guided, r 4, eps 25": guided(4, 25, corrected=False),
    "guided, r 2, eps 5": guided(2, 5, corrected=False),
    "guided, r 1, eps 5": guided(1, 5, corrected=False),
    "corrected, r 4, eps 5": guided(4, 5, corrected=True),
    "corrected, r 2, eps 25": guided(2, 25, corrected=True),
    "corrected, r 2, eps 5": guided(2, 5, corrected=True),
    "corrected, r 1, eps 5": guided(1, 5, corrected=True),
}
SHOWN = ("bicubic", "joint bilateral, 1.0 / 12", "guided, r 4, eps 25", "corrected, r 2, eps 5")


def slope(planes: Plane) -> Plane:
    """Size of the gradient, summed over planes. (C, H, W) → (H, W)."""
    along = [np.gradient(p) for p in planes]
    return np.sqrt(sum(v**2 + u**2 for v, u in along)).astype(np.float32)


def measured(lab: Plane, ab: Plane) -> tuple[float, float, float]:
    """ab error everywhere, at edges of true chroma, and bleeding. lab: (3, H, W), ab: (2, H, W)."""
    error = ((ab - lab[1:]) ** 2).sum(0)
    edge = slope(lab[1:])
    flat = (edge < np.quantile(edge, 0.5)) & (slope(lab[:1]) < np.quantile(slope(lab[:1]), 0.5))
    at_edges = edge >= np.quantile(edge, 0.9)
    return float(np.sqrt(error.mean())), float(np.sqrt(error[at_edges].mean())), float(slope(ab)[flat].mean())


def strip(pictures: list[Plane]) -> Plane:
    """The middle of each picture, side by side with thin white gaps."""
    height, width = pictures[0].shape[:2]
    top, left = max(0, height // 2 - CUT // 2), max(0, width // 2 - CUT // 2)
    gaps = ((0, 4), (0, 4), (0, 0))
    cuts = [p[top : top + CUT, left : left + CUT] for p in pictures]
    return np.concatenate([np.pad(cut, gaps, constant_values=1) for cut in cuts], axis=1)


def main() -> None:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--answer", type=int, default=ANSWER_SIDE)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    files = sorted(p for p in args.folder.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    files = files[:: max(1, len(files) // args.limit)][: args.limit]
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ("truth", *METHODS)}
    seconds = dict.fromkeys(METHODS, 0.0)
    rows = []
    for file in files:
        rgb = np.asarray(Image.open(file).convert("RGB"), np.float32) / 255
        lab = srgb_to_lab(rgb).transpose(2, 0, 1)
        height, width = lab.shape[1:]
        scale = min(height, width)
        small = [max(1, round(side * args.answer / scale)) for side in (height, width)]
        guide_size = [side * LOOK for side in small]
        chroma = resized(lab[1:], *small, Image.Resampling.BOX)
        guide = resized(lab[:1], *guide_size, Image.Resampling.LANCZOS)[0]
        figures["truth"].append(measured(lab, lab[1:]))
        shown = [rgb]
        for name, method in METHODS.items():
            start = time.perf_counter()
            ab = method(guide, lab[0], chroma)
            seconds[name] += time.perf_counter() - start
            figures[name].append(measured(lab, ab))
            shown.append(lab_to_srgb(np.concatenate([lab[:1], ab]).transpose(1, 2, 0)).clip(0, 1))
        if args.sheet and len(rows) < 6:
            rows.append(strip([shown[0], *(shown[1 + list(METHODS).index(name)] for name in SHOWN)]))
    print(f"{len(files)} pictures of {args.folder.name}, answers of {args.answer} on the short side")
    print(f"{'method':28}{'ab error':>10}{'at edges':>10}{'bleeding':>10}{'ms':>8}")
    for name, values in figures.items():
        mean = np.mean(values, axis=0)
        took = f"{1000 * seconds[name] / len(files):8.0f}" if name in seconds else ""
        print(f"{name:28}{mean[0]:10.2f}{mean[1]:10.2f}{mean[2]:10.3f}{took}")
    if args.sheet:
        width = min(row.shape[1] for row in rows)
        sheet = np.concatenate([row[:, :width] for row in rows])
        Image.fromarray((sheet * 255).round().astype(np.uint8)).save(args.sheet)


if __name__ == "__main__":
    main()
