"""The flagship: sizes, size, reach of hints, and that it learns."""

import pytest
import torch

from photochrom.color.bins import gamut_bins
from photochrom.networks.ab_targets import AbTargets, soft_cross_entropy
from photochrom.networks.blend import TOLD
from photochrom.networks.flagship import Flagship, pooled_hints
from photochrom.networks.kinship import DIM
from photochrom.networks.losses import Aids
from photochrom.training.config import Sampling
from photochrom.training.objectives import sample, weighed


def test_the_flagship_has_eight_million_parameters():
    network = Flagship()
    assert sum(p.numel() for p in network.parameters()) == 8_320_187
    assert sum(p.numel() for p in network.encoder.parameters()) == 4_357_376
    assert len(network.centers) == len(gamut_bins())


@pytest.mark.parametrize("size", [(32, 32), (96, 160), (160, 96), (224, 32)])
def test_any_multiple_of_32(tiny, asked, size):
    height, width = size
    with torch.no_grad():
        logits = tiny(*asked(height, width, count=2))
    assert logits.shape == (2, 20, height // 4, width // 4)
    assert torch.isfinite(logits).all()


def test_features_are_what_they_say(tiny, asked):
    with torch.no_grad():
        features = tiny.encoder(asked(64, 96)[0])
    shapes = [tuple(part.shape) for part in features]
    assert shapes == [(1, 16, 32, 48), (1, 24, 16, 24), (1, 48, 8, 12), (1, 120, 4, 6), (1, 352, 2, 3)]


def test_gradient_reaches_every_parameter(tiny, asked):
    lightness, hints, wishes = asked(64, 64, count=2)
    tiny.train()
    seen = tiny.kinship(*tiny.encoder(lightness)[1:])
    look, told = torch.randn(2, 2 + DIM + len(tiny.centers), 8, 8), torch.randn(2, TOLD, 16, 16)
    answers = (tiny(lightness, hints, wishes), seen, tiny.blend(look, told))
    sum(answer.square().sum() for answer in answers).backward()
    without = [name for name, p in tiny.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert not without


def test_pictures_of_a_batch_do_not_mix(tiny, asked):
    lightness, hints, wishes = asked(64, 64, count=3)
    with torch.no_grad():
        together = tiny(lightness, hints, wishes)
        alone = tiny(lightness[1:2], hints[1:2], wishes[1:2])
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=1e-4)


def test_colours_without_confidence_count_for_nothing(tiny, asked):
    lightness, hints, wishes = asked(64, 96)
    nothing, noise = torch.zeros_like(hints), torch.zeros_like(hints)
    noise[:, :2] = 90 * torch.randn(noise[:, :2].shape, generator=torch.Generator().manual_seed(0))
    wishes = torch.zeros_like(wishes)
    with torch.no_grad():
        assert torch.equal(tiny(lightness, nothing, wishes), tiny(lightness, noise, wishes))


def test_one_click_and_one_wish_reach_the_whole_picture(tiny, asked):
    lightness, hints, wishes = asked(160, 160)
    with torch.no_grad():
        features = tiny.encoder(lightness)
        plain = tiny.decoder(features, torch.zeros_like(hints), torch.zeros_like(wishes))
        clicked = tiny.decoder(features, hints, torch.zeros_like(wishes))
        wished = tiny.decoder(features, torch.zeros_like(hints), wishes)
    for other in (clicked, wished):
        assert float((other - plain).abs().amax(1).min()) > 0


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("trust", [1.0, 0.4])
def test_a_lone_click_keeps_colour_and_weight_at_every_scale(factor, trust):
    click = torch.zeros(1, 3, 8, 8)
    click[0, :, 5, 2] = torch.tensor([0.3 * trust, -0.6 * trust, trust])
    pooled = pooled_hints(click, factor)[0, :, 5 // factor, 2 // factor]
    torch.testing.assert_close(pooled, torch.tensor([0.3 * trust, -0.6 * trust, trust]), atol=1e-4, rtol=1e-4)


def test_clicks_teach_what_leads_them_and_nothing_else(tiny):
    rgb = torch.randint(0, 256, (2, 64, 64, 3), generator=torch.Generator().manual_seed(0)).byte()
    sampling, generator = Sampling(clicked=1.0, hinted=1.0), torch.Generator().manual_seed(0)
    batch = sample(rgb, torch.zeros(2, dtype=torch.long), tiny, sampling, generator)
    answer = tiny.asked(batch)
    untold = tiny.asked(batch._replace(hints=None, wishes=None))
    # Led over what the network says by itself, not over what it makes of hints.
    assert (answer.logits - untold.logits).abs().max() > 0.1
    torch.testing.assert_close(answer.clicked, untold.clicked, atol=0.05, rtol=0)
    weighed(answer, batch, Aids(), {"clicked": 1.0, "spilt": 1.0})["clicked"].backward()
    learning = {name.split(".")[0] for name, p in tiny.named_parameters() if p.grad is not None}
    assert learning == {"kinship"}


def test_it_can_learn_one_picture_by_heart():
    torch.manual_seed(0)
    targets = AbTargets(torch.tensor(gamut_bins().centers.tolist()))
    network = Flagship(dim=32, blocks=1, widths=(16, 16))
    lightness = torch.linspace(10, 90, 64).view(1, 1, 1, 64).expand(2, 1, 64, 64).contiguous()
    ab = torch.zeros(2, 2, 16, 16)
    ab[:, 0, :8], ab[:, 1, 8:] = 40, -50
    index, weight = targets(ab)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    hints, wishes = torch.zeros(2, 3, 16, 16), torch.zeros(2, len(targets.centers) + 3)
    losses = []
    for _ in range(40):
        loss = soft_cross_entropy(network(lightness, hints, wishes), index, weight).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] == pytest.approx(torch.tensor(309.0).log().item(), abs=1e-3)
    assert losses[-1] < 0.5
