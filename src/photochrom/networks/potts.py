"""A Potts model over the grid of a picture, settled by mean field.

Source: Melas-Kyriazi and Han, "Combining Deep Convolutional Neural Networks with Markov Random Fields for
Image Colorization" (CS281, Harvard), whose four weights these are. It does not say which neighbours a place
has: here the four beside it. Weights are set by hand, none is learned, and nothing else is filtered.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Of the source: what a place gains by the network's word and by a neighbour of the same or a near bin.
UNARY, SAME, NEAR = 10.0, 10.0, 3.0
NEAR_REACH = 2
# Squared difference of lightness, 0…1, at which a neighbour counts 1/e: one step of L in 0…100.
SIGMA = 1e-4
SWEEPS = 8


class Potts(nn.Module):
    """Beliefs q that maximise Σ q θ + Σ w q s q + entropy, place by place.

    θ of a bin is 10 times its probability. s is 10 for the same bin and 3 for one at most two away. w
    between neighbours is exp(−ΔL²/σ), so that colours spread within a surface and stop at its edge.

    A sweep is one of coordinate ascent over a checkerboard: first every even place, then every odd one.
    No two of one colour are neighbours, so to update them together is to update them in turn, and no
    half of a sweep can make the sum above smaller. It begins from a uniform q. Where two colours rival
    over an even surface it takes one side, by as little as the rounding of its numbers.
    """

    affinity: Tensor

    def __init__(self, bins: int, *, sweeps: int = SWEEPS, sigma: float = SIGMA) -> None:
        super().__init__()
        self.sweeps, self.sigma = sweeps, sigma
        place = torch.arange(bins)
        apart = (place[:, None] - place).abs()
        affinity = SAME * (apart == 0) + NEAR * ((apart > 0) & (apart <= NEAR_REACH))
        self.register_buffer("affinity", affinity, persistent=False)

    def forward(self, probability: Tensor, lightness: Tensor) -> Tensor:
        """probability: (N, C, K, h, w), each of C a field by itself, lightness: (N, 1, h, w), 0…1 → q."""
        theta = UNARY * probability
        # Of each place and the one to its right, and of each and the one below.
        across = self._bond(lightness[:, :, :, 1:] - lightness[:, :, :, :-1])
        down = self._bond(lightness[:, :, 1:] - lightness[:, :, :-1])
        ones = torch.ones_like(lightness[:, :, None])
        even = (ones.cumsum(3) + ones.cumsum(4)) % 2 < 0.5
        q = torch.full_like(probability, 1 / len(self.affinity))
        for half in range(2 * self.sweeps):
            heard = torch.einsum("kl,nclhw->nckhw", self.affinity, q)
            new = torch.softmax(theta + _neighbors(heard, across, down), dim=2)
            q = torch.where(even, q, new) if half % 2 else torch.where(even, new, q)
        return q

    def _bond(self, difference: Tensor) -> Tensor:
        """(N, 1, h, w) → w, (N, 1, 1, h, w)."""
        return torch.exp(-(difference**2) / self.sigma)[:, :, None]


def _neighbors(heard: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """What each place is told by the four beside it, weighed. heard: (N, C, K, h, w)."""
    left, right = across * heard[..., :-1], across * heard[..., 1:]
    above, below = down * heard[..., :-1, :], down * heard[..., 1:, :]
    from_sides = F.pad(left, (1, 0)) + F.pad(right, (0, 1))
    return from_sides + F.pad(above, (0, 0, 1, 0)) + F.pad(below, (0, 0, 0, 1))
