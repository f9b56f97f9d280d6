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
    known: dict[str, int] = {}
    first = np.array([known.setdefault(one.content, i) for i, one in enumerate(prints)], np.int64)
    if not alike or not prints:
        return first
    leader = np.arange(len(prints))
    distinct = np.array(list(known.values()))
    for i, j in _alike_pairs([prints[i] for i in distinct]):
        _join(leader, distinct[i], distinct[j])
    return leader[first]


def _join(leader: NDArray[np.int64], i: NDArray[np.int64], j: NDArray[np.int64]) -> None:
    """Make one group, led by its least, of the groups of each i and j. leader: of each, changed here."""
    while len(apart := (leader[i] != leader[j]).nonzero()[0]):
        i, j = i[apart], j[apart]
        np.minimum.at(leader, np.maximum(leader[i], leader[j]), np.minimum(leader[i], leader[j]))
        while (leader[leader] != leader).any():
            leader[:] = leader[leader]


def _alike_pairs(prints: Sequence[Fingerprint]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs that are alike, up to mirroring, some more than once, as two arrays. Flat ones are like none."""
    count = len(prints)
    hashes = np.array([hash_of(tiny) for tiny in _both([one.tiny for one in prints], 8, 9)], np.uint64)
    shapes = _both([one.small for one in prints], _SMALL, _SMALL).reshape(2 * count, -1).astype(np.float32)
    shapes -= shapes.mean(axis=1, keepdims=True)
    size = np.linalg.norm(shapes, axis=1, keepdims=True)
    shapes /= np.maximum(size, 1e-6)
    shown = np.flatnonzero(size > 0)
    for band in np.array_split(np.arange(64, dtype=np.uint64), _BANDS):
        keys = hashes >> band[0] & np.uint64((1 << len(band)) - 1)
        order = shown[np.argsort(keys[shown], kind="stable")]
        for bucket in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
            rows = bucket[bucket < count]
            for part in np.array_split(rows, -(-len(rows) * len(bucket) // _MOST_AT_ONCE) or 1):
                near = _differing(hashes[part, None] ^ hashes[bucket]) <= SAME_PICTURE
                near &= part[:, None] != bucket % count
                part, among = part[near.any(axis=1)], bucket[near.any(axis=0)]
                near = near[near.any(axis=1)][:, near.any(axis=0)]
                i, j = (near & (shapes[part] @ shapes[among].T >= LEAST_CORRELATION)).nonzero()
                yield part[i], among[j] % count


def _both(pictures: Sequence[bytes], height: int, width: int) -> NDArray[np.uint8]:
    """(2n, height, width): the pictures, then the same mirrored."""
    straight = np.frombuffer(b"".join(pictures), np.uint8).reshape(-1, height, width)
    return np.concatenate([straight, straight[:, :, ::-1]])


_SET_BITS = np.array([n.bit_count() for n in range(1 << 16)], np.uint8)


def _differing(bits: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """How many bits are set in each."""
    words = np.ascontiguousarray(bits)[..., None].view(np.uint16)
    return np.asarray(_SET_BITS[words].sum(axis=-1), np.uint8)
