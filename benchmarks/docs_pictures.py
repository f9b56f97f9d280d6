"""Draw the pictures of the docs from those of examples/, with the model as it is: `make pictures`.

    python benchmarks/docs_pictures.py [NAME …]

FIGURES has a row for each file of docs/images that shows results; NAMEs choose some. After new weights
look at them all: captions say what can be seen. docs/gallery.md has a script of its own, `make gallery`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photochrom import ColorizeOptions, Colorizer, Hints
from photochrom.color.srgb import srgb_to_lab

ROOT = Path(__file__).parents[1]
EXAMPLES, IMAGES = ROOT / "examples", ROOT / "docs" / "images"
GAP, QUALITY = 6, 88

Pixels = NDArray[np.uint8]
Panels = list[list[Image.Image]]
Click = tuple[str, str, str]

MOTHER, SHEPHERD, EMIR, FLIGHT = (
    EXAMPLES / name
    for name in (
        "migrant_mother_1936.jpg",
        "fsac_1a35022v_shepherd_1942.jpg",
        "pg_emir.jpg",
        "wright_first_flight_1903.jpg",
    )
)
DOUGLASS, ROAD = EXAMPLES / "frederick_douglass_1879.jpg", EXAMPLES / "fsa_usf34-058042_road.jpg"
OLD = (
    MOTHER,
    DOUGLASS,
    FLIGHT,
    ROAD,
    EXAMPLES / "saratoga_broadway_c1910.jpg",
    EXAMPLES / "suffrage_parade_1917.jpg",
)

# Clicks that are added from panel to panel.
STEPS: dict[Path, Sequence[Sequence[Click]]] = {
    MOTHER: (
        [("29%", "83%", "#7a3b46")],
        [
            ("71%", "60%", "#4d6178"),
            ("46%", "62%", "#b98a6c"),
            ("57%", "46%", "#b98a6c"),
            ("86%", "83%", "grey"),
        ],
    ),
    SHEPHERD: (
        [("46%", "60%", "#7a4a24")],
        [("73%", "30%", "#2f4f8c"), ("50%", "12%", "grey")],
    ),
}
PALETTES = ("#8c4a2f,#d98a3a,#5f7a9c", "#2f5f9c,#8c6fb0,#c47a8c", "#4f7a2f,#7fa04a,#4f8fb0")


@cache
def colorizer() -> Colorizer:
    """One thread and the plain processor: the same pictures whatever else a machine has."""
    return Colorizer(threads=1, provider="cpu")


def grey(source: Path) -> Pixels:
    """What Photochrom goes by, as a picture."""
    return colored(source, vividness=0.0)


def colored(source: Path | Pixels, *, vividness: float = 1.0, **told: object) -> Pixels:
    """One result, RGB."""
    result = colorizer()(source, options=ColorizeOptions(vividness=vividness), **told)  # type: ignore[arg-type]
    return np.asarray(result.to_array()[..., :3], np.uint8)


def panel(pixels: Pixels, *, width: int, clicks: Sequence[Click] = ()) -> Image.Image:
    """At the width of its column, clicks marked."""
    image = Image.fromarray(pixels)
    image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    for x, y, color in clicks:
        place = (float(x[:-1]) / 100 * image.width, float(y[:-1]) / 100 * image.height)
        draw.circle(place, 6, fill="#808080" if color == "grey" else color, outline="white", width=2)
    return image


def before() -> Panels:
    """The front page, left."""
    return [[panel(grey(MOTHER), width=480)]]


def after() -> Panels:
    """The front page, right."""
    return [[panel(colored(MOTHER), width=480)]]


def historical() -> Panels:
    """Black-and-white examples: input and three places of the slider."""
    return [
        [panel(colored(source, vividness=step), width=256) for step in (0.0, 0.5, 1.0, 1.5)] for source in OLD
    ]


def hints() -> Panels:
    """Without hints, then with those of each step."""
    rows = []
    for source, steps in STEPS.items():
        clicks: list[Click] = []
        row = []
        for step in ((), *steps):
            clicks = [*clicks, *step]
            told = Hints()
            for x, y, color in clicks:
                told = told.point(x, y, color)
            row.append(panel(colored(source, hints=told), width=295, clicks=clicks))
        rows.append(row)
    return rows


def alternatives() -> Panels:
    """What `--alternatives 4` writes."""
    return [
        [panel(np.asarray(one.to_array()[..., :3]), width=240) for one in colorizer().alternatives(source)]
        for source in (DOUGLASS, FLIGHT, EMIR)
    ]


def palette_and_reference() -> Panels:
    """With a reference, which is the same picture seen otherwise; with palettes, typed and of a picture."""
    truth = np.asarray(Image.open(SHEPHERD).convert("RGB"))
    height, width, _ = truth.shape
    own, view = truth[:, : width * 4 // 5], truth[height // 16 :, width // 5 :]
    other = np.rint(np.asarray(view[:, ::-1], np.float32) ** 1.2 / 255**0.2).astype(np.uint8)
    light = np.asarray(srgb_to_lab(own / 255)[..., 0] * 2.55, np.uint8)
    automatic = colored(light)
    first = [grey_of(light), other, automatic, colored(light, reference=other), own]
    second = [automatic, *(colored(light, palette=palette) for palette in (*PALETTES, EMIR))]
    above, below = ([panel(one, width=206) for one in row] for row in (first, second))
    for image, palette in zip(below[1:], PALETTES, strict=False):
        draw = ImageDraw.Draw(image)
        for i, color in enumerate(palette.split(",")):
            draw.rectangle(
                (8 + 32 * i, image.height - 32, 32 + 32 * i, image.height - 8),
                fill=color,
                outline="white",
                width=2,
            )
    stamp = panel(np.asarray(Image.open(EMIR).convert("RGB")), width=60)
    below[-1].paste(stamp, (6, below[-1].height - stamp.height - 6))
    return [above, below]


def grey_of(light: Pixels) -> Pixels:
    """(H, W) → (H, W, 3)."""
    return np.repeat(light[..., np.newaxis], 3, axis=2)


def restored() -> Panels:
    """The scan; coloured; coloured with its tones restored."""
    rows = []
    for source in (FLIGHT, ROAD):
        options = ColorizeOptions(restore_tones=True)
        both = np.asarray(colorizer()(source, options=options).to_array()[..., :3], np.uint8)
        rows.append([panel(one, width=398) for one in (grey(source), colored(source), both)])
    return rows


FIGURES: dict[str, Callable[[], Panels]] = {
    "demo-before": before,
    "demo-after": after,
    "historical": historical,
    "hints": hints,
    "alternatives": alternatives,
    "palette-and-reference": palette_and_reference,
    "restored": restored,
}


def sheet(rows: Panels) -> Image.Image:
    """Rows of panels on white."""
    width = max(sum(one.width + GAP for one in row) for row in rows) - GAP
    heights = [max(one.height for one in row) for row in rows]
    drawn = Image.new("RGB", (width, sum(heights) + GAP * (len(rows) - 1)), "white")
    y = 0
    for row, height in zip(rows, heights, strict=True):
        x = 0
        for one in row:
            drawn.paste(one, (x, y))
            x += one.width + GAP
        y += height + GAP
    return drawn


def main() -> None:
    """Draw what was named, or all."""
    for name in sys.argv[1:] or FIGURES:
        target = IMAGES / f"{name}.jpg"
        sheet(FIGURES[name]()).save(target, quality=QUALITY)
        print(target)


if __name__ == "__main__":
    main()
