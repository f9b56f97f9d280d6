"""Two networks in one loop: whose turn it is, what each learns by, and that a resumed game is the same."""

import copy
import dataclasses
import json

import pytest
import torch
from lightning_fabric import Fabric

from photochrom.errors import BadConfig
from photochrom.networks.adversarial import GAMES
from photochrom.networks.features import Lite2Features
from photochrom.training import checkpoint, loop, run, turns
from photochrom.training.config import Recipe, Sampling, Stage
from photochrom.training.files import LAST, LOG
from photochrom.training.loop import Budget, Machine, _batches, _step, train
from photochrom.training.run import begin

MACHINE = Machine(device="cpu", precision="32-true")
GAN_COLUMNS = ["loss_D_fake", "loss_D_real", "loss_D", "loss_G_GAN", "loss_G_L1", "loss_G"]


@pytest.fixture
def game():
    """pix2pix at its smallest, dropout and batch norms included."""
    return Recipe(
        network="pix2pix", losses={"l1": 100.0, "adversarial": 1.0}, options={"filters": 4, "levels": 6},
        critic_options={"filters": 4}, init="normal", betas=(0.5, 0.999),
        stages=(Stage(sizes=((64, 64),), batch=2),),
    )  # fmt: skip


@pytest.fixture
def play(pictures, tmp_path):
    def go(recipe, *, out="run", steps=4, **options):
        budget = Budget(steps=steps, log_every=1)
        return train(recipe, pictures, tmp_path / out, budget=budget, machine=MACHINE, **options)

    return go


def lines(folder):
    return [json.loads(line) for line in (folder / LOG).read_text("utf8").splitlines()]


def losses(folder):
    return {line["step"]: {k: v for k, v in line.items() if k.startswith("loss")} for line in lines(folder)}


@pytest.fixture
def started(pictures, tmp_path):
    """A run that has begun, its first batch, and a way to take one step of it."""

    def go(recipe):
        run = begin(recipe, pictures, tmp_path / "begun", fabric=Fabric(accelerator="cpu"), mixed=False)
        shown = _batches(run, pictures, recipe.stages[0])(0)
        return run, lambda: _step(run, shown, recipe.stages[0])

    return go


def state_of(player):
    return copy.deepcopy(player.plain.state_dict())


def learnt(before, after):
    """Parameters that changed; running statistics of batch norms do not count."""
    return {
        name for name, value in before.items()
        if "running" not in name and "tracked" not in name and not torch.equal(value, after[name])
    }  # fmt: skip


def test_a_game_names_its_losses(play, game, tmp_path):
    play(game)
    for terms in losses(tmp_path / "run").values():
        assert list(terms) == GAN_COLUMNS
        assert terms["loss_D"] == pytest.approx((terms["loss_D_fake"] + terms["loss_D_real"]) / 2, abs=1e-4)
        assert terms["loss_G"] == pytest.approx(terms["loss_G_GAN"] + terms["loss_G_L1"], abs=2e-4)
    # log 2 for a critic that knows nothing yet
    assert losses(tmp_path / "run")[1]["loss_D"] == pytest.approx(0.693, abs=0.15)


def test_each_turn_changes_its_own_network_alone(started, game, monkeypatch):
    run, step = started(game)
    seen = {}
    for name in ("critics_turn", "generators_turn"):
        honest = getattr(turns, name)

        def watched(run, *arguments, honest=honest, name=name):
            before = state_of(run.generator), state_of(run.critic)
            terms = honest(run, *arguments)
            after = state_of(run.generator), state_of(run.critic)
            seen[name] = [len(learnt(*pair)) for pair in zip(before, after, strict=True)]
            return terms

        monkeypatch.setattr(loop, name, watched)
    step()
    ours, theirs = (len(list(player.plain.parameters())) for player in (run.generator, run.critic))
    assert seen == {"critics_turn": [0, theirs], "generators_turn": [ours, 0]}
    assert list(seen) == ["critics_turn", "generators_turn"]


def test_a_step_is_the_step_by_hand(started, game):
    """One answer for both turns; the generator's gradient holds nothing of the critic's turn."""
    run, step = started(dataclasses.replace(game, stages=(Stage(sizes=((64, 64),), batch=2),)))
    generator, critic = copy.deepcopy(run.system), copy.deepcopy(run.critic.plain)
    shown = {}
    honest = turns.critics_turn

    def kept(run, answer, draws):
        shown.update(answer=answer)
        return honest(run, answer, draws)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "critics_turn", kept)
        terms = step()
    given, fake, real = (getattr(shown["answer"], part) for part in ("given", "value", "target"))

    bce = torch.nn.functional.binary_cross_entropy_with_logits
    adam = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))
    judged = [critic(torch.cat([given, part.detach()], 1)) for part in (fake, real)]
    of_critic = (bce(judged[0], torch.zeros_like(judged[0])) + bce(judged[1], torch.ones_like(judged[1]))) / 2
    of_critic.backward()
    adam.step()
    torch.testing.assert_close(of_critic, terms["loss_D"])
    for mine, its in zip(critic.parameters(), run.critic.plain.parameters(), strict=True):
        torch.testing.assert_close(mine, its, atol=1e-6, rtol=1e-5)

    # The generator anew, with the same dropout, before the critic that has learnt.
    torch.manual_seed(run.recipe.seed * 1_000_003)
    value = torch.tanh(generator.unet(given))
    verdict = critic(torch.cat([given, value], 1))
    of_generator = bce(verdict, torch.ones_like(verdict)) + 100 * (value - real).abs().mean()
    of_generator.backward()
    torch.testing.assert_close(of_generator, terms["loss_G"], atol=1e-4, rtol=1e-4)
    adam = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adam.step()
    for mine, its in zip(generator.parameters(), run.system.parameters(), strict=True):
        torch.testing.assert_close(mine, its, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("change", [{}, {"critic_turns": 2}, {"ema": 0.5}])
def test_a_resumed_game_is_bit_for_bit_the_game_that_was_not_stopped(play, game, tmp_path, change):
    recipe = dataclasses.replace(game, **change)
    play(recipe, out="whole", steps=6)
    play(recipe, steps=3)
    play(recipe, steps=6, resume=True)
    assert losses(tmp_path / "run") == losses(tmp_path / "whole")
    here, there = (checkpoint.load(tmp_path / out / LAST) for out in ("run", "whole"))
    for part in ("network", "average", "critic"):
        assert here[part].keys() == there[part].keys()
        for name, value in there[part].items():
            assert torch.equal(here[part][name], value), name
    for part in ("optimizer", "critic_optimizer"):
        for key, values in there[part]["state"].items():
            assert all(torch.equal(values[name], here[part]["state"][key][name]) for name in values)


def test_the_critic_may_have_several_turns(play, game, tmp_path):
    play(dataclasses.replace(game, critic_turns=3), steps=6)
    columns = [list(terms) for terms in losses(tmp_path / "run").values()]
    assert columns == [*[GAN_COLUMNS[:3]] * 2, GAN_COLUMNS] * 2


def test_a_weight_of_nothing_leaves_the_critic_without_a_say(play, game, tmp_path):
    """As a published notebook trains: the critic learns, and the generator never hears of it."""
    silent = dataclasses.replace(game, losses={"l1": 100.0, "adversarial": 0.0})
    play(silent)
    play(dataclasses.replace(game, losses={"l1": 100.0}), out="alone")
    found = losses(tmp_path / "run")
    assert all(list(terms) == [*GAN_COLUMNS[:3], "loss_G_L1", "loss_G"] for terms in found.values())
    alone = losses(tmp_path / "alone")
    assert [terms["loss_G"] for terms in found.values()] == [terms["loss"] for terms in alone.values()]


def test_a_stage_may_leave_the_critic_out(play, game, tmp_path):
    first = Stage(share=0.5, sizes=((64, 64),), batch=2, losses={"l1": 1.0}, rate=1e-4)
    recipe = dataclasses.replace(game, stages=(first, dataclasses.replace(first, losses={}, rate=None)))
    play(recipe)
    columns = [list(terms) for terms in losses(tmp_path / "run").values()]
    assert columns == [["loss"]] * 2 + [GAN_COLUMNS] * 2


@pytest.mark.parametrize("name", GAMES)
def test_every_game_with_penalties(play, game, tmp_path, name):
    recipe = dataclasses.replace(
        game, adversarial=name, critic="wasserstein-critic", penalties={"gradient": 10.0, "r1": 1.0}
    )
    play(recipe, steps=2)
    for terms in losses(tmp_path / "run").values():
        assert list(terms) == [*GAN_COLUMNS[:2], "loss_D_gradient", "loss_D_r1", *GAN_COLUMNS[2:]]
        weighed = GAMES[name].factor * (terms["loss_D_fake"] + terms["loss_D_real"])
        penalties = terms["loss_D_gradient"] + terms["loss_D_r1"]
        assert terms["loss_D"] == pytest.approx(weighed + penalties, abs=1e-3)
        assert terms["loss_D_gradient"] > 0


def test_several_losses_are_named_beside_their_sum(play, game, tmp_path):
    play(dataclasses.replace(game, losses={"l1": 2.0, "l2": 3.0, "colorfulness": 0.1}))
    for terms in losses(tmp_path / "run").values():
        assert list(terms) == ["loss_l1", "loss_l2", "loss_colorfulness", "loss"]
        assert terms["loss"] == pytest.approx(sum(list(terms.values())[:3]), abs=2e-4)


def test_the_flagship_is_finished_by_features_and_a_smaller_look(
    play, recipe, shallow, monkeypatch, tmp_path
):
    monkeypatch.setattr(run, "features_from", lambda _file: Lite2Features())
    losses_ = {"cross_entropy": 1.0, "perceptual_cosine": 1.0, "scales": 1.0}
    stages = (Stage(sizes=((64, 96),), batch=2),)
    finish = dataclasses.replace(
        recipe, losses=losses_, features="lite2.pth", stages=stages, sampling=Sampling(), rate=5e-2
    )
    play(finish, steps=6)
    for terms in losses(tmp_path / "run").values():
        assert list(terms) == ["loss_cross_entropy", "loss_perceptual_cosine", "loss_scales", "loss"]
        assert min(terms.values()) >= 0
        assert terms["loss"] == pytest.approx(sum(list(terms.values())[:3]), abs=1e-3)
    assert max(terms["loss_scales"] for terms in losses(tmp_path / "run").values()) > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": {"l1": 1.0, "scales": 1.0}}, "losses: one needs 'logits'"),
        (
            {"losses": {"cross_entropy": 1.0}},
            "losses: one needs 'logits', which this network does not answer",
        ),
        ({"losses": {"scene": 1.0}}, "losses: one needs 'scene'"),
        ({"losses": {"perceptual": 1.0}}, "features: the loss wants VGG16's weights"),
        (
            {"stages": (Stage(sizes=((96, 64),)),)},
            "sizes: 96×64: sides must be multiples of 64 for this pix2pix",
        ),
    ],
)
def test_parts_that_do_not_go_together(play, game, change, message):
    with pytest.raises(BadConfig, match=message):
        play(dataclasses.replace(game, **change))


def test_another_critic_cannot_take_over(play, game, tmp_path):
    play(game, steps=1)
    for change, message in (
        ({"critic": "wasserstein-critic"}, "critic: wasserstein-critic now"),
        ({"critic_options": {}}, r"critic_options\.filters: left out now, but .* begun with 4"),
        ({"losses": {"l1": 1.0}}, "plays: False now"),
        ({"optimizer": "rmsprop"}, "optimizer: rmsprop now"),
    ):
        with pytest.raises(BadConfig, match=message):
            play(dataclasses.replace(game, **change), resume=True)


@pytest.mark.parametrize("name", ["adam", "adamw", "adadelta", "rmsprop"])
def test_every_optimizer_can_be_taken_up_again(play, game, tmp_path, name):
    recipe = dataclasses.replace(game, optimizer=name, losses={"l1": 1.0}, weight_decay=1e-3)
    play(recipe, out="whole", steps=4)
    play(recipe, steps=2)
    play(recipe, steps=4, resume=True)
    assert losses(tmp_path / "run") == losses(tmp_path / "whole")


def test_the_critic_may_begin_otherwise_than_the_generator(started, game):
    run, _ = started(dataclasses.replace(game, init="default", critic_init="normal"))
    first, second = (player.plain.state_dict() for player in (run.generator, run.critic))
    assert float(second["layers.2.weight"].std()) == pytest.approx(0.02, rel=0.2)
    assert not second["layers.0.bias"].any()
    # Torch's own start: uniform within 1 / √(16 · channels).
    assert float(first["unet.layers.0.weight"].abs().max()) == pytest.approx(1 / 4, rel=0.1)


def test_a_critic_can_come_in_later(play, tmp_path):
    """As resnet18-unet's does: L1 alone, then the game; the other's weights and memory go on."""
    stage = Stage(share=0.5, sizes=((32, 32),), batch=2)
    recipe = Recipe(
        network="resnet18-unet", losses={"l1": 100.0, "adversarial": 1.0}, options={"filters": 4},
        critic_options={"filters": 4}, critic_init="normal",
        stages=(dataclasses.replace(stage, losses={"l1": 100.0}, rate=1e-4), stage),
    )  # fmt: skip
    play(recipe, steps=4)
    found = losses(tmp_path / "run")
    assert [list(found[step]) for step in (1, 2)] == [["loss"]] * 2
    assert [list(found[step]) for step in (3, 4)] == [GAN_COLUMNS] * 2


def test_a_frozen_part_is_not_left_to_chance(play):
    recipe = Recipe(network="vgg16-residual", losses={"squares": 1.0}, options={"filters": 2})
    with pytest.raises(BadConfig, match=r"backbone: vgg16-residual colours by VGG16's weights, frozen"):
        play(recipe)
