"""Pictures, recipes and models that train and export in seconds."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.datasets.pictures import EncodedPicture
from photochrom.networks import flagship
from photochrom.training import checkpoint
from photochrom.training.config import Recipe, Sampling, Stage, to_values
from photochrom.training.files import LAST
from photochrom.training.run import build

torch.set_num_threads(1)


def painted(seed):
    """A bright sky over dark ground: what is bright is blue, so there is something to learn."""
    rng = np.random.default_rng(seed)
    pixels = np.empty((72, 72, 3), np.uint8)
    horizon = rng.integers(20, 50)
    pixels[:horizon], pixels[horizon:] = (150, 190, 250), (90, 50, 20)
    noisy = np.clip(pixels + rng.integers(-12, 12, (72, 72, 1)), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=95)
    return EncodedPicture(f"p{seed}", "made", buffer.getvalue())


@pytest.fixture(scope="session")
def pictures():
    return [painted(seed) for seed in range(8)]


@pytest.fixture
def recipe():
    """Everything switched on, everything small."""
    return Recipe(
        network="flagship", losses={"cross_entropy": 1.0},
        options={"dim": 32, "blocks": 1, "widths": [16, 8]},
        sampling=Sampling(damaged=0.5, film=0.25, hinted=0.4, wished=0.15),
        stages=(Stage(sizes=((32, 32),), batch=4),), warmup=2, rate=5e-3, encoder_rate=2e-3,
        optimizer="adamw", betas=(0.9, 0.99), weight_decay=0.02, schedule="cosine", clip=1.0, ema=0.9,
    )  # fmt: skip


@pytest.fixture
def shallow(monkeypatch):
    """One block a stage in place of up to five: the trunk's shape at a third of its time."""
    monkeypatch.setattr(flagship, "LITE2", tuple((*row[:4], 1) for row in flagship.LITE2))


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A checkpoint as the loop writes it, of a tiny flagship with random weights in every place."""
    recipe = Recipe(
        network="flagship", losses={"cross_entropy": 1.0}, backbone="somewhere/private/lite2.pth",
        options={"dim": 32, "blocks": 1, "widths": [16, 16]},
    )  # fmt: skip
    torch.manual_seed(0)
    network = build(recipe)
    torch.nn.init.normal_(network.decoder.head.weight, std=0.3)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    state = {
        "recipe": to_values(recipe),
        "network": {},
        "average": network.state_dict(),
        "optimizer": {},
        "critic": {},
        "critic_optimizer": {},
        "prior": torch.arange(1, len(network.centers) + 1),
        "first_prior": torch.empty(0),
        "centers": network.centers,
        "classes": (),
        "step": 70,
        "shown": 280,
        "seconds": 5400.0,
        "best": 2.5,
    }
    file = tmp_path_factory.mktemp("run") / LAST
    checkpoint.save(file, state)
    return file
