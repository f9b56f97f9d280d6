"""Batches of colour pictures: step in, the same (N, 3, H, W) bytes out, on every machine and resume.

A batch is a function of (seed, step) alone, so no generator state needs saving. A thread decodes
ahead; Pillow leaves the interpreter free while it does.
"""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS
from photochrom.errors import NoPictures


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
        """Batches of step `first` and on, without end, decoded in a thread up to `depth` ahead.

        What the thread meets is raised here. Closing the generator ends the thread.
        """
        ready: queue.Queue[NDArray[np.uint8] | Exception] = queue.Queue(maxsize=depth)
        stop = threading.Event()

        def put(item: NDArray[np.uint8] | Exception) -> None:
            while not stop.is_set():
                with contextlib.suppress(queue.Full):
                    ready.put(item, timeout=0.1)
                    break

        def work() -> None:
            step = first
            try:
                while not stop.is_set():
                    put(self(step))
                    step += 1
            except Exception as error:  # noqa: BLE001  (whatever it is, it belongs to whoever waits)
                put(error)

        thread = threading.Thread(target=work, name="batches", daemon=True)
        thread.start()
        try:
            while True:
                item = ready.get()
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            stop.set()
            thread.join()


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
