"""How a distribution over colours becomes one colour, and one slider for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from photochrom.errors import BadOption

MOST_VIVID = 2.0


@dataclass(frozen=True)
class ColorRule:
    """Logits z become z − tau · log prior, are divided by `temperature`, and the mean colour times `chroma`.

    Where the network is sure of the hue the factor is larger by up to about twice `boost`, where it is not
    by nothing: more of all colours makes patches of what was a doubt. `balance`, 0…1, brings pictures of
    which it thinks dull and those of which it thinks vivid nearer to each other. `inference.choose` has both.

    tau above 0 favours rare, that is vivid, colours (logit adjustment, Menon et al. 2020, arXiv
    2007.07314); a low temperature takes the likeliest colour rather than the mean of all (annealed
    mean, Zhang et al. 2016, arXiv 1603.08511).
    """

    tau: float = 0.0
    temperature: float = 1.0
    chroma: float = 1.0
    boost: float = 0.0
    balance: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.temperature <= 10:
            raise BadOption("temperature", f"must lie in 0…10, not {self.temperature:g}")
        if not 0 <= self.tau <= 1:
            raise BadOption("tau", f"must lie in 0…1, not {self.tau:g}")
        if not 0 <= self.chroma <= 2:
            raise BadOption("chroma", f"must lie in 0…2, not {self.chroma:g}")
        if not 0 <= self.boost <= 2:
            raise BadOption("boost", f"must lie in 0…2, not {self.boost:g}")
        if not 0 <= self.balance <= 1:
            raise BadOption("balance", f"must lie in 0…1, not {self.balance:g}")

    @property
    def strength(self) -> float:
        """The factor on the chroma of what is told or lent, of which nobody doubts the hue."""
        return self.chroma + self.boost


def rule_at(vividness: float, anchors: Sequence[tuple[float, ColorRule]]) -> ColorRule:
    """The rule at `vividness` 0…2, linear between a card's anchors (rising, first at 0, last at 2)."""
    if not 0 <= vividness <= MOST_VIVID:
        raise BadOption("vividness", f"must lie in 0…{MOST_VIVID:g}, not {vividness:g}")
    places = [place for place, _ in anchors]
    i = min(max(bisect_right(places, vividness), 1), len(anchors) - 1)
    (low, before), (high, after) = anchors[i - 1], anchors[i]
    t = (vividness - low) / (high - low)
    return ColorRule(
        tau=_between(before.tau, after.tau, t),
        temperature=_between(before.temperature, after.temperature, t),
        chroma=_between(before.chroma, after.chroma, t),
        boost=_between(before.boost, after.boost, t),
        balance=_between(before.balance, after.balance, t),
    )


def _between(before: float, after: float, t: float) -> float:
    # Rounding must not lead out of the range of both, or a temperature close to 0 becomes 0.
    return min(max(before + t * (after - before), min(before, after)), max(before, after))
