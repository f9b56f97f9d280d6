"""The field: against loops, against every state of a small grid, and within the network."""

import itertools
import math

import numpy as np
import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.fusion_mrf import FusionMrf
from photochrom.networks.losses import LOSSES, Aids
from photochrom.networks.potts import Potts


def gain(k, other):
    """What two neighbours gain by their bins, as the source has it."""
    return 10.0 if k == other else 3.0 if abs(k - other) <= 2 else 0.0


def beside(i, j, height, width):
    for row, column in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
        if 0 <= row < height and 0 <= column < width:
            yield row, column


def bond(lightness, here, there, sigma):
    return math.exp(-((lightness[here] - lightness[there]) ** 2) / sigma)


def settled_by_loops(probability, lightness, *, sweeps, sigma):
    """Coordinate ascent one place after the other, in the order of a checkerboard. probability: (K, h, w)."""
    bins, height, width = probability.shape
    q = np.full(probability.shape, 1 / bins)
    places = [(i, j) for i in range(height) for j in range(width)]
    for _ in range(sweeps):
        for i, j in sorted(places, key=lambda place: sum(place) % 2):
            score = 10 * probability[:, i, j]
            for row, column in beside(i, j, height, width):
                w = bond(lightness, (i, j), (row, column), sigma)
                for k in range(bins):
                    score[k] += w * sum(gain(k, other) * q[other, row, column] for other in range(bins))
            q[:, i, j] = np.exp(score - score.max())
            q[:, i, j] /= q[:, i, j].sum()
    return q


def scene(bins, height, width, *, seed=0, contrast=0.02):
    """Probabilities (K, h, w), and lightness (h, w) with an edge in the middle."""
    generator = np.random.default_rng(seed)
    probability = generator.dirichlet(np.full(bins, 0.5), (height, width)).transpose(2, 0, 1)
    lightness = 0.5 + contrast * generator.random((height, width))
    lightness[:, width // 2 :] += 0.3
    return probability, lightness


def settle(probability, lightness, **settings):
    field = Potts(len(probability), **settings).double()
    q = field(torch.tensor(probability)[None, None], torch.tensor(lightness)[None, None])
    return q[0, 0].numpy()


@pytest.mark.parametrize(("bins", "height", "width"), [(25, 4, 5), (6, 1, 7), (6, 5, 1), (4, 1, 1)])
@pytest.mark.parametrize("sweeps", [1, 8])
def test_it_settles_as_loops_do(bins, height, width, sweeps):
    probability, lightness = scene(bins, height, width)
    expected = settled_by_loops(probability, lightness, sweeps=sweeps, sigma=1e-4)
    np.testing.assert_allclose(settle(probability, lightness, sweeps=sweeps), expected, atol=1e-9)


def every_state(probability, lightness, sigma):
    """log Z and exact marginals (K, h, w), by summing over all states of the grid."""
    bins, height, width = probability.shape
    places = [(i, j) for i in range(height) for j in range(width)]
    edges = [
        (a, b, bond(lightness, places[a], places[b], sigma))
        for a, b in itertools.combinations(range(len(places)), 2)
        if places[b] in beside(*places[a], height, width)
    ]
    states = list(itertools.product(range(bins), repeat=len(places)))
    scores = np.array([
        sum(10 * probability[k, i, j] for k, (i, j) in zip(state, places, strict=True))
        + sum(w * gain(state[a], state[b]) for a, b, w in edges)
        for state in states
    ])  # fmt: skip
    log_z = scores.max() + math.log(np.exp(scores - scores.max()).sum())
    marginals = np.zeros(probability.shape)
    for state, share in zip(states, np.exp(scores - log_z), strict=True):
        for k, (i, j) in zip(state, places, strict=True):
            marginals[k, i, j] += share
    return log_z, marginals


def bound(q, probability, lightness, sigma):
    """What mean field maximises, and which is never above log Z."""
    bins, height, width = probability.shape
    table = np.array([[gain(k, other) for other in range(bins)] for k in range(bins)])
    total = (10 * probability * q).sum() - (q * np.log(q.clip(1e-300))).sum()
    for i, j in itertools.product(range(height), range(width)):
        for there in beside(i, j, height, width):
            w = bond(lightness, (i, j), there, sigma)
            total += 0.5 * w * q[:, i, j] @ table @ q[:, *there]
    return total


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("step", "within"),
    [
        (0.05, 1e-6),  # edges everywhere: nobody is asked
        (0.02, 1e-3),  # neighbours count 2 %
        (0.015, 0.025),  # neighbours count 11 %
    ],
)
def test_its_marginals_are_near_the_exact_ones(seed, step, within):
    probability, _ = scene(4, 2, 3, seed=seed)
    lightness = np.add.outer(np.arange(2), np.arange(3)) * step
    log_z, exact = every_state(probability, lightness, 1e-4)
    q = settle(probability, lightness)
    assert bound(q, probability, lightness, 1e-4) <= log_z + 1e-9
    assert abs(q - exact).max() < within


@pytest.mark.parametrize("seed", range(4))
def test_on_an_even_surface_it_takes_one_side_where_the_exact_ones_take_several(seed):
    """Mean field's own fault: all that is certain is its bound."""
    probability, _ = scene(4, 2, 3, seed=seed)
    lightness = np.full((2, 3), 0.5)
    log_z, _ = every_state(probability, lightness, 1e-4)
    q = settle(probability, lightness)
    assert bound(q, probability, lightness, 1e-4) <= log_z + 1e-9
    assert (q.argmax(0) == q.argmax(0)[0, 0]).all()


def test_no_sweep_undoes_what_others_did():
    probability, lightness = scene(25, 6, 7, seed=1)
    bounds = [
        bound(settle(probability, lightness, sweeps=sweeps), probability, lightness, 1e-4)
        for sweeps in range(1, 10)
    ]
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(bounds))
    assert bounds[-1] > bounds[0]


def test_a_lone_dissenter_joins_its_surface_but_not_across_an_edge():
    probability = np.full((25, 5, 8), 0.01)
    probability[5] = 0.76
    probability[5, 2, 2], probability[20, 2, 2] = 0.3, 0.47
    probability[5, :, 4:], probability[20, :, 4:] = 0.01, 0.76
    lightness = np.full((5, 8), 0.4)
    lightness[:, 4:] = 0.6
    mode = settle(probability, lightness).argmax(0)
    assert (mode[:, :4] == 5).all()
    assert (mode[:, 4:] == 20).all()
    assert settle(probability, np.arange(40).reshape(5, 8) / 40.0).argmax(0)[2, 2] == 20


def test_fields_of_a_batch_do_not_touch():
    torch.manual_seed(0)
    field = Potts(25)
    probability = torch.rand(2, 2, 25, 6, 5).softmax(2)
    lightness = torch.rand(2, 1, 6, 5) * 0.02
    alone = [field(probability[n : n + 1, c : c + 1], lightness[n : n + 1]) for n in (0, 1) for c in (0, 1)]
    together = field(probability, lightness).flatten(0, 1)
    torch.testing.assert_close(together, torch.cat(alone).flatten(0, 1), atol=1e-6, rtol=1e-5)


@pytest.fixture
def batch():
    torch.manual_seed(0)
    lightness = 40 + torch.rand(2, 1, 32, 40)
    lab = torch.cat([lightness, torch.rand(2, 2, 32, 40) * 180 - 90], dim=1)
    return Batch(lightness=lightness, lab=lab, rgb=torch.rand(2, 3, 32, 40), label=torch.tensor([-1, -1]))


def test_the_field_is_in_what_colours_and_not_in_what_learns(batch):
    torch.manual_seed(0)
    network = FusionMrf(filters=8).eval()
    without = FusionMrf(filters=8, sweeps=0).eval()
    without.load_state_dict(network.state_dict())
    with torch.no_grad():
        here, there = network.asked(batch), without.asked(batch)
        assert torch.equal(here.logits, there.logits)
        assert torch.equal(here.value, there.value)
        assert (network(batch.lightness) - without(batch.lightness)).abs().max() > 1
        assert torch.equal(here.ab, network(batch.lightness))
    network.train()
    answer = network.asked(batch)
    torch.testing.assert_close(answer.ab, answer.value * 110)


def test_the_loss_is_that_of_a_and_that_of_b(batch):
    network = FusionMrf(filters=8).eval()
    answer = network.asked(batch)
    loss = LOSSES["cross_entropy"].function(answer, batch, Aids())
    scores = network._scores(batch.lightness)
    ab = torch.nn.functional.avg_pool2d(batch.ab, 4)
    place = ((ab + 110) / 8.8).floor().long()
    each = [torch.nn.functional.cross_entropy(scores[:, c], place[:, c]) for c in (0, 1)]
    torch.testing.assert_close(loss, each[0] + each[1])
    # The bin that is right is the one whose middle is nearest.
    middle = network.pairs[answer.bins[:, 0]].permute(0, 3, 1, 2)
    assert (middle - ab).abs().max() <= 4.4 + 1e-4


def test_the_likeliest_bin_is_one_of_the_bins(batch):
    network = FusionMrf(filters=8, answer="mode").eval()
    with torch.no_grad():
        ab = network(batch.lightness)
    assert ab.shape == (2, 2, 8, 10)
    assert torch.isin(ab, network.levels).all()
    assert network.levels[12].abs() < 1e-5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sweeps": -1}, "sweeps: must be 0 or more, not -1"),
        ({"sigma": 0.0}, "sigma: must be above 0, not 0"),
        ({"answer": "median"}, "answer: 'median' is not one of mean, mode"),
        ({"filters": 7}, "filters: must be even, not 7"),
    ],
)
def test_forms_that_there_are_not(options, message):
    with pytest.raises(BadConfig, match=message):
        FusionMrf(**options)
