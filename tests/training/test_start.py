"""What a run goes on from: checkpoints and exported models, whose weights come back whole."""

import json

import pytest
import torch

from photochrom.errors import ModelNotFound, TrainingError
from photochrom.networks.flagship import Flagship
from photochrom.training import graphs
from photochrom.training.export import export
from photochrom.training.start import start_from


@pytest.fixture(scope="module")
def looks():
    generator = torch.Generator().manual_seed(1)
    return [torch.rand((4, 1, 64, 96), generator=generator) * 100 for _ in range(3)]


@pytest.mark.parametrize("in_bytes", [False, True])
def test_an_exported_flagship_learns_on_from_where_it_is(trained, looks, tmp_path, monkeypatch, in_bytes):
    monkeypatch.setattr(graphs, "SMALLEST_BYTES", 2048)
    card = export(trained, tmp_path, name="tiny", in_bytes=in_bytes).card
    start = start_from(card)
    network = Flagship(**start.options, centers=start.centers)
    start.fill(network, looks)
    assert graphs.difference(network.eval(), card) < 1e-3
    kernels = [value for value in network.encoder.state_dict().values() if value.ndim == 4]
    for kernel in kernels:
        torch.testing.assert_close(kernel.flatten(1).norm(dim=1), torch.ones(len(kernel)))
    # Its normalisations hold what they were measured to hold, so that in training it answers much the same.
    with torch.no_grad():
        here = network(looks[0])
        there = network.train()(looks[0])
    assert float((here - there).abs().mean()) < 0.2 * float(here.std())


def test_a_checkpoint_is_filled_in_as_it_is(trained, looks):
    start = start_from(trained)
    network = Flagship(**start.options, centers=start.centers)
    start.fill(network, looks)
    again = Flagship(**start.options, centers=start.centers)
    start_from(trained).fill(again, [])
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


def test_graphs_of_another_network_are_refused(trained, looks, tmp_path):
    start = start_from(export(trained, tmp_path, name="tiny").card)
    with pytest.raises(TrainingError, match=r"tiny\.json: its graphs are not this network's"):
        start.fill(Flagship(**{**start.options, "dim": 64}, centers=start.centers), looks)


def test_what_is_no_start(trained, tmp_path):
    card = export(trained, tmp_path, name="tiny").card
    values = json.loads(card.read_text("utf8"))
    card.write_text(json.dumps({**values, "trained": {}}), "utf8")
    with pytest.raises(TrainingError, match=r"tiny\.json: only a flagship that"):
        start_from(card)
    with pytest.raises(ModelNotFound):
        start_from(tmp_path / "none.json")
