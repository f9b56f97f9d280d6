"""What a network made of a picture, before any choice of colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

KINSHIP: Final = "kin"
"""What an encoder may give beside the features, (1, C, h, w): hints are led by it, see `inference.obey`."""

Blend = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""What blends the ways in which hints are led: look (C, h / 2, w / 2), told (D, h, w) → (P, h, w).

`networks.blend` has what they are.
"""


def likelihoods(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """softmax over the bins, with nothing favoured and nothing annealed: (K, ...) → the same."""
    share = np.exp(logits - logits.max(axis=0))
    share /= share.sum(axis=0)
    return np.asarray(share, np.float32)


@dataclass(frozen=True, eq=False)
class Guess:
    """What the network made of a picture, before any choice of colour.

    H and W are k times h and w: the network looks at more places than it answers for.
    """

    lightness: NDArray[np.float32]
    """(H, W): L as the network saw it."""
    features: Mapping[str, NDArray[np.float32]] = field(repr=False)
    """What the decoder was fed, for another run of it."""
    logits: NDArray[np.float32] | None = None
    """(K, h, w) over the card's bins; None if the model gives ab."""
    ab: NDArray[np.float32] | None = None
    """(2, h, w): a and b, unless the model gives logits."""
    leaning: NDArray[np.float32] | None = field(default=None, repr=False)
    """(K,): what a palette has added to the logits of every place; None without one."""
    carried: NDArray[np.float32] | None = field(default=None, repr=False)
    """(3, h', w'): a, b and confidence of what a reference lends; None without one."""
    hints: NDArray[np.float32] | None = None
    """(3, h', w'): a, b and confidence of what it was told; None without hints."""
    unhinted: Guess | None = field(default=None, repr=False)
    """The same look with nothing told; None without hints."""
