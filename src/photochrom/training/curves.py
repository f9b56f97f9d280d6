"""Figures of a run over its steps, as one PNG of small panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 200
ACROSS = 3
# Room for the title above, the steps below and a border.
TOP, BOTTOM, SIDE = 26, 20, 12
INK, PALE, LINE = (40, 40, 40), (220, 220, 220), (30, 90, 180)
NOT_DRAWN = ("step", "minutes", "epoch")


def draw_curves(lines: Sequence[Mapping[str, float]], target: Path) -> None:
    """Draw every figure that at least two lines have, each in a panel of its own, least to greatest.

    lines: as in the log, each with "step". Nothing is written where there is nothing to draw.
    """
    curves: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in NOT_DRAWN:
                curves.setdefault(name, []).append((line["step"], value))
    drawn = {name: points for name, points in curves.items() if len(points) > 1}
    if not drawn:
        return
    rows = -(-len(drawn) // ACROSS)
    sheet = Image.new("RGB", (min(len(drawn), ACROSS) * WIDTH, rows * HEIGHT), (255, 255, 255))
    for place, (name, points) in enumerate(drawn.items()):
        row, column = divmod(place, ACROSS)
        sheet.paste(_panel(name, points), (column * WIDTH, row * HEIGHT))
    write_png(sheet, target)


def write_png(image: Image.Image, target: Path) -> None:
    """Write a picture whole or not at all."""
    partial = target.with_name(target.name + ".part")
    image.save(partial, "PNG")
    partial.replace(target)


def _panel(name: str, points: Sequence[tuple[float, float]]) -> Image.Image:
    panel = Image.new("RGB", (WIDTH, HEIGHT), (255, 255, 255))
    draw = ImageDraw.Draw(panel)
    steps, values = zip(*points, strict=True)
    low, high = min(values), max(values)
    across = (WIDTH - 2 * SIDE) / max(steps[-1] - steps[0], 1)
    up = (HEIGHT - TOP - BOTTOM) / ((high - low) or 1)
    draw.rectangle((SIDE, TOP, WIDTH - SIDE, HEIGHT - BOTTOM), outline=PALE)
    draw.text((SIDE, 8), f"{name}  {values[-1]:.4g}  ({low:.4g} to {high:.4g})", fill=INK)
    draw.text((SIDE, HEIGHT - BOTTOM + 4), f"step {steps[0]:g}", fill=INK)
    last = f"{steps[-1]:g}"
    draw.text((WIDTH - SIDE - draw.textlength(last), HEIGHT - BOTTOM + 4), last, fill=INK)
    path = [(SIDE + (s - steps[0]) * across, HEIGHT - BOTTOM - (v - low) * up) for s, v in points]
    draw.line(path, fill=LINE, width=2)
    return panel
