"""What a palette and a reference are worth: each against automatic colouring of the same pictures.

    python benchmarks/palette_and_reference.py FOLDER [--films FOLDER] [--limit 30] [--seed 0]

Photographs as `crop256` prepares them. A picture's own palette is the wish of somebody who knows its
colours; foreign ones are typed, or those of the next picture. Near: the part of the result's chroma
whose hue is within 20° of a colour of the palette with a chroma above 8. References: the photograph
itself, mirrored, three quarters of it, in a lighter or darker tone; the next photograph, which has
nothing to do with it; and of films an earlier frame.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.color.difference import delta_e_2000
from photochrom.color.gamut import fit_to_gamut
from photochrom.color.srgb import lab_to_srgb, srgb_to_lab
from photochrom.errors import BadOption
from photochrom.evaluation.metrics.fidelity import psnr
from photochrom.evaluation.pictures import find_pictures
from photochrom.evaluation.protocol import centre_crop, protocol_named
from photochrom.evaluation.rendered import Rendered, from_samples, image_of
from photochrom.images.read import read_picture
from photochrom.inference.palette import Palette, palette_of
from photochrom.inference.pipeline import Colorizer, Guess
from photochrom.video.frames import read_frames

Bytes = NDArray[np.uint8]

TYPED = (
    "#8c2f2f,#d98a3a,#4f8a3c",
    "#2f6f8c,#7fb59a,#2f4f9c",
    "#b04a7a,#8a6fb0",
    "#4f7a2f,#2f8a6a,#b0a040",
    "#c0603a,#2f5f9c",
)
STRENGTHS = (0.5, 1.0, 2.0)
FIRST_FRAME, LATER = 10, (12, 48)


class Measured:
    """One picture's results beside its truth, by name."""

    def __init__(self, colorizer: Colorizer) -> None:
        self.colorizer = colorizer
        self.rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)

    def add(self, name: str, truth: Rendered, guess: Guess, palette: Palette | None = None) -> None:
        """Paint at the usual vividness and note PSNR, ΔE2000, colourfulness, and nearness to a palette."""
        rule = self.colorizer.card.rule(1.0)
        painted = self.colorizer.paint(read_picture(truth.rgb), guess, rule)
        result = from_samples(painted.to_array())
        near = np.nan if palette is None else nearness(result.lab[..., 1:], palette)
        difference = float(delta_e_2000(result.lab, truth.lab).mean())
        self.rows[name].append((psnr(result, truth), difference, colorfulness(result.rgb), near))

    def show(self) -> None:
        """The table, of means."""
        print(f"{'':44}{'n':>4}{'PSNR':>8}{'ΔE2000':>8}{'colour':>8}{'near':>7}")
        for name, rows in self.rows.items():
            values = "".join(f"{value:8.2f}" for value in np.mean(rows, axis=0))
            print(f"{name:44}{len(rows):4}{values}")


def nearness(ab: NDArray[np.float32], palette: Palette) -> float:
    """The part of chroma whose hue is near one of the palette's colours. ab: (H, W, 2)."""
    colors = np.array(palette.colors)
    colors = colors[np.hypot(*colors.T) > 8]
    chroma, hue = np.hypot(ab[..., 0], ab[..., 1]), np.arctan2(ab[..., 1], ab[..., 0])
    off = np.abs(
        (hue[..., np.newaxis] - np.arctan2(colors[:, 1], colors[:, 0]) + np.pi) % (2 * np.pi) - np.pi
    )
    return float(chroma[off.min(axis=-1) < np.radians(20)].sum() / chroma.sum()) if len(colors) else np.nan


def colorfulness(rgb: Bytes) -> float:
    """Hasler and Süsstrunk 2003."""
    r, g, b = rgb.reshape(-1, 3).astype(np.float64).T
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def altered(rgb: Bytes, rng: np.random.Generator) -> Bytes:
    """Another view of it: three quarters, mirrored, lighter or darker."""
    top, left = rng.integers(0, 64, 2)
    cut = rgb[top : top + 192, left : left + 192][:, ::-1]
    lab = srgb_to_lab(cut / 255)
    lab[..., 0] = 100 * (lab[..., 0] / 100) ** rng.choice([0.75, 1.35])
    return np.rint(lab_to_srgb(fit_to_gamut(lab)).clip(0, 1) * 255).astype(np.uint8)


def shots(folder: Path) -> Iterator[tuple[int, Bytes, Bytes]]:
    """Frames between, a later frame, the earlier one, as `crop256` cuts them."""
    for film in sorted(folder.iterdir()):
        frames = list(read_frames(film, most=FIRST_FRAME + max(LATER) + 1))
        crops = {
            i: centre_crop(image_of(frames[i]), film.name)
            for i in (FIRST_FRAME, *(FIRST_FRAME + later for later in LATER))
            if i < len(frames)
        }
        for later in LATER:
            if FIRST_FRAME + later in crops:
                yield later, crops[FIRST_FRAME + later], crops[FIRST_FRAME]


def refer(measured: Measured, name: str, truth: Rendered, reference: Bytes) -> None:
    """With a reference and without, on the same pictures; a grey reference is left out."""
    colorizer = measured.colorizer
    try:
        lent = colorizer.reference(reference)
    except BadOption as error:
        print(f"left out: {error}")
        return
    guess = colorizer.guess(read_picture(truth.rgb))
    measured.add(f"{name}: automatic", truth, guess)
    measured.add(f"{name}: with the reference", truth, colorizer.referred(guess, lent))


def measure_palettes(measured: Measured, truths: list[Rendered]) -> None:
    """Its own palette, typed ones and the next picture's."""
    colorizer = measured.colorizer
    for i, truth in enumerate(truths):
        guess = colorizer.guess(read_picture(truth.rgb))
        foreign = truths[(i + 1) % len(truths)].rgb
        for kind, source in (
            ("own", truth.rgb),
            ("typed", TYPED[i % len(TYPED)]),
            ("next picture's", foreign),
        ):
            try:
                palette = palette_of(source)
            except BadOption as error:
                print(f"left out: {error}")
                continue
            measured.add(f"{kind} palette: automatic", truth, guess, palette)
            for strength in STRENGTHS:
                wished = colorizer.wished(guess, palette_of(source, strength=strength))
                measured.add(f"{kind} palette: strength {strength:g}", truth, wished, palette)


def main() -> None:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=Path)
    parser.add_argument("--limit", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    measured = Measured(Colorizer(threads=1, provider="cpu"))
    files = find_pictures([args.folder], limit=args.limit, seed=args.seed)
    scenes = [protocol_named("crop256").prepare(file).truth for file in files]
    truths = [truth for truth in scenes if truth is not None]
    measure_palettes(measured, truths)
    rng = np.random.default_rng(args.seed)
    for i, truth in enumerate(truths):
        refer(measured, "another view", truth, altered(truth.rgb, rng))
        refer(measured, "an unrelated picture", truth, truths[(i + 1) % len(truths)].rgb)
    for later, frame, earlier in shots(args.films) if args.films else ():
        refer(measured, f"{later} frames before", Rendered(frame), earlier)
    measured.show()


if __name__ == "__main__":
    main()
