"""Look at every picture of a set, several at once; what cannot be decoded is told and passed over."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PIL import Image

from photochrom.datasets.damage import Damage
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS, reason

T = TypeVar("T")

# Pictures that wait to be looked at, so that a set need not be in memory at once.
_AHEAD = 256


def examined(
    pictures: Sequence[EncodedPicture],
    look: Callable[[EncodedPicture, bytes, Image.Image], T],
    *,
    damaged: Callable[[Damage], None],
    progress: Callable[[], None] = lambda: None,
) -> Iterator[tuple[EncodedPicture, T]]:
    """What `look` makes of each picture, its bytes and the whole image as it was decoded, in their order."""

    def seen(picture: EncodedPicture) -> T | Damage:
        try:
            data = picture.data
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                return look(picture, data, image)
        except DECODE_ERRORS as error:
            return Damage(picture.name, reason(error))

    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), thread_name_prefix="examine") as pool:
        for start in range(0, len(pictures), _AHEAD):
            part = pictures[start : start + _AHEAD]
            for picture, result in zip(part, pool.map(seen, part), strict=True):
                progress()
                if isinstance(result, Damage):
                    damaged(result)
                else:
                    yield picture, result
