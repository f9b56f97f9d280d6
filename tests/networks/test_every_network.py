"""What holds for every row of NETWORKS and CRITICS, at the row's small size."""

import pytest
import torch
from torch import nn

from photochrom.errors import BadConfig
from photochrom.inference.session import Graph
from photochrom.networks import NETWORKS, Batch
from photochrom.networks.critics import CRITICS
from photochrom.networks.torch_color import lab_to_srgb
from photochrom.training import graphs

PUBLISHED = [
    (row, options, count)
    for table in (NETWORKS, CRITICS)
    for row in table.values()
    for options, count in row.published
]


@pytest.fixture(params=NETWORKS)
def network(request):
    torch.manual_seed(0)
    row = NETWORKS[request.param]
    built = row.build(**row.small)
    wake(built)
    return built


def wake(network):
    """A layer that starts at zero lets nothing through; here it starts at random."""
    for parameter in network.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=0.1)


def pictures(height, width, count=2):
    """A batch: smooth lightness, and colours that follow it."""
    generator = torch.Generator().manual_seed(height * 1000 + width)
    coarse = torch.rand((count, 1, 4, 4), generator=generator) * 60 + 20
    lightness = nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(5, 95)
    lab = torch.cat([lightness, (lightness - 50) * 0.6, (50 - lightness) * 0.4], dim=1)
    rgb = lab_to_srgb(lab).clamp(0, 1)
    return Batch(lightness=lightness, lab=lab, rgb=rgb, label=torch.zeros(count, dtype=torch.int64))


def least_side(network):
    return max(32, network.multiple)


@pytest.mark.parametrize(
    ("row", "options", "count"), PUBLISHED, ids=lambda value: getattr(value, "name", None)
)
def test_parameters_are_those_of_the_source(row, options, count):
    network = row.build(**options)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == count


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_say_what_they_are(name):
    row = NETWORKS[name]
    assert row.name == name
    assert row.summary.endswith(".")
    assert row.source
    assert row.published


@pytest.mark.parametrize("more", [(0, 0), (1, 7), (13, 0), (5, 31)])
def test_any_size_comes_out_as_it_went_in(network, more):
    height, width = (least_side(network) + extra for extra in more)
    network.eval()
    with torch.no_grad():
        answer = network(pictures(height, width).lightness)
    channels = 2 if network.centers is None else len(network.centers)
    assert answer.shape[:2] == (2, channels)
    stride = round(height / answer.shape[2])
    assert answer.shape[2:] == (-(-height // stride), -(-width // stride))
    assert answer.dtype == torch.float32
    assert torch.isfinite(answer).all()


def test_it_is_asked_for_what_forward_answers(network):
    """The colours of a Prediction are those of the exported function."""
    batch = pictures(least_side(network), 2 * least_side(network))
    network.eval()
    with torch.no_grad():
        asked, answer = network.asked(batch), network(batch.lightness)
    if network.centers is None:
        torch.testing.assert_close(asked.ab, answer)
        assert asked.value.shape == asked.target.shape
        assert asked.given.shape[1] + asked.value.shape[1] == network.shown
    else:
        torch.testing.assert_close(asked.logits, answer)
        assert asked.bins.shape == asked.shares.shape
        assert asked.bins.shape[2:] == asked.logits.shape[2:]
        torch.testing.assert_close(asked.shares.sum(1), torch.ones_like(asked.shares[:, 0]))
        assert torch.equal(asked.centers, network.centers)
        torch.testing.assert_close(network.binned(batch), (asked.bins, asked.shares))


def test_gradient_reaches_every_parameter(network):
    side = 2 * least_side(network)
    network.train()
    batch = network.told(
        pictures(side, side), hinted=1.0, wished=1.0, clicked=1.0, generator=torch.Generator().manual_seed(0)
    )
    answer = network.asked(batch)
    fields = (answer.value, answer.logits, answer.scene, answer.clicked, answer.blended)
    parts = [part for part in fields if part is not None]
    torch.stack([part.square().mean() for part in parts]).sum().backward()
    without = [
        name for name, p in network.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.abs().max() > 0)
    ]  # fmt: skip
    assert not without
    assert all(p.grad is None for p in network.parameters() if not p.requires_grad)


def test_it_can_learn_one_picture_by_heart(network):
    side = 2 * least_side(network) if network.multiple > 16 else 48
    batch = pictures(side, side)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=3e-3)
    losses = []
    for _ in range(60):
        answer = network.asked(batch)
        if answer.value is not None:
            loss = nn.functional.mse_loss(answer.value, answer.target)
        else:
            picked = (answer.logits.gather(1, answer.bins) * answer.shares).sum(1)
            loss = (answer.logits.logsumexp(1) - picked).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_mixed_precision_answers_in_float32(network):
    batch = pictures(least_side(network), least_side(network))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        answer = network.asked(batch)
    floats = [part for part in answer if part is not None and part.is_floating_point()]
    assert {part.dtype for part in floats} == {torch.float32}


def test_the_graph_answers_as_torch_does(network, tmp_path):
    network.eval()
    graph, *rest = graphs.graphs_of(network)
    if rest:
        pytest.skip("it is a pair, which tests/training/test_export.py compares")
    graphs.write_graph(graph, tmp_path / "network.onnx")
    session = Graph(tmp_path / "network.onnx", name="network", provider="cpu")
    for height, width in graphs.sizes_for(network):
        batch = pictures(height, width)
        with torch.no_grad():
            there = network(batch.lightness).numpy()
        here = session.run({"lightness": batch.lightness.numpy()})[0]
        assert here.shape == there.shape
        assert abs(here - there).max() <= 1e-4 * max(1.0, abs(there).max())


def test_a_network_without_a_pretrained_part_says_so(network, tmp_path):
    if hasattr(network, "encoder"):
        pytest.skip("it has one")
    with pytest.raises(BadConfig, match="starts from no other's weights"):
        network.load_backbone(tmp_path / "resnet.pth")


@pytest.mark.parametrize("name", CRITICS)
@pytest.mark.parametrize("channels", [3, 4])
def test_critics_judge(name, channels):
    critic = CRITICS[name].build(channels=channels, **CRITICS[name].small)
    x = torch.rand(2, channels, 64, 96, requires_grad=True)
    logits = critic(x)
    assert logits.shape[:2] == (2, 1)
    logits.square().mean().backward()
    assert all(p.grad.abs().max() > 0 for p in critic.parameters())


def test_a_patch_is_70_pixels():
    critic = CRITICS["patchgan"].build(filters=4).eval()
    x = torch.rand(1, 3, 256, 256, requires_grad=True)
    logits = critic(x)
    assert logits.shape == (1, 1, 30, 30)
    logits[0, 0, 15, 15].backward()
    rows = x.grad.abs().amax((0, 1, 3)).nonzero().flatten()
    assert int(rows[-1] - rows[0]) + 1 == 70
