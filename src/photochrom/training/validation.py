"""How good the averaged weights are on pictures that were kept out of training."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from photochrom.datasets.batches import centre_crop
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import DECODE_ERRORS
from photochrom.networks.ab_targets import soft_cross_entropy
from photochrom.networks.torch_color import lab_to_srgb, srgb_to_lab
from photochrom.training.objectives import automatic
from photochrom.training.run import Run, build, on_device

SIDE = 256
MOST_PICTURES = 96
# Between the plain mean, which is grey where it doubts, and the likeliest bin.
TEMPERATURE = 0.7


def held_out(pictures: Sequence[EncodedPicture]) -> list[NDArray[np.uint8]]:
    """Centre squares of the first 96 pictures, (256, 256, 3) each; damaged ones are passed over."""
    squares: list[NDArray[np.uint8]] = []
    for picture in pictures[:MOST_PICTURES]:
        try:
            squares.append(centre_crop(picture.data, SIDE))
        except DECODE_ERRORS:
            continue
    return squares


@torch.no_grad()
def validate(run: Run, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, float]:
    """Loss of the averaged weights without hints or wishes, and their PSNR over that of grey, in dB.

    The network in training is not touched. pictures: (H, W, 3) each, sides multiples of 32.
    """
    device = run.device
    # The average holds every weight, so the file that training began from is not read again.
    network = build(dataclasses.replace(run.recipe, encoder_weights=""), bins=len(run.targets.centers))
    network.load_state_dict(run.average.values)
    network = on_device(network, device).eval()
    losses, gains = [], []
    for picture in pictures:
        rgb = torch.from_numpy(picture)[None].to(device)
        batch = automatic(rgb, run.targets)
        with run.fabric.autocast():
            logits = network(batch.lightness, batch.hints, batch.wishes)
        losses.append(float(soft_cross_entropy(logits, batch.index, batch.weight)))
        gains.append(_gain(rgb.permute(0, 3, 1, 2).float() / 255, run.targets.mean(logits, TEMPERATURE)))
    return {
        "validation_loss": round(float(np.mean(losses)), 4),
        "gain_over_grey_db": round(float(np.mean(gains)), 3),
    }


def _gain(truth: Tensor, ab: Tensor) -> float:
    """PSNR in dB of a picture coloured with `ab` over that of the grey one. truth: (1, 3, H, W), 0…1."""
    lightness = srgb_to_lab(truth)[:, :1]
    ab = F.interpolate(ab, size=truth.shape[2:], mode="bicubic", align_corners=False)
    colored, grey = (
        float(((lab_to_srgb(torch.cat([lightness, chroma], 1)).clamp(0, 1) - truth) ** 2).mean())
        for chroma in (ab, torch.zeros_like(ab))
    )
    return 10 * math.log10((grey + 1e-8) / (colored + 1e-8))
