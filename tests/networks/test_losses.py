"""Losses and games by hand: figures that a few lines of arithmetic give too."""

import math

import pytest
import torch

from photochrom.networks.adversarial import GAMES, PENALTIES, gradient_norm
from photochrom.networks.batch import Batch, Prediction
from photochrom.networks.losses import LOSSES, SHOWN, Aids
from photochrom.networks.torch_color import lab_to_srgb
from photochrom.networks.vgg16 import Vgg16


def batch(ab=None, *, label=(0, 0)):
    """Two pictures of 8×8 of mid-grey lightness with these colours: (2, 2) or None for grey ones."""
    lab = torch.zeros(2, 3, 8, 8)
    lab[:, 0] = 60.0
    if ab is not None:
        lab[:, 1:] = torch.tensor(ab, dtype=torch.float32)[:, :, None, None]
    rgb = lab_to_srgb(lab)
    return Batch(lightness=lab[:, :1], lab=lab, rgb=rgb, label=torch.tensor(label))


def value(name, prediction, shown=None, aids=None):
    return float(LOSSES[name].function(prediction, shown or batch(), aids or Aids()).detach())


def regressed(difference):
    difference = torch.tensor(difference, dtype=torch.float32)
    return Prediction(value=difference + 7, target=torch.full_like(difference, 7.0))


def classified():
    """Two places of four bins; the true colours are shared out to bins 0 and 1, and to 3 alone."""
    logits = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [-1.0, 3.0]]).view(1, 4, 1, 2)
    bins = torch.tensor([[0, 3], [1, 2]]).view(1, 2, 1, 2)
    shares = torch.tensor([[0.75, 1.0], [0.25, 0.0]]).view(1, 2, 1, 2)
    return Prediction(logits=logits, bins=bins, shares=shares, centers=torch.eye(4)[:, :2] * 20)


def entropies():
    first = [math.exp(2), 1, 1, math.exp(-1)]
    second = [1, 1, 1, math.exp(3)]
    return (
        -0.75 * math.log(first[0] / sum(first)) - 0.25 * math.log(1 / sum(first)),
        -math.log(second[3] / sum(second)),
    )


def test_every_row_reads_what_it_says():
    for name, row in LOSSES.items():
        assert row.name == name
        assert set(row.needs) <= set(Prediction._fields)
        assert row.aid in ("", *Aids.__dataclass_fields__)
        assert row.function.__doc__
        assert row.summary


@pytest.mark.parametrize(
    ("name", "expected"),
    [("l1", 4 / 4), ("l2", 5.5 / 4), ("huber", (0.125 + 1.5 + 0.5 + 0.125) / 4), ("squares", 5.5)],
)
def test_differences(name, expected):
    assert value(name, regressed([[[[0.5, -2.0], [1.0, 0.5]]]])) == pytest.approx(expected)


def test_blurred_chroma():
    lone = torch.zeros(1, 2, 9, 9)
    lone[0, 0, 4, 4] = 1.0
    kernel3 = sum(k**2 for k in (1, 2, 1, 2, 4, 2, 1, 2, 1)) / 16**2
    row = ((1, 4, 7, 4, 1), (4, 16, 26, 16, 4), (7, 26, 41, 26, 7), (4, 16, 26, 16, 4), (1, 4, 7, 4, 1))
    kernel5 = sum(k**2 for line in row for k in line) / 273**2
    expected = (1 + kernel3 + kernel5) / 3
    assert value("blurred_squares", regressed(lone.tolist())) == pytest.approx(expected)
    # The published form compares the blurred sum of the channels, twice.
    assert value("mixed_squares", regressed(lone.tolist())) == pytest.approx(
        (1 + 2 * (kernel3 + kernel5)) / 3
    )
    opposite = lone.clone()
    opposite[0, 1] = -lone[0, 0]
    assert value("mixed_squares", regressed(opposite.tolist())) == pytest.approx(2 / 3)


def sure_of(*colors):
    """Logits all but certain of these colours, one a picture, on a 2×2 grid."""
    centers = torch.tensor(colors, dtype=torch.float32)
    logits = torch.full((2, len(colors), 2, 2), -40.0)
    for picture in range(2):
        logits[picture, picture] = 40.0
    return Prediction(logits=logits, centers=centers)


def test_infidelity_is_psnr_by_another_name():
    truth = batch(ab=((20, 10), (-15, 5)))
    close, far = sure_of((21, 10), (-15, 7)), sure_of((40, 10), (-15, 35))
    found = [value("infidelity", answer, truth) for answer in (close, far)]
    for loss, answer in zip(found, (((21, 10), (-15, 7)), ((40, 10), (-15, 35))), strict=True):
        error = (batch(ab=answer).rgb - truth.rgb).square().mean((1, 2, 3))
        assert loss == pytest.approx(float((error + 1e-4).log().mean()), abs=1e-3)
    assert found[0] < found[1] - 1


def test_infidelity_counts_a_hard_picture_no_more_than_another():
    """Ten times less error is worth the same in both."""
    truth = batch(ab=((20, 10), (-15, 5)))
    pairs = (((30, 10), (-15, 35)), ((30, 10), (-15, 8)), ((23.2, 10), (-15, 35)))
    before, second, first = (value("infidelity", sure_of(*pair), truth) for pair in pairs)
    assert before - second == pytest.approx(4.5 / 2, abs=0.5)
    assert before - first == pytest.approx(2.2 / 2, abs=0.3)


def test_cross_entropy():
    assert value("cross_entropy", classified()) == pytest.approx(sum(entropies()) / 2)


def test_rare_bins_count_more():
    prior = torch.tensor([0.7, 0.1, 0.1, 0.1], dtype=torch.float64)
    weights = [1 / (0.5 * p + 0.125) for p in prior.tolist()]
    scale = sum(p * w for p, w in zip(prior.tolist(), weights, strict=True))
    expected = (entropies()[0] * weights[0] + entropies()[1] * weights[3]) / scale / 2
    assert value("rebalanced", classified(), aids=Aids(prior=prior)) == pytest.approx(expected)


def test_scenes_that_are_not_known_count_for_nothing():
    scene = Prediction(scene=torch.tensor([[1.0, 0.0, 0.0], [0.0, 5.0, 0.0]]))
    known = -math.log(math.e / (math.e + 2))
    assert value("scene", scene, batch(label=(0, -1))) == pytest.approx(known)
    assert value("scene", scene, batch(label=(-1, -1))) == 0


def test_the_mean_over_the_bins_is_the_colour():
    answer = classified()
    share = torch.softmax(answer.logits[0, :, 0], dim=0)
    torch.testing.assert_close(answer.colors()[0, :, 0], (share.T @ answer.centers).T)
    assert float(answer.colors(1e-3)[0, 0, 0, 0]) == pytest.approx(20)
    kept = answer.kept(("ab",))
    assert [name for name, part in kept._asdict().items() if part is not None] == ["ab"]


def test_colourfulness_is_matched():
    vivid = [[40.0, -20.0], [-30.0, 50.0]]
    truth = batch(vivid)
    assert value("colorfulness", Prediction(ab=truth.ab), truth) == pytest.approx(0, abs=1e-6)
    grey = torch.zeros_like(truth.ab, requires_grad=True)
    loss = LOSSES["colorfulness"].function(Prediction(ab=grey), truth, Aids())
    assert float(loss.detach()) > 0.3
    loss.backward()
    assert torch.isfinite(grey.grad).all()
    assert grey.grad.abs().max() > 0


@pytest.fixture(scope="module")
def features():
    torch.manual_seed(0)
    return Vgg16()


def test_the_perceptual_loss_sees_colours_and_teaches_outside_the_gamut(features):
    truth = batch([[40.0, -20.0], [-30.0, 50.0]])
    aids = Aids(features=features)
    assert value("perceptual", Prediction(ab=truth.ab), truth, aids) == pytest.approx(0, abs=1e-4)
    small = torch.zeros(2, 2, 4, 4)
    wild = (small + 140).requires_grad_()
    near, far = (LOSSES["perceptual"].function(Prediction(ab=ab), truth, aids) for ab in (small, wild))
    assert 0 < float(near.detach()) < float(far.detach())
    far.backward()
    assert torch.isfinite(wild.grad).all()
    assert wild.grad.abs().min() > 0
    assert all(p.grad is None for p in features.parameters())


def test_directions_of_features_are_nearer_for_nearer_colours(features):
    """Bins of the truth's colours and of others; whatever the features' length."""
    truth = batch([[40.0, -20.0], [40.0, -20.0]])
    temperature, chroma = SHOWN
    centers = torch.tensor([[40.0, -20.0], [-30.0, 50.0]]) / chroma
    aids = Aids(features=features)
    longer = Aids(features=lambda rgb: tuple(3 * one for one in features(rgb)))

    def answer(sure):
        logits = torch.tensor([sure, 0.0]).view(1, 2, 1, 1).repeat(2, 1, 2, 2) * temperature
        return Prediction(logits=logits.requires_grad_(), centers=centers)

    right, torn, wrong = (value("perceptual_cosine", answer(s), truth, aids) for s in (30.0, 0.0, -30.0))
    assert right == pytest.approx(0, abs=1e-4) and right < torn < wrong
    assert value("perceptual_cosine", answer(0.0), truth, longer) == pytest.approx(torn, rel=1e-4)
    given = answer(0.0)
    LOSSES["perceptual_cosine"].function(given, truth, aids).backward()
    assert given.logits.grad[:, 0].max() < 0, "more of the right bin is better"


def test_a_smaller_look_learns_from_the_larger_and_not_the_other_way_round():
    logits = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).repeat(2, 1, 2, 2).requires_grad_()
    smaller = torch.zeros(2, 2, 2, 2, requires_grad=True)
    answer = Prediction(logits=logits, smaller=smaller)
    shares = [math.e / (1 + math.e), 1 / (1 + math.e)]
    loss = LOSSES["scales"].function(answer, batch(), Aids())
    assert float(loss.detach()) == pytest.approx(sum(p * math.log(2 * p) for p in shares), rel=1e-5)
    loss.backward()
    assert logits.grad is None and smaller.grad[:, 0].max() < 0
    assert value("scales", Prediction(logits=logits, smaller=logits)) == pytest.approx(0, abs=1e-6)
    assert value("scales", Prediction(logits=logits)) == 0, "nobody looked twice"


def test_pictures_that_were_told_something_do_not_count_in_it():
    logits = torch.tensor([[1.0, 0.0], [9.0, 0.0]]).view(2, 2, 1, 1)
    answer = Prediction(logits=logits, smaller=torch.zeros(2, 2, 1, 1))
    hints, wishes = torch.zeros(2, 3, 1, 1), torch.zeros(2, 5)
    hints[1, 2] = 1.0
    first = Prediction(logits=logits[:1], smaller=torch.zeros(1, 2, 1, 1))
    told = batch()._replace(hints=hints, wishes=wishes)
    alone = Batch(*(None if part is None else part[:1] for part in batch()))
    assert value("scales", answer, told) == pytest.approx(value("scales", first, alone))
    wishes[0, 0] = 1.0
    assert value("scales", answer, told) == 0


def test_what_clicks_leave_counts_by_its_logarithm_where_there_are_clicks():
    ab = torch.zeros(2, 2, 8, 8)
    ab[0], ab[1] = 10.0, 50.0
    clicks = torch.zeros(2, 3, 2, 2)
    clicks[0, 2, 0, 0] = 0.5
    told = batch()._replace(lab=torch.cat([torch.full((2, 1, 8, 8), 50.0), ab], dim=1), clicks=clicks)
    answer = Prediction(clicked=torch.full((2, 2, 2, 2), 7.0))
    assert value("clicked", answer, told) == pytest.approx(math.log(1 + 9))
    assert value("clicked", answer, told._replace(clicks=torch.zeros_like(clicks))) == 0
    assert value("spilt", Prediction(spilt=torch.tensor([0.1, 0.3]))) == pytest.approx(0.2)


def test_games():
    logits = torch.tensor([0.0, 2.0])
    plus, minus = (sum(math.log(1 + math.exp(sign * x)) for x in (0, 2)) / 2 for sign in (1, -1))
    expected = {
        "vanilla": (plus, minus, minus),
        "lsgan": (2.0, 1.0, 1.0),
        "wasserstein": (1.0, -1.0, -1.0),
        "reversed": (-1.0, 1.0, 1.0),
    }
    assert set(expected) == set(GAMES)
    for name, figures in expected.items():
        game = GAMES[name]
        found = [float(part(logits)) for part in (game.on_fake, game.on_real, game.for_generator)]
        assert found == pytest.approx(figures)


def test_the_gradient_of_a_known_critic():
    class Slope(torch.nn.Module):
        def forward(self, x):
            return (x[:, 1:] * 3).sum((1, 2, 3)) + 100 * x[:, 0].sum((1, 2))

    given, fake, real = torch.ones(4, 1, 2, 2), torch.zeros(4, 2, 2, 2), torch.rand(4, 2, 2, 2)
    norm = gradient_norm(Slope(), given, fake, real, torch.Generator().manual_seed(0))
    # Eight values of slope 3; what is given has none.
    torch.testing.assert_close(norm, torch.full((4,), 3 * math.sqrt(8)))
    assert float(PENALTIES["gradient"](norm)) == pytest.approx((3 * math.sqrt(8) - 1) ** 2)
    assert float(PENALTIES["r1"](norm)) == pytest.approx(72)


def test_a_penalty_can_be_learnt_from():
    critic = torch.nn.Conv2d(3, 1, 3)
    parts = torch.rand(2, 1, 8, 8), torch.rand(2, 2, 8, 8), torch.rand(2, 2, 8, 8)
    PENALTIES["gradient"](gradient_norm(critic, *parts, torch.Generator().manual_seed(0))).backward()
    assert critic.weight.grad[:, 1:].abs().min() > 0
    assert not critic.weight.grad[:, 0].any()
