"""Draw the figure of docs/hints.md: what single clicks do, on two pictures of examples/.

    python benchmarks/hints_figure.py [OUT.jpg]

From left: as Photochrom colours it by itself, then with the hints of each of STEPS added. Circles mark
where they were given, in the colour that was asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photochrom import Colorizer, Hints

EXAMPLES = Path(__file__).parents[1] / "examples"
STEPS = {
    "migrant_mother_1936.jpg": (
        [("29%", "83%", "#7a3b46")],
        [
            ("71%", "60%", "#4d6178"),
            ("46%", "62%", "#b98a6c"),
            ("57%", "46%", "#b98a6c"),
            ("86%", "83%", "grey"),
        ],
    ),
    "fsac_1a35022v_shepherd_1942.jpg": (
        [("46%", "60%", "#7a4a24")],
        [("73%", "30%", "#2f4f8c"), ("50%", "12%", "grey")],
    ),
}
SIDE = 380
GAP = 8


def panel(coloured: NDArray[np.uint8], hints: list[tuple[str, str, str]]) -> Image.Image:
    """A result at the height of the figure, with its hints marked."""
    image = Image.fromarray(coloured)
    image = image.resize((round(image.width * SIDE / image.height), SIDE), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    for x, y, color in hints:
        place = (float(x[:-1]) / 100 * image.width, float(y[:-1]) / 100 * image.height)
        draw.circle(place, 6, fill="#808080" if color == "grey" else color, outline="white", width=2)
    return image


def row(colorizer: Colorizer, name: str) -> list[Image.Image]:
    """The panels of one picture."""
    told: list[tuple[str, str, str]] = []
    panels = []
    for step in ([], *STEPS[name]):
        told = [*told, *step]
        hints = Hints()
        for x, y, color in told:
            hints = hints.point(x, y, color)
        panels.append(panel(colorizer(EXAMPLES / name, hints=hints).to_array(), told))
    return panels


def main() -> None:
    """Write the figure."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES.parent / "docs" / "images" / "hints.jpg"
    colorizer = Colorizer()
    rows = [row(colorizer, name) for name in STEPS]
    width = sum(max(panels[i].width for panels in rows) + GAP for i in range(3)) - GAP
    sheet = Image.new("RGB", (width, len(rows) * (SIDE + GAP) - GAP), "white")
    for y, panels in enumerate(rows):
        for x, image in enumerate(panels):
            sheet.paste(image, (x * (width + GAP) // 3, y * (SIDE + GAP)))
    sheet.save(out, quality=88)


if __name__ == "__main__":
    main()
