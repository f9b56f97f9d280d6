"""A coloured picture: to be saved, read, asked how sure it is and where it wants help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadOption
from photochrom.hints import Unmet
from photochrom.images.compose import compose, side_by_side
from photochrom.images.heat import heat_map
from photochrom.images.picture import Picture
from photochrom.images.sheet import contact_sheet
from photochrom.images.write import encode_picture, to_array, write_picture
from photochrom.inference.card import ModelCard
from photochrom.inference.confidence import confidence
from photochrom.inference.guess import Guess
from photochrom.inference.suggest import Suggestion, suggestions
from photochrom.inference.upsample import guided_coefficients

if TYPE_CHECKING:
    import pyvips

# ΔE2000 that is yellow in a map of confidence: as far as one saturated colour is from grey.
MOST_UNSURE = 30.0


@dataclass(frozen=True, eq=False)
class Result:
    """A coloured picture, not yet computed at full size: saving or reading it does that."""

    picture: Picture
    """What was coloured."""
    chroma: NDArray[np.float32] = field(repr=False)
    """(2, h, w): a and b, in gamut, at the network's size."""
    coefficients: NDArray[np.float32] = field(repr=False)
    """(H, W, 4): the same along the edges of L, as `compose` takes them."""
    model: str
    """Name of the model."""
    unmet: tuple[Unmet, ...] = ()
    """Hints whose colour does not exist at the lightness of their place."""
    guess: Guess | None = field(default=None, repr=False)
    """What the network made of it; None for colours that came from elsewhere."""
    card: ModelCard | None = field(default=None, repr=False)
    """Of the model; None as above."""
    own: NDArray[np.float32] | None = field(default=None, repr=False)
    """(2, h, w): as `chroma`, before hints were obeyed and a reference's colours lent; None: `chroma`."""

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """Expected ΔE2000 between these colours and the true ones: (h, w), as `chroma`; low is sure.

        Raises BadOption for colours without a distribution behind them.
        """
        if self.guess is None or self.card is None:
            raise BadOption("confidence", f"{self.model} does not say how sure it is")
        return confidence(self.guess, self.chroma if self.own is None else self.own, self.card)

    def suggest(self, n: int = 5) -> list[Suggestion]:
        """The n places, 1…50, where a hint would help most, with the colours that each may have.

        The most helpful first, each beside those before and the hints that were told. Fewer in a
        picture too small for so many. Raises BadOption for another n, or a model that takes no hints.
        """
        if self.guess is None or self.card is None:
            raise BadOption("suggest", f"{self.model} takes no hints")
        size = {"width": self.picture.width, "height": self.picture.height}
        return suggestions(self.guess, self.card, n, **size)

    @property
    def image(self) -> pyvips.Image:
        """RGB or RGBA, 8 or 16 bits a channel, full size, lazy. Ask again for each reading."""
        return compose(self.picture, self.coefficients)

    def save(self, target: str | Path, *, quality: int | None = None, overwrite: bool = False) -> None:
        """Write the picture; its suffix names the format. Whole or not at all, never over the input.

        Raises OutputExists, UnsupportedFormat, UnwritableOutput, UnreadableImage.
        """
        write_picture(self.image, self.picture, Path(target), quality=quality, overwrite=overwrite)

    def save_comparison(
        self, target: str | Path, *, quality: int | None = None, overwrite: bool = False
    ) -> None:
        """Write before | after side by side, otherwise as `save`."""
        both = side_by_side(self.picture, self.image)
        write_picture(both, self.picture, Path(target), quality=quality, overwrite=overwrite)

    def save_confidence(self, target: str | Path, *, overwrite: bool = False) -> None:
        """Write `confidence` along the edges of the picture, as a map: dark violet 0, yellow 30 ΔE2000.

        Raises as `save` and `confidence` do.
        """
        if self.guess is None:
            raise BadOption("confidence", f"{self.model} does not say how sure it is")
        planes = guided_coefficients(self.guess.lightness, self.confidence[np.newaxis])
        image = heat_map(self.picture, planes, MOST_UNSURE)
        write_picture(image, self.picture, Path(target), overwrite=overwrite, note=None)

    def encode(self, suffix: str, *, quality: int | None = None) -> bytes:
        """The file that `save` would write, as bytes. suffix: ".jpg", ".png" …"""
        return encode_picture(self.image, self.picture, suffix, quality=quality)

    def to_array(self) -> NDArray[Any]:
        """(H, W, 3), or (H, W, 4) with alpha; uint8 or uint16 as the picture is deep."""
        return to_array(self.image)


def save_sheet(results: Sequence[Result], target: str | Path, *, overwrite: bool = False) -> None:
    """Write results of one picture on one sheet; as `Result.save`, and BadOption for no results."""
    if not results:
        raise BadOption("results", "there are none to put on a sheet")
    picture = results[0].picture
    sheet = contact_sheet([result.image for result in results], name=picture.name)
    write_picture(sheet, picture, Path(target), overwrite=overwrite)
