"""The two turns of a step: the critic's and the generator's. Both use one answer of the generator."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from photochrom.errors import Diverged
from photochrom.networks.adversarial import GAMES, PENALTIES, gradient_norm
from photochrom.networks.batch import Batch, Prediction
from photochrom.training.config import ADVERSARIAL
from photochrom.training.files import LAST
from photochrom.training.objectives import weighed
from photochrom.training.players import Player
from photochrom.training.run import Run


def critics_turn(run: Run, answer: Prediction, generator: torch.Generator) -> dict[str, Tensor]:
    """The critic learns to tell the answer from the truth; its losses by name, penalties weighed."""
    critic, game = run.critic, GAMES[run.recipe.adversarial]
    given, fake, real = answer.given, answer.value, answer.target
    assert critic is not None
    assert given is not None
    assert fake is not None
    assert real is not None
    fake = fake.detach()
    of_fake, of_real = critic.called(torch.cat([given, fake], dim=1), torch.cat([given, real], dim=1))
    terms = {"loss_D_fake": game.on_fake(of_fake), "loss_D_real": game.on_real(of_real)}
    loss = game.factor * (terms["loss_D_fake"] + terms["loss_D_real"])
    if run.recipe.penalties:
        norm = gradient_norm(critic.plain, given, fake, real, generator)
        for name, weight in run.recipe.penalties.items():
            terms[f"loss_D_{name}"] = weight * PENALTIES[name](norm)
            loss = loss + terms[f"loss_D_{name}"]
    _learn(run, critic, loss)
    return {**terms, "loss_D": loss}


def generators_turn(
    run: Run, answer: Prediction, batch: Batch, losses: Mapping[str, float]
) -> dict[str, Tensor]:
    """The generator learns by all its losses, which come back weighed, by name."""
    terms = weighed(answer, batch, run.aids, losses)
    if ADVERSARIAL not in losses:
        loss = torch.stack(list(terms.values())).sum()
        _learn(run, run.generator, loss)
        parts = {f"loss_{name}": term for name, term in terms.items()} if len(terms) > 1 else {}
        return {**parts, "loss": loss}
    named = {f"loss_G_{name.upper() if len(name) == 2 else name}": term for name, term in terms.items()}
    if losses[ADVERSARIAL]:
        named = {"loss_G_GAN": losses[ADVERSARIAL] * _verdict(run, answer), **named}
    loss = torch.stack(list(named.values())).sum()
    _learn(run, run.generator, loss)
    return {**named, "loss_G": loss}


def _verdict(run: Run, answer: Prediction) -> Tensor:
    """What the generator loses by the critic, whose own weights get no gradient.

    The critic is called without what wraps it: processes have nothing of it to share here.
    """
    assert run.critic is not None
    assert answer.given is not None
    assert answer.value is not None
    run.critic.plain.requires_grad_(False)
    with run.precision.autocast():
        logits = run.critic.plain(torch.cat([answer.given, answer.value], dim=1)).float()
    run.critic.plain.requires_grad_(True)
    return GAMES[run.recipe.adversarial].for_generator(logits)


def _learn(run: Run, player: Player, loss: Tensor) -> None:
    """One update of one network, which leaves the other as it is.

    A step whose gradient is no number is never taken: weights stay those of the last good one.
    """
    player.optimizer.zero_grad()
    run.fabric.backward(loss)
    norm = nn.utils.clip_grad_norm_(player.plain.parameters(), run.recipe.clip or math.inf)
    if not bool(torch.isfinite(norm)):
        last = run.out / LAST
        good = f"last good checkpoint: {last}" if last.exists() else "no checkpoint was written yet"
        raise Diverged(run.out, f"the loss is no number at step {run.step}; {good}")
    player.optimizer.step()
