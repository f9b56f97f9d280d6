"""`Hints`: what a person tells of a picture's colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from photochrom.color.srgb import lab_to_srgb
from photochrom.errors import BadOption, InputError
from photochrom.hints import sidecar
from photochrom.hints.drawn import Drawn, draw
from photochrom.hints.shapes import Canvas, Mask, Painted, Point, Rectangle, Shape, Stroke
from photochrom.hints.words import Number, color_of, confidence_of, number_of, radius_of
from photochrom.images.colors import reduced_colors
from photochrom.images.read import read_picture

PaintedSource = str | Path | bytes | NDArray[Any]

# Chroma from which a pixel of a painted picture is a hint: grey JPEG files stay below 3.
_COLORED: Final = 10.0
# Larger painted pictures are reduced; the network looks at far fewer places.
_MOST_PIXELS: Final = 4_000_000


@dataclass(frozen=True)
class Hints:
    """Colours told to the model, in the order in which they are drawn: later ones cover earlier ones.

    Each method gives a new collection with one hint more. Places are pixels of the upright picture,
    from 0 at its upper left corner, or per cent of its sides as "25%". A radius is in pixels or per
    cent of the short side. A colour, "#rrggbb", "#rgb" or a basic name, means the appearance: its a and
    b are used at the lightness that the picture has there. "grey", like any colour without chroma,
    keeps a place grey. A confidence of 0.5 leads half of the way to the colour.

    Each raises BadOption naming the hint.

    >>> hints = Hints().point("30%", "62%", "#8c2f2f").rectangle(0, 0, 90, 40, "grey")
    >>> len(hints)
    2
    """

    shapes: tuple[Shape, ...] = ()

    def __len__(self) -> int:
        return len(self.shapes)

    def __add__(self, other: Hints) -> Hints:
        """Both, those of `other` on top."""
        return Hints(self.shapes + other.shapes)

    def point(
        self, x: Number, y: Number, color: str, *, radius: Number | None = None, confidence: float = 1.0
    ) -> Hints:
        """A disc round a place. radius: None for 1.2 % of the short side."""
        hint = self._next("point")
        return self._with(
            Point(
                number_of(x, "x", hint),
                number_of(y, "y", hint),
                color_of(color, hint),
                radius_of(radius, hint),
                confidence_of(confidence, hint),
            )
        )

    def stroke(
        self,
        points: Sequence[Sequence[Number]],
        color: str,
        *,
        radius: Number | None = None,
        confidence: float = 1.0,
    ) -> Hints:
        """A line through `points`, pairs of x and y. radius: half its width; None as for a point."""
        hint = self._next("stroke")
        try:
            pairs = [(x, y) for x, y in map(_no_text, points)]
        except (TypeError, ValueError):
            pairs = []
        if not pairs:
            raise BadOption(hint, "points must be pairs of x and y, at least one")
        return self._with(
            Stroke(
                tuple((number_of(x, "x", hint), number_of(y, "y", hint)) for x, y in pairs),
                color_of(color, hint),
                radius_of(radius, hint),
                confidence_of(confidence, hint),
            )
        )

    def rectangle(
        self, left: Number, top: Number, right: Number, bottom: Number, color: str, *, confidence: float = 1.0
    ) -> Hints:
        """From one corner to the other, the pixels named among them."""
        hint = self._next("rectangle")
        return self._with(
            Rectangle(
                number_of(left, "left", hint),
                number_of(top, "top", hint),
                number_of(right, "right", hint),
                number_of(bottom, "bottom", hint),
                color_of(color, hint),
                confidence_of(confidence, hint),
            )
        )

    def mask(self, mask: str | Path | bytes | ArrayLike, color: str, *, confidence: float = 1.0) -> Hints:
        """Wherever a mask is set. mask: (H, W) of bool, or a picture: its light and opaque part.

        It may have another size than the picture, not another shape. Raises UnreadableImage too.
        """
        hint = self._next("mask")
        if isinstance(mask, str | Path | bytes):
            lab, opaque = _lab_of(mask)
            bits = (lab[..., 0] >= 50) & opaque
        else:
            try:
                bits = np.asarray(mask)
            except ValueError as error:
                raise BadOption(
                    hint, "an array (H, W) of bool is wanted, and its rows differ in length"
                ) from error
        if bits.dtype != np.bool_ or bits.ndim != 2 or 0 in bits.shape:
            raise BadOption(hint, f"an array (H, W) of bool is wanted, not {bits.shape} of {bits.dtype}")
        if not bits.any():
            raise BadOption(hint, "is empty: no pixel is set")
        return self._with(Mask(_kept(bits), color_of(color, hint), confidence_of(confidence, hint)))

    @classmethod
    def from_picture(cls, source: PaintedSource, *, confidence: float = 1.0) -> Hints:
        """Colours painted over the picture or a copy of it: each coloured pixel is a hint, grey ones are not.

        source: a file, its bytes, or an array as `read_picture` takes it; chroma from 10 on counts, and
        only where it is opaque. It may have another size than the picture, not another shape.
        Raises BadOption if nothing is coloured, and UnreadableImage.
        """
        hint = "hint 1 (picture)"
        lab, opaque = _lab_of(source)
        told = (np.hypot(lab[..., 1], lab[..., 2]) >= _COLORED) & opaque
        if not told.any():
            raise BadOption(hint, "no pixel of it is coloured")
        rgb = np.rint(lab_to_srgb(lab).clip(0, 1) * 255).astype(np.uint8)
        pixels = np.dstack([rgb, np.full(told.shape, 255, np.uint8)]) * told[..., np.newaxis]
        return cls((Painted(_kept(pixels), confidence_of(confidence, hint)),))

    @classmethod
    def load(cls, path: str | Path) -> Hints:
        """From a file that `save` wrote, or one written by hand; or else as `from_picture`.

        Raises BadOption naming the file and what is wrong with it, and UnreadableImage.
        """
        text = sidecar.text_of(Path(path))
        if text is None:
            try:
                return cls.from_picture(path)
            except BadOption as error:
                raise BadOption(str(path), error.reason) from error
        return cls.from_json(text, name=str(path))

    @classmethod
    def from_json(cls, text: str, *, name: str = "hints") -> Hints:
        """From what `to_json` gave. name: what messages call it. Raises BadOption."""
        hints = cls()
        for kind, values in sidecar.rows_of(text, name):
            try:
                if kind == Painted.kind:
                    pixels, confidence = (
                        values["pixels"],
                        confidence_of(values["confidence"], hints._next(kind)),
                    )
                    hints = hints._with(Painted(_kept(pixels), confidence))
                else:
                    hints = getattr(hints, kind)(**values)
            except InputError as error:
                raise BadOption(name, str(error)) from error
        return hints

    def to_json(self) -> str:
        """The format of `docs/hints.md`; `from_json` gives back an equal collection."""
        return sidecar.text_from(self.shapes)

    def save(self, target: str | Path, *, overwrite: bool = False) -> None:
        """Write the file, whole or not at all. Raises OutputExists, UnwritableOutput."""
        sidecar.write(Path(target), self.to_json(), overwrite=overwrite)

    def drawn(self, width: int, height: int, h: int, w: int) -> Drawn:
        """On h × w cells over a picture of width × height pixels. Raises BadOption for hints outside it."""
        return draw(self.shapes, Canvas(width, height, h, w))

    def _next(self, kind: str) -> str:
        return f"hint {len(self) + 1} ({kind})"

    def _with(self, shape: Shape) -> Hints:
        return Hints((*self.shapes, shape))


def _no_text(pair: Sequence[Number]) -> Sequence[Number]:
    """The pair itself. TypeError for text, which would be two letters."""
    if isinstance(pair, str):
        raise TypeError(pair)
    return pair


def _kept(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that is not to be written to."""
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy


def _lab_of(source: PaintedSource) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Lab (H, W, 3) of a picture, reduced if it is large, and where it is opaque."""
    picture = read_picture(source)
    by = min(1.0, math.sqrt(_MOST_PIXELS / (picture.width * picture.height)))
    return reduced_colors(picture, max(1, round(picture.width * by)), max(1, round(picture.height * by)))
