"""Which pictures of a set are the same: to the byte, or resized, recompressed, brightened or mirrored.

A difference hash alone is too kind: among 8,000 photographs of scenes it holds 115 pairs for the same
that are not, dark tunnels and bright skies above all, against one that is. None of the 115 correlates by
more than 0.94 when reduced to a few places, while copies in JPEG of quality 40 and two thirds of the size
correlate by 0.987 and more at 16×16. So pictures are alike where both agree. Objects in one pose on plain
ground, as in catalogues, may still be held for the same; that keeps too many together, never apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.datasets.screen import SAME_PICTURE, hash_of, reduction

LEAST_CORRELATION = 0.97
_SMALL = 16
# Hashes that differ by no more than SAME_PICTURE bits agree in one of so many bands of bits.
_BANDS = SAME_PICTURE + 1
# Comparisons made at once.
_MOST_AT_ONCE = 4_000_000


class Fingerprint(NamedTuple):
    """content: SHA-256 of the file's bytes, in hex. Lightness, row by row: tiny, of 9×8; small, of 16×16."""

    content: str
    tiny: bytes
    small: bytes


def fingerprint(data: bytes, image: Image.Image) -> Fingerprint:
    """The fingerprint of a picture file and of what it shows."""
    small = image.convert("L").resize((_SMALL, _SMALL), Image.Resampling.BOX)
    return Fingerprint(hashlib.sha256(data).hexdigest(), reduction(image).tobytes(), small.tobytes())


def same_groups(prints: Sequence[Fingerprint], *, alike: bool = True) -> NDArray[np.int64]:
    """(n,): for each picture the first one that it is the same as, itself if there is none before it.

    alike: look beyond identical bytes. The same as the same counts as the same.
    """
    leader = np.arange(len(prints))

    def first(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = int(leader[i])
        return i

    def join(i: int, j: int) -> None:
        a, b = sorted((first(i), first(j)))
        leader[b] = a

    known: dict[str, int] = {}
    for i, one in enumerate(prints):
        join(i, known.setdefault(one.content, i))
    if alike:
        distinct = list(known.values())
        for i, j in _alike_pairs([prints[i] for i in distinct]):
            join(distinct[i], distinct[j])
    return np.array([first(i) for i in range(len(prints))], np.int64)


def _alike_pairs(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Pairs that are alike, up to mirroring; some more than once."""
    count = len(prints)
    hashes = np.array([hash_of(tiny) for tiny in _both([one.tiny for one in prints], 8, 9)], np.uint64)
    deviations = (
        _both([one.small for one in prints], _SMALL, _SMALL).reshape(2 * count, -1).astype(np.float32)
    )
    deviations -= deviations.mean(axis=1, keepdims=True)
    deviations /= np.maximum(np.linalg.norm(deviations, axis=1, keepdims=True), 1e-6)
    for band in np.array_split(np.arange(64, dtype=np.uint64), _BANDS):
        keys = hashes >> band[0] & np.uint64((1 << len(band)) - 1)
        order = np.argsort(keys, kind="stable")
        for bucket in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
            rows = bucket[bucket < count]  # stable: straight ones stand first
            for part in np.array_split(rows, -(-len(rows) * len(bucket) // _MOST_AT_ONCE) or 1):
                near = _differing(hashes[part, None] ^ hashes[bucket]) <= SAME_PICTURE
                near &= part[:, None] < bucket % count
                i, j = part[near.nonzero()[0]], bucket[near.nonzero()[1]]
                good = np.einsum("nk,nk->n", deviations[i], deviations[j]) >= LEAST_CORRELATION
                yield from zip(i[good].tolist(), (j[good] % count).tolist(), strict=True)


def _both(pictures: Sequence[bytes], height: int, width: int) -> NDArray[np.uint8]:
    """(2n, height, width): the pictures, then the same mirrored."""
    straight = np.frombuffer(b"".join(pictures), np.uint8).reshape(-1, height, width)
    return np.concatenate([straight, straight[:, :, ::-1]])


_SET_BITS = np.array([n.bit_count() for n in range(1 << 16)], np.uint8)


def _differing(bits: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """How many bits are set in each."""
    words = np.ascontiguousarray(bits)[..., None].view(np.uint16)
    return np.asarray(_SET_BITS[words].sum(axis=-1), np.uint8)
