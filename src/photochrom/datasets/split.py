"""A set divided in two, to learn from and to measure with, by what its pictures show.

Pictures that are the same stay on one side. Which side is decided by their content and a seed alone, so
names, folders and the order of reading make no difference; and of pictures that are added later only few
of the old ones change sides.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.datasets.damage import Damage
from photochrom.datasets.examine import examined
from photochrom.datasets.fingerprints import Fingerprint, fingerprint, same_groups
from photochrom.datasets.lists import listed, writable, write_list
from photochrom.datasets.pictures import EncodedPicture

TRAIN, VAL = "train.txt", "val.txt"


class Split(NamedTuple):
    """How many pictures each side has, and how many stand beside one that is the same."""

    train: int
    val: int
    repeated: int


def divided(
    prints: Sequence[Fingerprint], same: NDArray[np.int64], *, share: float = 0.9, seed: int = 0
) -> NDArray[np.bool_]:
    """(n,): whether each picture is one to learn from, a share `share` of them as near as groups allow.

    same: (n,), as of `same_groups`. Groups of the same pictures are put in the order of a hash of the seed
    and of their least content; the first that fit make up the side to measure with. No side is empty if
    there are two groups.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for i, leader in enumerate(same.tolist()):
        groups[leader].append(i)

    def drawn(group: list[int]) -> str:
        least = min(prints[i].content for i in group)
        return hashlib.sha256(f"{seed} {least}".encode()).hexdigest()

    order = sorted(groups.values(), key=drawn)
    room = min(len(prints) - 1, max(1, round(len(prints) * (1 - share))))
    chosen: list[int] = []
    for group in order:
        if len(chosen) + len(group) <= room:
            chosen += group
    if not chosen and len(order) > 1:
        chosen = min(order, key=len)
    learning = np.ones(len(prints), np.bool_)
    learning[chosen] = False
    return learning


def split(
    pictures: Sequence[EncodedPicture],
    out: Path,
    *,
    share: float = 0.9,
    seed: int = 0,
    damaged: Callable[[Damage], None],
    progress: Callable[[], None] = lambda: None,
) -> Split:
    """Write the lists `train.txt` and `val.txt` into the folder `out`; files stay where they are.

    Damaged pictures, and those whose names do not fit on a line, are told to `damaged` and are in neither.
    Raises OSError.
    """
    kept: list[EncodedPicture] = []
    prints: list[Fingerprint] = []
    for picture, one in examined(pictures, _print, damaged=damaged, progress=progress):
        if writable(picture.name + picture.source + picture.label):
            kept.append(picture)
            prints.append(one)
        else:
            damaged(Damage(picture.name, "its name cannot stand in a list"))
    same = same_groups(prints)
    learning = divided(prints, same, share=share, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    for name, side in ((TRAIN, learning), (VAL, ~learning)):
        rows = [
            listed(picture.name, picture.source, picture.label)
            for picture, on_it in zip(kept, side, strict=True)
            if on_it
        ]
        write_list(rows, out / name, title=f"{len(rows)} of {len(kept)} pictures; seed {seed}")
    repeated = len(kept) - len(set(same.tolist()))
    return Split(int(learning.sum()), int((~learning).sum()), repeated)


def _print(picture: EncodedPicture, data: bytes, image: Image.Image) -> Fingerprint:
    del picture
    return fingerprint(data, image)
