"""What time, cameras and printers do to lightness, so that a network meets it in training.

Only the input is damaged; the colours asked for stay those of the sound picture. Everything runs on
the tensors' own device. Each picture of a batch draws its own strengths.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

# The luminance table of JPEG (ITU-T T.81, table K.1), for quality 50.
_JPEG_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def uniform(like: Tensor, low: float, high: float, generator: torch.Generator) -> Tensor:
    """One draw a picture, (N, 1, 1, 1), on the device of `like` whatever that of the generator."""
    draw = torch.rand((like.shape[0], 1, 1, 1), generator=generator, device=generator.device)
    return (low + (high - low) * draw).to(like.device)


def tones(x: Tensor, g: torch.Generator) -> Tensor:
    """Fading and contrast: a gamma, then black lifted and white lowered."""
    gamma = torch.exp(uniform(x, -0.45, 0.45, g))
    black, white = uniform(x, 0, 18, g), uniform(x, 82, 100, g)
    return black + (white - black) * (x.clamp(0, 100) / 100) ** gamma


def grain(x: Tensor, g: torch.Generator) -> Tensor:
    """Noise, finer or coarser, strongest in the middle tones."""
    n, _, h, w = x.shape
    fine = torch.randn((n, 1, h, w), generator=g, device=g.device).to(x.device)
    coarse = F.avg_pool2d(fine, 3, stride=1, padding=1) * 2.0
    noise = torch.where(uniform(x, 0, 1, g) < 0.5, fine, coarse)
    strength = uniform(x, 1, 9, g) * (0.4 + 0.6 * (1 - (x / 50 - 1) ** 2).clamp_min(0))
    return x + noise * strength


def blur(x: Tensor, g: torch.Generator) -> Tensor:
    """Soft focus: a Gaussian of 0.5 to 2 pixels, mixed in by picture."""
    offsets = torch.arange(-4, 5, device=x.device, dtype=x.dtype)
    sigma = 0.5 + 1.5 * float(torch.rand((), generator=g, device=g.device))
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    soft = F.conv2d(F.pad(x, (4, 4, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    soft = F.conv2d(F.pad(soft, (0, 0, 4, 4), mode="replicate"), kernel.view(1, 1, -1, 1))
    return x + (soft - x) * uniform(x, 0.3, 1, g)


def jpeg(x: Tensor, g: torch.Generator) -> Tensor:
    """Block artefacts of a JPEG of quality 15 to 70. Sides are multiples of 8."""
    n, _, h, w = x.shape
    k = torch.arange(8, dtype=x.dtype, device=x.device)
    dct = torch.cos(math.pi / 8 * (k + 0.5) * k[:, None]) / 2
    dct[0] /= math.sqrt(2)
    table = torch.tensor(_JPEG_TABLE, dtype=x.dtype, device=x.device) * (100 / 255)
    quality = uniform(x, 15, 70, g).view(n, 1, 1, 1, 1)
    step = table * torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    blocks = x.reshape(n, h // 8, 8, w // 8, 8).permute(0, 1, 3, 2, 4) - 50
    coefficients = torch.round(dct @ blocks @ dct.T / step) * step
    return (dct.T @ coefficients @ dct).permute(0, 1, 3, 2, 4).reshape(n, 1, h, w) + 50


def vignette(x: Tensor, g: torch.Generator) -> Tensor:
    """Darker, or in faded prints lighter, towards the corners."""
    h, w = x.shape[2:]
    v = torch.linspace(-1, 1, h, device=x.device).view(1, 1, h, 1)
    u = torch.linspace(-1, 1, w, device=x.device).view(1, 1, 1, w)
    return x + uniform(x, -30, 15, g) * (u * u + v * v) / 2


def scratches(x: Tensor, g: torch.Generator) -> Tensor:
    """A few bright or dark upright lines and specks of dust."""
    n, _, h, w = x.shape
    lines = torch.rand((n, 1, 1, w), generator=g, device=g.device) < 2 / w
    specks = torch.rand((n, 1, h, w), generator=g, device=g.device) < 12 / (h * w)
    dust = F.max_pool2d(specks.to(x), 3, stride=1, padding=1) > 0
    marks = (lines.to(x.device) | dust).to(x.dtype)
    tone = torch.where(uniform(x, 0, 1, g) < 0.7, 95.0, 8.0)
    return x + (tone - x) * marks * uniform(x, 0.4, 1, g)


def halftone(x: Tensor, g: torch.Generator) -> Tensor:
    """The dots of a printed page: a slanted sine screen of 3 to 5 pixels."""
    h, w = x.shape[2:]
    angle, period = uniform(x, 0, math.pi / 2, g), uniform(x, 3, 5, g)
    v = torch.arange(h, device=x.device, dtype=x.dtype).view(1, 1, h, 1)
    u = torch.arange(w, device=x.device, dtype=x.dtype).view(1, 1, 1, w)
    along, across = u * torch.cos(angle) + v * torch.sin(angle), v * torch.cos(angle) - u * torch.sin(angle)
    screen = torch.sin(2 * math.pi * along / period) * torch.sin(2 * math.pi * across / period)
    return x + screen * uniform(x, 5, 25, g)


# Damage → share of the damaged pictures that get it, in the order in which a print suffers it.
DAMAGES: tuple[tuple[Callable[[Tensor, torch.Generator], Tensor], float], ...] = (
    (blur, 0.3),
    (tones, 0.7),
    (vignette, 0.3),
    (grain, 0.5),
    (scratches, 0.15),
    (halftone, 0.05),
    (jpeg, 0.3),
)


def degrade(lightness: Tensor, generator: torch.Generator, *, share: float = 0.5) -> Tensor:
    """Damage `share` of the pictures. lightness: (N, 1, H, W), 0…100 → the same, clipped to 0…100.

    Sides are multiples of 8. The draws come from `generator`, on its own device.
    """
    x = lightness.clone()
    damaged = uniform(x, 0, 1, generator) < share
    for damage, how_often in DAMAGES:
        chosen = (damaged & (uniform(x, 0, 1, generator) < how_often)).flatten().nonzero().flatten()
        if len(chosen):
            x[chosen] = damage(x[chosen], generator)
    return x.clamp(0, 100)


def emulsion(eye: Tensor, count: int, generator: torch.Generator, *, share: float = 0.25) -> Tensor:
    """Weights of linear R, G and B in the grey of each of `count` pictures, (count, 3, 1, 1), sum 1.

    `share` of the pictures get a film's sensitivity instead of the eye's, `eye` (3,): early plates
    saw blue (white skies, dark lips), orthochromatic film blue and green.
    """
    draws = torch.rand((count, 4, 1, 1), generator=generator, device=generator.device).to(eye.device)
    film = draws[:, :3] * eye.new_tensor([0.6, 1.0, 1.0]).view(1, 3, 1, 1) + 1e-3
    film = film / film.sum(dim=1, keepdim=True)
    return torch.where(draws[:, 3:] < share, film, eye.view(1, 3, 1, 1))
