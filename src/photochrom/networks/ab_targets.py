"""Soft targets over the ab bins, and what is made of a distribution over them, on the training device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

GRID = 10.0
# The farthest grid point along a and b round which colours are looked for.
FARTHEST = 11
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


class AbTargets(nn.Module):
    """Bilinear encoding over the four grid points round an ab, whose mean is that ab exactly.

    centers: (K, 2), points of a 10-unit grid. A loss then needs four gathers a place and no
    distance matrix; see `photochrom.color.bins` for the numpy version.
    """

    centers: Tensor
    table: Tensor

    def __init__(self, centers: Tensor) -> None:
        super().__init__()
        self.register_buffer("centers", centers.float(), persistent=False)
        index = torch.round(centers / GRID).long()
        self.low = index.min(0).values.tolist()
        extent = (index.max(0).values - index.min(0).values + 2).tolist()
        # Corners outside the set get weight only from colours outside sRGB; they go to the nearest bin.
        grid = torch.cartesian_prod(*(torch.arange(n) for n in extent)) + torch.tensor(self.low)
        nearest = torch.cdist(grid.float(), index.float()).argmin(1).view(*extent)
        self.register_buffer("table", nearest, persistent=False)

    def forward(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """ab: (N, 2, H, W) → index (N, 4, H, W) into the bins, weight (N, 4, H, W) summing to 1."""
        place = ab / GRID
        floor = place.floor()
        part = place - floor
        cell = (floor.long() - torch.tensor(self.low, device=ab.device).view(1, 2, 1, 1)).clamp_min(0)
        rows, columns = self.table.shape
        i, j = cell[:, 0].clamp_max(rows - 2), cell[:, 1].clamp_max(columns - 2)
        index = torch.stack([self.table[i + di, j + dj] for di, dj in CORNERS], dim=1)
        pa, pb = part[:, 0], part[:, 1]
        weight = torch.stack([(pa if di else 1 - pa) * (pb if dj else 1 - pb) for di, dj in CORNERS], dim=1)
        return index, weight


class NearestTargets(nn.Module):
    """Encoding over the `count` bins nearest to each colour, with shares by a Gaussian of `sigma`.

    centers: (K, 2), points of a 10-unit grid. After Zhang et al. 2016, arXiv 1603.08511. Only bins that
    can be among the nearest are compared: of 313, that takes a quarter of the time.
    """

    centers: Tensor
    candidates: Tensor

    def __init__(self, centers: Tensor, *, count: int, sigma: float) -> None:
        super().__init__()
        self.count, self.sigma = count, sigma
        self.register_buffer("centers", centers.float(), persistent=False)
        points = torch.arange(-FARTHEST, FARTHEST + 1) * GRID
        distance = torch.cdist(torch.cartesian_prod(points, points).double(), centers.double())
        # A colour lies within half a cell's diagonal of its grid point, and its count-th bin is farther
        # than the point's by as much at most: whatever is a whole diagonal farther cannot be nearer.
        reach = distance.kthvalue(count, dim=1, keepdim=True).values + GRID * 2**0.5
        most = int((distance <= reach + 1e-3).sum(1).max())
        candidates = distance.topk(most, dim=1, largest=False).indices
        self.register_buffer("candidates", candidates, persistent=False)

    def forward(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """ab: (N, 2, H, W) → index (N, count, H, W), nearest first, and weight, the same shape, summing to 1.

        Colours are exact within ±115, which holds sRGB.
        """
        cell = (ab / GRID).round().long().clamp(-FARTHEST, FARTHEST) + FARTHEST
        candidates = self.candidates[cell[:, 0] * (2 * FARTHEST + 1) + cell[:, 1]]
        apart = ab.permute(0, 2, 3, 1).unsqueeze(3) - self.centers[candidates]
        squares, place = apart.square().sum(4).topk(self.count, dim=3, largest=False)
        index = candidates.gather(3, place)
        weight = torch.softmax(-squares / (2 * self.sigma**2), dim=3)
        return index.permute(0, 3, 1, 2), weight.permute(0, 3, 1, 2)


def annealed_mean(logits: Tensor, centers: Tensor, temperature: float = 1.0) -> Tensor:
    """The mean over the bins of softmax(logits / temperature), in float32: (N, 2, H, W), Lab units.

    logits: (N, K, H, W); centers: (K, 2); temperature above 0. After Zhang et al. 2016, arXiv 1603.08511.
    """
    with torch.autocast(logits.device.type, enabled=False):
        share = torch.softmax(_bins_last(logits) / temperature, dim=-1)
        return (share @ centers).permute(0, 3, 1, 2)


def soft_cross_entropy(logits: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """−Σ weight · log softmax(logits) at each place, in float32: (N, H, W).

    logits: (N, K, H, W); index, weight: (N, M, H, W), the M bins that share a place's colour and how.
    """
    logits = _bins_last(logits)
    picked = logits.gather(-1, index.permute(0, 2, 3, 1)) * weight.permute(0, 2, 3, 1)
    return torch.logsumexp(logits, dim=-1) - picked.sum(-1)


def _bins_last(logits: Tensor) -> Tensor:
    """(N, K, H, W) → (N, H, W, K) in float32, a view where it can be.

    In channels-last memory a place's bins lie side by side, and softmax over them reads them once; over
    dimension 1 it copies all of them, and its gradient again, which was a tenth of a step on a processor.
    """
    return logits.permute(0, 2, 3, 1).float()
