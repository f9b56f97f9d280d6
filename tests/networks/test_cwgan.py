"""The residual U-Net of the notebook, and the faults of the notebook that its options keep."""

from pathlib import Path

import pytest
import torch

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.cwgan import Cwgan
from photochrom.networks.torch_color import lab_to_srgb
from photochrom.training.config import load_recipe

CONFIGS = Path(__file__).parents[2] / "configs"


def coloured(a, b):
    lab = torch.tensor([60.0, a, b]).view(1, 3, 1, 1).expand(2, 3, 16, 24)
    return Batch(lightness=lab[:, :1], lab=lab, rgb=lab_to_srgb(lab), label=torch.tensor([-1, -1]))


def painted(network, value):
    """The network, answering one value everywhere."""
    with torch.no_grad():
        network.last.weight.zero_()
        network.last.bias.copy_(torch.tensor(value))
    return network.eval()


def test_an_answer_that_is_the_truth_gives_its_colours():
    batch = coloured(30.0, -45.0)
    target = batch.lab.new_tensor([158 / 255, 83 / 255])
    asked = Cwgan(filters=4).asked(batch)
    torch.testing.assert_close(asked.target[0, :, 3, 5], target)
    torch.testing.assert_close(asked.given, torch.full((2, 1, 16, 24), 0.6))
    ab = painted(Cwgan(filters=4), target.tolist())(batch.lightness)
    torch.testing.assert_close(ab, batch.ab.contiguous(), atol=1e-4, rtol=0)


def test_the_notebooks_decoding_drifts():
    ab = painted(Cwgan(filters=4, drifting=True), [128 / 255, 83 / 255])(coloured(0.0, 0.0).lightness)
    assert ab[0, :, 0, 0].tolist() == pytest.approx(
        [256 * (128 / 255 - 0.5), 256 * (83 / 255 - 0.5)], abs=1e-4
    )
    assert ab[0, 0, 0, 0] > 0.5


@pytest.mark.parametrize("detached", [False, True])
def test_a_detached_block_passes_gradient_by_its_shortcut_alone(detached):
    torch.manual_seed(0)
    network = Cwgan(filters=4, dropout=0.0, detached=detached)
    with torch.no_grad():
        for block in (*network.down[1:], *network.up):
            block.shortcut.weight.zero_()
    network(coloured(0.0, 0.0).lightness * torch.rand(2, 1, 16, 24)).square().sum().backward()
    first = network.down[0].shortcut.weight.grad
    # Shortcuts that let nothing through leave the first block without a gradient, or not.
    assert bool(first.abs().max() > 0) != detached
    assert network.up[-1].layers[0].weight.grad.abs().max() > 0


def test_whole_channels_are_left_out_while_it_learns():
    torch.manual_seed(0)
    network = Cwgan(filters=16, dropout=0.5)
    seen = []
    network.down[1].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network.train()(coloured(0.0, 0.0).lightness * torch.rand(2, 1, 16, 24))
    empty = (seen[0] == 0).all(dim=(2, 3))
    assert 0 < int(empty.sum()) < empty.numel()
    kept = seen[0][~empty]
    assert (kept != 0).any(dim=(1, 2)).all()


def test_as_published_the_generator_hears_nothing_of_the_critic():
    published, intended = (load_recipe(CONFIGS / f"{name}.toml") for name in ("cwgan", "cwgan-intended"))
    assert published.plays
    assert published.losses == {"l1": 1.0, "adversarial": 0.0}
    assert (published.adversarial, published.critic_turns) == ("reversed", 1)
    assert published.options == {"detached": True, "drifting": True}
    assert intended.losses == {"l1": 100.0, "adversarial": 1.0}
    assert (intended.adversarial, intended.critic_turns) == ("wasserstein", 5)
    assert intended.penalties == {"gradient": 10.0}
    assert intended.options == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"halvings": 0}, "halvings: must be at least 1, not 0"),
        ({"dropout": 1.0}, "dropout: must be at least 0 and below 1, not 1.0"),
    ],
)
def test_forms_that_there_are_not(options, message):
    with pytest.raises(BadConfig, match=message):
        Cwgan(**options)
