"""What a network holds to be likely, before anything is favoured or annealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from photochrom.inference.guess import Guess

Shares = NDArray[np.float32]


def likelihoods(guess: Guess) -> Shares:
    """softmax(logits), tau 0 and temperature 1: (h, w, K), each place summing to 1.

    ValueError for a guess without a distribution.
    """
    if guess.logits is None:
        raise ValueError("this model gives no distribution over colours")
    logits = guess.logits.transpose(1, 2, 0)
    share: Shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    share /= share.sum(axis=-1, keepdims=True)
    return share
