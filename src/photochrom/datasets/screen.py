"""Which pictures are worth learning colour from, and which resemble one that must stay unseen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from photochrom.color.srgb import srgb_to_lab

# Below this mean chroma (Lab units) a picture is grey, to the eye and to a loss.
LEAST_CHROMA = 3.0
# A sepia print or a colour cast: every place has nearly the same ab.
LEAST_SPREAD = 3.0
MOST_WHITE = 0.5
# What Pillow raises for a file that is damaged, no picture, or far too large.
DECODE_ERRORS = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
# Bits of 64 by which difference hashes of the same picture, recompressed or resized, still differ.
SAME_PICTURE = 6


def reason(error: Exception) -> str:
    """What one of DECODE_ERRORS says, in words for people."""
    if isinstance(error, UnidentifiedImageError):
        return "is no picture, or its beginning is damaged"  # Pillow names an object in memory
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def places(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where a picture (H, W, 3) is judged: every so many pixels, 64 or more along its short side."""
    step = max(1, min(rgb.shape[:2]) // 64)
    return rgb[::step, ::step]


def fault(rgb: NDArray[np.uint8]) -> str | None:
    """Why a picture teaches no colour: "grey", "tinted" or "white ground"; None if it is good.

    rgb: (H, W, 3), sRGB 0…255.
    """
    small = places(rgb)
    if float((small.min(-1) > 245).mean()) > MOST_WHITE:
        return "white ground"
    lab = srgb_to_lab(small.astype(np.float32) / 255.0)
    ab = lab[..., 1:].reshape(-1, 2)
    if float(np.hypot(ab[:, 0], ab[:, 1]).mean()) < LEAST_CHROMA:
        return "grey"
    if float(np.sqrt(ab.var(axis=0).sum())) < LEAST_SPREAD:
        return "tinted"
    return None


def reduction(image: Image.Image) -> NDArray[np.uint8]:
    """Lightness reduced to (8, 9), for difference hashes."""
    return np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX))


def hash_of(tiny: NDArray[np.uint8]) -> int:
    """64 bits: is each place of a reduction brighter than its left neighbour? (after N. Krawetz)"""
    return int.from_bytes(np.packbits(tiny[:, 1:] > tiny[:, :-1]).tobytes(), "big")


def difference_hash(image: Image.Image) -> int:
    """The difference hash of a picture."""
    return hash_of(reduction(image))


class Resemblance:
    """Answers whether a picture is, up to mirroring, one of those kept apart."""

    def __init__(self, kept_apart: Iterable[Image.Image]) -> None:
        self.hashes = np.array([difference_hash(im) for im in kept_apart], dtype=np.uint64)

    def __contains__(self, image: Image.Image) -> bool:
        if not len(self.hashes):
            return False
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return any(self._least_difference(difference_hash(im)) <= SAME_PICTURE for im in (image, mirrored))

    def _least_difference(self, digest: int) -> int:
        """Bits by which `digest` differs from the nearest of the hashes."""
        different = (self.hashes ^ np.uint64(digest)).view(np.uint8).reshape(-1, 8)
        return int(np.unpackbits(different, axis=1).sum(axis=1).min())
