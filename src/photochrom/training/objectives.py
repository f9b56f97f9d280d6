"""From a batch of colour pictures to what the network sees and is asked for, and to its losses."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.color import constants as c
from photochrom.datasets.degrade import degrade, emulsion
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.losses import LOSSES, Aids
from photochrom.networks.torch_color import lightness_from_luminance, linear_to_lab, srgb_to_linear
from photochrom.training.config import ADVERSARIAL, Sampling


def sample(
    rgb: Tensor, label: Tensor, network: System, sampling: Sampling, generator: torch.Generator
) -> Batch:
    """What a step shows. rgb: (N, H, W, 3) bytes on the training device, label: (N,); H, W: multiples of 8.

    Every draw comes from `generator`, which may be of another device.
    """
    batch, light = _sound(rgb, label)
    if sampling.film or sampling.damaged:
        eye = torch.tensor(c.RGB_TO_RELATIVE[1].tolist(), device=rgb.device)
        grey = (light * emulsion(eye, len(rgb), generator, share=sampling.film)).sum(1, keepdim=True)
        seen = degrade(lightness_from_luminance(grey), generator, share=sampling.damaged)
        batch = batch._replace(lightness=seen.contiguous(memory_format=torch.channels_last))
    return network.told(
        batch,
        hinted=sampling.hinted,
        wished=sampling.wished,
        clicked=sampling.clicked,
        generator=generator,
    )


def smaller_look(lightness: Tensor, network: System, generator: torch.Generator) -> Tensor:
    """The same pictures at 0.4 to 0.85 of their sides: (N, 1, h, w). lightness: (N, 1, H, W).

    Sides are multiples of the network's, and a multiple smaller at least unless they are one.
    """
    share = 0.4 + 0.45 * float(torch.rand((), generator=generator, device=generator.device))
    step = network.multiple
    size = [
        max(step, min(int(side * share / step + 0.5) * step, side - step)) for side in lightness.shape[2:]
    ]
    return F.interpolate(lightness, size=size, mode="bilinear", align_corners=False, antialias=True)


def automatic(rgb: Tensor, label: Tensor) -> Batch:
    """The same without damage, hints or wishes: how a network is judged."""
    return _sound(rgb, label)[0]


def _sound(rgb: Tensor, label: Tensor) -> tuple[Batch, Tensor]:
    """The undamaged batch, and its linear light (N, 3, H, W)."""
    planes = rgb.permute(0, 3, 1, 2).contiguous()
    light = linear_light(planes)
    lab = linear_to_lab(light)
    lightness = lab[:, :1].contiguous(memory_format=torch.channels_last)
    return Batch(lightness=lightness, lab=lab, rgb=planes.float() / 255, label=label), light


def linear_light(planes: Tensor) -> Tensor:
    """sRGB bytes of any shape → linear light 0…1: 256 powers in place of one a pixel."""
    table = srgb_to_linear(torch.arange(256, device=planes.device) / 255)
    return table.index_select(0, planes.flatten().int()).view(planes.shape)


def needed(losses: Mapping[str, float]) -> tuple[str, ...]:
    """The fields of a Prediction that these losses read, in a fixed order."""
    fields = {field for name in losses if name != ADVERSARIAL for field in LOSSES[name].needs}
    if ADVERSARIAL in losses:
        fields |= {"given", "value", "target"}
    return tuple(field for field in Prediction._fields if field in fields)


def weighed(
    prediction: Prediction, batch: Batch, aids: Aids, losses: Mapping[str, float]
) -> dict[str, Tensor]:
    """Each loss times its weight, by name; the adversarial one is not among them."""
    return {
        name: weight * LOSSES[name].function(prediction, batch, aids)
        for name, weight in losses.items()
        if name != ADVERSARIAL
    }
