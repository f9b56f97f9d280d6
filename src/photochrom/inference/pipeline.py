"""What happens to a picture. Read `Colorizer` top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.gamut import fit_to_gamut
from photochrom.errors import BadOption
from photochrom.images.compose import compose, side_by_side
from photochrom.images.picture import Picture
from photochrom.images.read import read_picture
from photochrom.images.write import encode_picture, to_array, write_picture
from photochrom.inference.card import ModelCard
from photochrom.inference.session import Sessions
from photochrom.inference.upsample import guided_coefficients
from photochrom.inference.vividness import MOST_VIVID, ColorRule
from photochrom.inference.weights import DEFAULT_MODEL, find_model

if TYPE_CHECKING:
    import pyvips

LEAST_DETAIL = 128
MOST_DETAIL = 640
# Pictures smaller than this gain nothing from being enlarged for the network.
SMALLEST_LOOK = 128

PictureSource = str | Path | bytes | NDArray[Any]


@dataclass(frozen=True)
class ColorizeOptions:
    """What a person may choose for each picture."""

    vividness: float = 1.0
    """From 0, grey, over 1, as in life, to 2, vivid."""
    detail: int | None = None
    """Short side in pixels at which the network looks, 128 to 640; the model's own where not given."""

    def __post_init__(self) -> None:
        if not 0 <= self.vividness <= MOST_VIVID:
            raise BadOption("vividness", f"must lie in 0…{MOST_VIVID:g}, not {self.vividness:g}")
        if self.detail is not None and not LEAST_DETAIL <= self.detail <= MOST_DETAIL:
            raise BadOption("detail", f"must lie in {LEAST_DETAIL}…{MOST_DETAIL}, not {self.detail}")


@dataclass(frozen=True, eq=False)
class Guess:
    """What the network made of a picture, before any choice of colour. h and w are a quarter of its look."""

    lightness: NDArray[np.float32]
    """(4h, 4w): L as the network saw it."""
    logits: NDArray[np.float32]
    """(K, h, w) over the card's bins."""
    features: Mapping[str, NDArray[np.float32]] = field(repr=False)
    """The encoder's, for another run of the decoder."""


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

    def encode(self, suffix: str, *, quality: int | None = None) -> bytes:
        """The file that `save` would write, as bytes. suffix: ".jpg", ".png" …"""
        return encode_picture(self.image, self.picture, suffix, quality=quality)

    def to_array(self) -> NDArray[Any]:
        """(H, W, 3), or (H, W, 4) with alpha; uint8 or uint16 as the picture is deep."""
        return to_array(self.image)


class Colorizer:
    """A loaded model. Loading takes longer than a picture: keep it for many.

    model: a shipped model's name, or the path of a card. threads: for the network; None chooses.
    provider: "auto", "cuda", "coreml", "directml" or "cpu".
    Raises ModelNotFound, BadModel, BadOption.
    """

    def __init__(
        self, model: str | Path = DEFAULT_MODEL, *, threads: int | None = None, provider: str = "auto"
    ) -> None:
        self.card: ModelCard = find_model(model)
        self._sessions = Sessions(self.card, threads=threads, provider=provider)

    @property
    def provider(self) -> str:
        """Where the network runs."""
        return self._sessions.provider

    @property
    def threads(self) -> int:
        """Threads of the network."""
        return self._sessions.threads

    def __call__(
        self, source: PictureSource, *, options: ColorizeOptions | None = None, name: str | None = None
    ) -> Result:
        """Colour one picture. Raises UnreadableImage, ImageTooLarge, BadOption."""
        options = options or ColorizeOptions()
        picture = read_picture(source, name=name)
        guess = self.guess(picture, detail=options.detail)
        return self.paint(picture, guess, self.card.rule(options.vividness))

    def guess(self, picture: Picture, *, detail: int | None = None) -> Guess:
        """Look at a picture: the encoder and the decoder, once each."""
        stride = self.card.stride
        own = -(-min(picture.width, picture.height) // stride) * stride
        look = min(detail or self.card.detail, max(own, SMALLEST_LOOK))
        lightness = picture.thumbnail(look, multiple=stride)
        features = self._sessions.encode(lightness)
        height, width = (side // self.card.hint_stride for side in lightness.shape)
        no_hints = np.zeros((3, height, width), np.float32)
        logits = self._sessions.decode(features, no_hints, self._no_wishes)
        return Guess(lightness, logits, features)

    def paint(self, picture: Picture, guess: Guess, rule: ColorRule) -> Result:
        """Choose colours by `rule` and lead them along the edges of the picture."""
        chroma = self.chroma(guess, rule)
        return Result(picture, chroma, guided_coefficients(guess.lightness, chroma), self.card.name)

    def chroma(self, guess: Guess, rule: ColorRule) -> NDArray[np.float32]:
        """a and b, (2, h, w), inside sRGB at the lightness the network saw."""
        logits = guess.logits
        if rule.tau:
            logits = logits - np.float32(rule.tau) * self._log_prior[:, None, None]
        ab = self.card.bins.annealed_mean(logits, rule.temperature, axis=0) * rule.chroma
        k = self.card.hint_stride
        _, h, w = ab.shape
        lightness = guess.lightness.reshape(h, k, w, k).mean(axis=(1, 3))
        fitted = fit_to_gamut(np.stack([lightness, *ab], axis=-1))
        return np.ascontiguousarray(fitted[..., 1:].transpose(2, 0, 1), dtype=np.float32)

    @cached_property
    def _log_prior(self) -> NDArray[np.float32]:
        return np.log(self.card.prior).astype(np.float32)

    @cached_property
    def _no_wishes(self) -> NDArray[np.float32]:
        return np.zeros(len(self.card.bins) + 3, np.float32)


__all__ = ["ColorizeOptions", "Colorizer", "Guess", "PictureSource", "Result"]
