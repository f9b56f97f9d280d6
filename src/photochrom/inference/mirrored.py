"""Two looks at a picture, the second at its mirror image, and the mean of what they make of it.

A picture and its mirror image have the same colours, but a network does not quite know it; what the two
answers do not share is error, and half of it goes (`docs/flagship.md` has the measurement).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from photochrom.inference.guess import KINSHIP, Blend
from photochrom.inference.network import Arrays, Network

_TOLD: Final = ("hints", "wishes")


class Mirrored:
    """A network asked twice. What `encode` gives holds the look in [0] and its mirror image's in [1]."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.provider = network.provider

    @property
    def blend(self) -> Blend | None:
        """Of the network: hints are led over the picture, and not over its mirror image."""
        return self._network.blend

    def encode(self, lightness: NDArray[np.float32]) -> Arrays:
        """lightness: (H, W), 0…100 → the arrays of the network, (2, …), but for hints and wishes, (1, …).

        Of what tells which places belong together it is the mean, (1, …): nothing is decoded from it.
        """
        here, there = (
            self._network.encode(look) for look in (lightness, np.ascontiguousarray(lightness[:, ::-1]))
        )
        both = {
            name: array if name in _TOLD else np.concatenate([array, there[name]])
            for name, array in here.items()
        }
        if KINSHIP in both:
            both[KINSHIP] = (here[KINSHIP] + there[KINSHIP][..., ::-1]) / 2
        return both

    def decode(self, feed: Arrays) -> NDArray[np.float32]:
        """feed: of `encode`, with other hints or wishes → the mean answer, (planes, h, w)."""
        here = {name: array[:1] for name, array in feed.items()}
        there = {name: array[-1:] for name, array in feed.items()}
        if "hints" in there:
            there["hints"] = np.ascontiguousarray(there["hints"][..., ::-1])
        answers = self._network.decode(here), self._network.decode(there)[..., ::-1]
        return np.asarray((answers[0] + answers[1]) / 2, np.float32)
