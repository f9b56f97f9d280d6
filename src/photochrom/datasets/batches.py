"""Batches of colour pictures: step in, the same (N, 3, H, W) bytes out, on every machine and resume.

A batch is a function of (seed, step) alone, so no generator state needs saving and batches can be
decoded side by side. Threads do that; Pillow leaves the interpreter free while it decodes.
"""

from __future__ import annotations

import io
import itertools
import os
from collections import defaultdict, deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS
from photochrom.errors import NoPictures

# Beyond this many decoders the interpreter's lock, not decoding, is the limit.
MOST_THREADS = 16


class Batches:
    """Random crops of random pictures.

    sizes: (height, width) pairs, one drawn a batch. weights: source → share of the draws, whatever
    its number of pictures; sources not named are left out. Without weights every picture is as likely.
    """

    def __init__(
        self,
        pictures: Sequence[EncodedPicture],
        *,
        batch: int,
        sizes: Sequence[tuple[int, int]],
        weights: Mapping[str, float],
        seed: int,
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
        self.batch, self.sizes, self.seed = batch, tuple(sizes), seed

    def __call__(self, step: int) -> NDArray[np.uint8]:
        """The batch of one step: (N, H, W, 3), sRGB."""
        rng = np.random.default_rng((self.seed, step))
        height, width = self.sizes[rng.integers(len(self.sizes))]
        out = np.empty((self.batch, height, width, 3), np.uint8)
        for i in range(self.batch):
            for _ in range(8):
                source = self.sources[rng.choice(len(self.sources), p=self.frequency)]
                picture = source[rng.integers(len(source))]
                try:
                    out[i] = random_crop(picture.data, height, width, rng)
                    break
                except DECODE_ERRORS:
                    continue  # a damaged file costs another draw, never the run
            else:
                raise NoPictures(picture.name, "eight pictures in a row could not be decoded")
        return out

    def ahead(self, first: int, *, depth: int = 8) -> Generator[NDArray[np.uint8]]:
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
    pixels = np.asarray(image)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels


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
