"""Zhang's 313 bins: colours shared out among them, rare ones weighed, and one colour chosen."""

import json
import math

import numpy as np
import pytest
import torch

from photochrom.color.bins import AbBins, gamut_bins
from photochrom.errors import BadConfig, BadOption
from photochrom.inference.card import ModelCard
from photochrom.networks.ab_targets import NearestTargets
from photochrom.networks.batch import Batch, Prediction
from photochrom.networks.colorful import Colorful, table
from photochrom.networks.losses import LOSSES, Aids
from photochrom.networks.torch_color import lab_to_srgb
from photochrom.training.export import _answer

BINS = [tuple(point) for point in table().int().tolist()]


def shown(ab):
    """A batch of pictures whose lightness rises from left to right. ab: (N, 2, H, W)."""
    n, _, height, width = ab.shape
    lightness = torch.linspace(20, 80, width).expand(n, 1, height, width)
    lab = torch.cat([lightness, ab], dim=1)
    return Batch(lightness=lightness, lab=lab, rgb=lab_to_srgb(lab), label=torch.zeros(n, dtype=torch.int64))


def test_the_table():
    assert len(BINS) == len(set(BINS)) == 313
    assert sorted(BINS) == BINS
    assert BINS[0] == (-90, 50)
    assert BINS[-1] == (100, 0)
    assert BINS.index((0, 0)) == 120
    # sRGB needs the corners of its cells; the source has all of those, and four that no colour is near to.
    corners = {tuple(point) for point in gamut_bins().centers.astype(int).tolist()}
    assert set(BINS) - corners == {(40, 90), (100, -90), (100, -10), (100, 0)}
    assert corners < set(BINS)
    assert len(AbBins(table().numpy())) == 313


def by_brute_force(ab, count):
    """The bins nearest to one colour and their shares, in double precision and by sorting all."""
    squares = sorted(((ab[0] - a) ** 2 + (ab[1] - b) ** 2, k) for k, (a, b) in enumerate(BINS))[:count]
    weights = [math.exp(-square / (2 * 5**2)) for square, _ in squares]
    return {k: w / sum(weights) for (_, k), w in zip(squares, weights, strict=True)}


@pytest.mark.parametrize("count", [1, 5, 10])
def test_colours_are_shared_out_to_the_nearest_bins(count):
    rng = np.random.default_rng(count)
    near = rng.uniform(-60, 60, (40, 2))
    # Purple-blue, red and green ends of sRGB, where the table has its bays, and beyond all bins.
    edges = [[79.2, -107.8], [98.2, -60.8], [-86.2, 83.2], [80.1, 67.2], [-48.1, -14.1], [112.0, 112.0]]
    colors = np.concatenate([near, edges]).astype(np.float32)
    encode = NearestTargets(table(), count=count, sigma=5.0)
    index, weight = encode(torch.from_numpy(colors.T.copy()).view(1, 2, 1, -1))
    assert index.shape == weight.shape == (1, count, 1, len(colors))
    assert bool((weight[:, :-1] >= weight[:, 1:]).all())
    for place, color in enumerate(colors.astype(np.float64)):
        expected = by_brute_force(color, count)
        found = dict(zip(index[0, :, 0, place].tolist(), weight[0, :, 0, place].tolist(), strict=True))
        assert found.keys() == expected.keys()
        assert found == pytest.approx(expected, abs=1e-5)


def test_every_fourth_pixel_counts_as_it_is():
    ab = torch.zeros(1, 2, 9, 12)
    ab[0, :, 4, 8] = torch.tensor([50.0, 30.0])
    ab[0, :, 5, 9] = torch.tensor([-80.0, 80.0])  # between the picked ones
    network = Colorful(filters=4, neighbors=1)
    bins, shares = network.binned(shown(ab))
    assert bins.shape == shares.shape == (1, 1, 3, 3)
    assert [BINS[k] for k in bins.flatten().tolist()] == [(0, 0)] * 5 + [(50, 30)] + [(0, 0)] * 3


def test_neighbors_of_the_paper_and_of_the_code():
    batch = shown(torch.full((1, 2, 8, 8), 12.0))
    assert Colorful(filters=4).binned(batch)[0].shape[1] == 5
    assert Colorful(filters=4, neighbors=10).binned(batch)[0].shape[1] == 10
    for options, message in (
        ({"neighbors": 0}, "neighbors: must lie in 1…313, not 0"),
        ({"neighbors": 314}, "neighbors: must lie in 1…313, not 314"),
        ({"filters": 0}, "filters: must be at least 1, not 0"),
    ):
        with pytest.raises(BadConfig, match=message):
            Colorful(**options)


def test_the_prior_is_smoothed():
    counts = torch.zeros(313, dtype=torch.float64)
    counts[BINS.index((0, 0))], counts[BINS.index((-90, 50))] = 30, 10
    prior = Colorful(filters=4).smoothed(counts)
    assert prior.dtype == torch.float64
    assert float(prior.sum()) == pytest.approx(1)
    # In the middle a count keeps 1 / (1 + 2·e^−2 + 2·e^−8 …)² of itself, a row and a column at a time.
    line = sum(math.exp(-(step**2) * 2) for step in range(-7, 8))
    assert float(prior[BINS.index((0, 0))]) == pytest.approx(0.75 / line**2, rel=1e-6)
    assert float(prior[BINS.index((0, 10))]) == pytest.approx(0.75 * math.exp(-2) / line**2, rel=1e-6)
    # At the edge nothing is lost to places without a bin.
    corner = [k for k, (a, b) in enumerate(BINS) if a <= -60 and b >= 0]
    assert float(prior[corner].sum()) == pytest.approx(0.25, rel=1e-4)
    with pytest.raises(BadOption, match="counts"):
        Colorful(filters=4).smoothed(torch.zeros(313))


def test_rare_colours_count_more_by_the_strongest_bin():
    """Three bins hold all: w = 1 / (½ p + ½ / 313), scaled so that Σ p · w is 1."""
    prior = torch.zeros(313, dtype=torch.float64)
    common, fair, rare = (BINS.index(point) for point in ((0, 0), (10, 20), (60, -60)))
    prior[common], prior[fair], prior[rare] = 0.9, 0.09, 0.01
    w = {k: 1 / (0.5 * float(prior[k]) + 0.5 / 313) for k in (common, fair, rare)}
    scale = sum(float(prior[k]) * value for k, value in w.items())
    w = {k: value / scale for k, value in w.items()}
    # 1 / 0.4516, 1 / 0.0466 and 1 / 0.0066, each over 5.4401.
    assert [round(w[k], 3) for k in (common, fair, rare)] == [0.407, 3.945, 27.862]
    batch = shown(torch.tensor([[58.0, -57.0], [9.0, 19.0], [1.0, 2.0]]).view(3, 2, 1, 1).expand(3, 2, 8, 8))
    bins, shares = Colorful(filters=4).binned(batch)
    logits = torch.zeros(3, 313, 2, 2)
    loss = LOSSES["rebalanced"].function(
        Prediction(logits=logits, bins=bins, shares=shares), batch, Aids(prior=prior)
    )
    # All logits alike: log 313 everywhere, so only the weights are left.
    assert float(loss) == pytest.approx(math.log(313) * (w[rare] + w[fair] + w[common]) / 3, rel=1e-5)


def test_grey_pictures_teach_nothing():
    torch.manual_seed(0)
    network = Colorful(filters=4).eval()
    ab = torch.zeros(2, 2, 16, 16)
    ab[0, 1], ab[1, 0, 3, 5] = 4.9, -5.1  # grey all over; one pixel that is not
    aids = Aids(prior=torch.full((313,), 1 / 313))

    def gradient(chosen):
        network.zero_grad()
        answer = network.asked(shown(ab[chosen]))
        LOSSES["rebalanced"].function(answer, shown(ab[chosen]), aids).backward()
        return torch.cat([p.grad.flatten() for p in network.parameters()])

    assert not gradient([0]).any()
    alone = gradient([1])
    assert alone.any()
    # The mean is over both pictures, so one that teaches nothing halves the step.
    torch.testing.assert_close(gradient([0, 1]), alone / 2, rtol=1e-3, atol=1e-7)


def test_annealed_mean_between_the_mean_and_the_likeliest():
    torch.manual_seed(0)
    logits = torch.randn(1, 313, 4, 4) * 2
    answer = Prediction(logits=logits, centers=table())
    likeliest = table()[logits.argmax(1)].permute(0, 3, 1, 2)
    mean = torch.einsum("nkhw,kc->nchw", logits.softmax(1), table())
    torch.testing.assert_close(answer.colors(1e-3), likeliest, atol=0.5, rtol=0)
    torch.testing.assert_close(answer.colors(1.0), mean)
    # The source's form, exp(log z / T) of the distribution z, is the same.
    z = logits.softmax(1).log() / 0.38
    paper = torch.einsum("nkhw,kc->nchw", z.exp() / z.exp().sum(1, keepdim=True), table())
    torch.testing.assert_close(answer.colors(0.38), paper, atol=1e-3, rtol=0)

    def chroma(temperature):
        return float(answer.colors(temperature).norm(dim=1).mean())

    assert chroma(1.0) < chroma(0.38) < chroma(1e-3)


def test_the_card_takes_the_papers_temperature(tmp_path):
    network = Colorful(filters=4)
    file = tmp_path / "c.json"
    about = {"format": 1, "name": "c", "network": "c.onnx", "sha256": {"c.onnx": "0" * 64}}
    file.write_text(json.dumps({**about, **_answer(network, {"prior": torch.ones(313)})}))
    card = ModelCard.load(file)
    assert card.gives == "logits"
    assert card.stride == 8
    assert [tuple(point) for point in card.bins.centers.astype(int).tolist()] == BINS
    rule = card.rule(1.0)
    assert (rule.tau, rule.temperature, rule.chroma) == (0, 0.38, 1)
    assert network.temperature == 0.38
    assert card.rule(0.5).temperature == 1
    assert card.rule(0).chroma == 0


def test_bins_of_logits_and_pixels_match():
    """The answer at (i, j) sees most around pixel (4i, 4j)."""
    torch.manual_seed(0)
    network = Colorful(filters=4).eval()
    lightness = (torch.rand(1, 1, 256, 256) * 100).requires_grad_()
    network(lightness)[0, :, 32, 32].sum().backward()
    weight = lightness.grad[0, 0].abs()
    places = torch.arange(256.0)
    centre = [float((weight.sum(1 - axis) * places).sum() / weight.sum()) for axis in (0, 1)]
    assert centre == pytest.approx([128, 128], abs=6)
