"""How good the judged weights are on pictures that were kept out of training, and how they look."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from photochrom.datasets.batches import Pictures, centre_crop
from photochrom.datasets.damage import Damage, unheard
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS, reason
from photochrom.networks.batch import Batch
from photochrom.networks.torch_color import lab_to_srgb
from photochrom.training.objectives import automatic, weighed
from photochrom.training.run import Run

MOST_PICTURES = 96


@dataclass(frozen=True)
class Judged:
    """What the judged weights made of some pictures."""

    figures: dict[str, float]
    """validation_loss, and gain_over_grey_db: PSNR over that of the grey picture."""
    colored: list[NDArray[np.uint8]]
    """Each picture as it was coloured, (H, W, 3)."""


def held_out(
    run: Run,
    pictures: Sequence[EncodedPicture],
    *,
    most: int = MOST_PICTURES,
    damaged: Callable[[Damage], None] = unheard,
) -> list[Pictures]:
    """Centre squares of the first `most` pictures, each a batch of one.

    Those that cannot be decoded are told to `damaged` and left out.
    """
    squares: list[Pictures] = []
    numbers = {name: number for number, name in enumerate(run.classes)}
    for picture in pictures[:most]:
        try:
            rgb = centre_crop(picture.data, run.recipe.detail)[np.newaxis]
        except DECODE_ERRORS as error:
            damaged(Damage(picture.name, reason(error)))
            continue
        squares.append(Pictures(rgb, np.array([numbers.get(picture.label, -1)])))
    return squares


@torch.no_grad()
def judge(run: Run, pictures: Sequence[Pictures]) -> Judged:
    """The judged weights without hints or wishes, by the recipe's losses but the adversarial one.

    Where a recipe has clicks, so has each picture here, the same at every look. The network in training is
    not touched. pictures: batches of one.
    """
    network = copy.deepcopy(run.system)
    network.load_state_dict(run.weights())
    network.eval()
    losses, gains, colored = [], [], []
    clicked = float(run.recipe.sampling.clicked > 0)
    for number, (rgb, label) in enumerate(pictures):
        batch = automatic(torch.from_numpy(rgb).to(run.device), torch.from_numpy(label).to(run.device))
        if clicked:
            generator = torch.Generator().manual_seed(number)
            batch = network.told(batch, hinted=0.0, wished=0.0, clicked=clicked, generator=generator)
        with run.precision.autocast():
            answer = network.asked(batch)
        terms = weighed(answer, batch, run.aids, run.recipe.losses)
        losses.append(sum(float(term) for term in terms.values()))
        result = _colored(batch, answer.colors(network.temperature))
        gains.append(_gain(batch.rgb, result, _colored(batch, torch.zeros_like(batch.ab))))
        colored.append((result[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy())
    figures = {
        "validation_loss": round(float(np.mean(losses)), 4),
        "gain_over_grey_db": round(float(np.mean(gains)), 3),
    }
    return Judged(figures, colored)


def _colored(batch: Batch, ab: Tensor) -> Tensor:
    """The true lightness with these colours: (N, 3, H, W), sRGB 0…1. ab: (N, 2, h, w)."""
    ab = F.interpolate(ab, size=batch.lab.shape[2:], mode="bicubic", align_corners=False)
    return lab_to_srgb(torch.cat([batch.lab[:, :1], ab], dim=1)).clamp(0, 1)


def _gain(truth: Tensor, colored: Tensor, grey: Tensor) -> float:
    """PSNR in dB of the coloured picture over that of the grey one."""
    errors = (float(((picture - truth) ** 2).mean()) for picture in (grey, colored))
    before, after = errors
    return 10 * math.log10((before + 1e-8) / (after + 1e-8))
