"""Batches of colour pictures: step in, the same bytes out, on every machine and after every resume.

A picture of a batch is a function of (seed, step, its place in the batch) alone, so no generator state
needs saving, batches can be decoded side by side, and several processes can each decode a part of one.
Threads do that; Pillow leaves the interpreter free while it decodes.
"""

from __future__ import annotations

import io
import itertools
import os
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.datasets.damage import Damage, once, unheard
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS, reason
from photochrom.errors import NoPictures

# Beyond this many decoders the interpreter's lock, not decoding, is the limit.
MOST_THREADS = 16


class Pictures(NamedTuple):
    """One batch as it was decoded."""

    rgb: NDArray[np.uint8]
    """(N, H, W, 3), sRGB."""
    label: NDArray[np.int64]
    """(N,): the number of each picture's class, −1 where it is not known."""


class Batches:
    """Pictures in random order, brought to a size.

    batch: pictures of this process; of `part` = (which, of how many) processes each gets its own
    pictures of one larger batch. sizes: (height, width) pairs, one drawn a batch. weights: source →
    share of the draws, whatever its number of pictures; sources not named are left out. Without weights
    every picture comes once an epoch, in an order drawn anew for each. classes: names in the order of
    their numbers. framing: a key of FRAMINGS. damaged: is told of each picture that cannot be decoded, once;
    any thread may call it.
    """

    def __init__(
        self,
        pictures: Sequence[EncodedPicture],
        *,
        batch: int,
        sizes: Sequence[tuple[int, int]],
        weights: Mapping[str, float],
        seed: int,
        framing: str = "crop",
        classes: Sequence[str] = (),
        part: tuple[int, int] = (0, 1),
        damaged: Callable[[Damage], None] = unheard,
    ) -> None:
        by_source: dict[str, list[EncodedPicture]] = defaultdict(list)
        for picture in pictures:
            by_source[picture.source].append(picture)
        shares = dict(weights) or {name: float(len(found)) for name, found in by_source.items()}
        chosen = {name: share for name, share in shares.items() if share > 0 and name in by_source}
        if not chosen:
            raise NoPictures(", ".join(sorted(by_source)) or "training set", "no source has a weight above 0")
        self.sources = [by_source[name] for name in chosen]
        mass = np.array(list(chosen.values()))
        self.frequency = mass / mass.sum()
        self.everything = None if weights else pictures
        self.batch, self.sizes, self.seed, self.part = batch, tuple(sizes), seed, part
        self.frame = FRAMINGS[framing]
        self.damaged = once(damaged)
        self.numbers = {name: number for number, name in enumerate(classes)}
        self._order = lru_cache(2)(lambda epoch: _permuted(len(pictures), (seed, epoch)))

    def __call__(self, step: int) -> Pictures:
        """The batch of one step."""
        height, width = self.sizes[np.random.default_rng((self.seed, step)).integers(len(self.sizes))]
        rgb = np.empty((self.batch, height, width, 3), np.uint8)
        label = np.full(self.batch, -1, np.int64)
        which, processes = self.part
        for i in range(self.batch):
            place = which * self.batch + i
            rng = np.random.default_rng((self.seed, step, place))
            picture = self._picture(step * processes * self.batch + place, rng)
            for _ in range(8):
                try:
                    rgb[i] = self.frame(picture.data, height, width, rng)
                    break
                except DECODE_ERRORS as error:  # a damaged file costs another draw, never the run
                    self.damaged(Damage(picture.name, reason(error)))
                    picture = self._drawn(rng)
            else:
                raise NoPictures(picture.name, "eight pictures in a row could not be decoded")
            label[i] = self.numbers.get(picture.label, -1)
        return Pictures(rgb, label)

    def _picture(self, number: int, rng: np.random.Generator) -> EncodedPicture:
        """The picture that is shown as the run's `number`th."""
        if self.everything is None:
            return self._drawn(rng)
        epoch, place = divmod(number, len(self.everything))
        return self.everything[int(self._order(epoch)[place])]

    def _drawn(self, rng: np.random.Generator) -> EncodedPicture:
        """Any picture, each source as often as its share says."""
        source = self.sources[int(rng.choice(len(self.sources), p=self.frequency))]
        return source[int(rng.integers(len(source)))]

    def ahead(self, first: int, *, depth: int = 8) -> Generator[Pictures]:
        """Batches of step `first` and on, without end, decoded by threads at least `depth` ahead.

        What a thread meets is raised here. Closing the generator ends the threads.
        """
        threads = min(MOST_THREADS, max(1, (os.cpu_count() or 1) - 1))
        steps = itertools.count(first)
        with ThreadPoolExecutor(threads, thread_name_prefix="batches") as pool:
            waiting = deque(pool.submit(self, next(steps)) for _ in range(max(depth, 2 * threads)))
            try:
                while True:
                    batch = waiting.popleft().result()
                    waiting.append(pool.submit(self, next(steps)))
                    yield batch
            finally:
                for future in waiting:
                    future.cancel()


def random_crop(data: bytes, height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Decode, cut out 40 to 100 % of the area that fits at this aspect, resize, mirror half: (H, W, 3).

    Raises one of DECODE_ERRORS.
    """
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    fit = min(image.width / width, image.height / height)
    scale = fit * float(np.sqrt(rng.uniform(0.4, 1.0)))
    w, h = width * scale, height * scale
    left, top = rng.uniform(0, image.width - w), rng.uniform(0, image.height - h)
    image = image.resize(
        (width, height), Image.Resampling.BICUBIC, box=(left, top, left + w, top + h), reducing_gap=2.0
    )
    return _mirrored(image, rng)


def squashed(data: bytes, height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Decode, resize the whole, its aspect not kept, by bicubic interpolation, mirror half: (H, W, 3).

    Raises one of DECODE_ERRORS.
    """
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    return _mirrored(image.resize((width, height), Image.Resampling.BICUBIC), rng)


# Name → decoder of a picture's bytes to (height, width).
FRAMINGS: dict[str, Callable[[bytes, int, int, np.random.Generator], NDArray[np.uint8]]] = {
    "crop": random_crop,
    "squash": squashed,
}


def _mirrored(image: Image.Image, rng: np.random.Generator) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels


def _permuted(count: int, seed: tuple[int, ...]) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(count)


def centre_crop(data: bytes, side: int) -> NDArray[np.uint8]:
    """Decode, cut the centre square, resize by Lanczos: (side, side, 3), writable. For validation.

    Raises one of DECODE_ERRORS.
    """
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    short = min(image.size)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    box = (left, top, left + short, top + short)
    return np.array(image.resize((side, side), Image.Resampling.LANCZOS, box=box))
