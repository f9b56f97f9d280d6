"""GAMES: what generator and critic each lose by the critic's logits. Pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Game:
    """One way of playing; each function takes the critic's logits, of any shape."""

    name: str
    """What a recipe calls it."""
    on_fake: Callable[[Tensor], Tensor]
    """The critic's loss on what the generator coloured."""
    on_real: Callable[[Tensor], Tensor]
    """The critic's loss on the truth."""
    for_generator: Callable[[Tensor], Tensor]
    """The generator's loss on what it coloured."""
    factor: float
    """The critic's loss is the sum of its two times this."""
    summary: str
    """What it is, in one line."""


def _bce(logits: Tensor, truth: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


def _square(logits: Tensor, truth: float) -> Tensor:
    return F.mse_loss(logits, torch.full_like(logits, truth))


_ROWS = (
    Game(
        "vanilla",
        on_fake=lambda logits: _bce(logits, 0.0),
        on_real=lambda logits: _bce(logits, 1.0),
        for_generator=lambda logits: _bce(logits, 1.0),
        factor=0.5,
        summary="Goodfellow et al. 2014, the generator maximising log D, as in pix2pix (arXiv 1611.07004)",
    ),
    Game(
        "lsgan",
        on_fake=lambda logits: _square(logits, 0.0),
        on_real=lambda logits: _square(logits, 1.0),
        for_generator=lambda logits: _square(logits, 1.0),
        factor=0.5,
        summary="least squares: Mao et al. 2017, arXiv 1611.04076",
    ),
    Game(
        "wasserstein",
        on_fake=torch.mean,
        on_real=lambda logits: -logits.mean(),
        for_generator=lambda logits: -logits.mean(),
        factor=1.0,
        summary="Arjovsky et al. 2017, arXiv 1701.07875; wants penalties = {gradient = 10}",
    ),
    Game(
        "reversed",
        on_fake=lambda logits: -logits.mean(),
        on_real=torch.mean,
        for_generator=torch.mean,
        factor=1.0,
        summary="wasserstein with the critic's sign turned round, as a published notebook has it",
    ),
)

GAMES: dict[str, Game] = {row.name: row for row in _ROWS}

# Name → what the norm of the critic's gradient, (N,), costs the critic.
PENALTIES: dict[str, Callable[[Tensor], Tensor]] = {
    # Gulrajani et al. 2017, arXiv 1704.00028.
    "gradient": lambda norm: (norm - 1).square().mean(),
    # R1 after Mescheder et al. 2018, arXiv 1801.04406, but on the same mixed pictures as "gradient".
    "r1": lambda norm: norm.square().mean(),
}


def gradient_norm(
    critic: nn.Module, given: Tensor, fake: Tensor, real: Tensor, generator: torch.Generator
) -> Tensor:
    """(N,): the norm of the critic's gradient at a random mixture of fake and real, `given` held fixed.

    given: (N, G, h, w), fake, real: (N, C, h, w). Can be learnt from (create_graph). The shares of the
    mixtures come from `generator`, on its own device.
    """
    share = torch.rand((len(real), 1, 1, 1), generator=generator, device=generator.device).to(real.device)
    mixed = (share * real + (1 - share) * fake).detach().requires_grad_()
    answer = critic(torch.cat([given, mixed], dim=1)).sum()
    gradient: Tensor = torch.autograd.grad(answer, mixed, create_graph=True)[0]
    norm: Tensor = gradient.flatten(1).norm(dim=1)
    return norm
