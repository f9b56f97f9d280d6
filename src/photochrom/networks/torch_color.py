"""The torch twin of `photochrom.color`: the same constants, on (N, 3, H, W) tensors.

Held to the numpy version at 1e-4 by a test. Used where colour must be computed on the device that
trains; everything else uses numpy.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color import constants as c


def _mixed(x: Tensor, matrix: NDArray[np.float64]) -> Tensor:
    # A list and not the array: the constants are not to be written to, which torch would warn of.
    # Autocast would round colours to eight bits of precision.
    with torch.autocast(x.device.type, enabled=False):
        return torch.einsum("ij,njhw->nihw", x.new_tensor(matrix.tolist()), x)


def srgb_to_linear(x: Tensor) -> Tensor:
    """sRGB 0…1 → linear light 0…1, any shape. Reference: IEC 61966-2-1."""
    curve = ((x + c.SRGB_OFFSET) / (1 + c.SRGB_OFFSET)).clamp_min(0) ** c.SRGB_EXPONENT
    return torch.where(x <= c.SRGB_ENCODED_JOIN, x / c.SRGB_SLOPE, curve)


def linear_to_srgb(x: Tensor) -> Tensor:
    """Linear light → sRGB, any shape; below 0 the straight part goes on. Reference: IEC 61966-2-1."""
    # The floor keeps the power's gradient finite where the straight part is taken.
    power = x.clamp_min(c.SRGB_LINEAR_JOIN) ** (1 / c.SRGB_EXPONENT)
    return torch.where(x <= c.SRGB_LINEAR_JOIN, x * c.SRGB_SLOPE, (1 + c.SRGB_OFFSET) * power - c.SRGB_OFFSET)


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """rgb: (N, 3, H, W), 0…1 → L 0…100, a, b. Reference: CIE 15:2018, 8.2.1, white D65."""
    return linear_to_lab(srgb_to_linear(rgb))


def linear_to_lab(rgb: Tensor) -> Tensor:
    """rgb: (N, 3, H, W), linear light 0…1 → L 0…100, a, b. Reference: CIE 15:2018, 8.2.1, white D65."""
    xyz = _mixed(rgb, c.RGB_TO_RELATIVE)
    f = torch.where(
        xyz > c.LAB_CUBE_JOIN,
        xyz.clamp_min(c.LAB_CUBE_JOIN) ** (1 / 3),
        xyz * c.LAB_SLOPE + c.LAB_OFFSET,
    )
    fx, fy, fz = f.unbind(1)
    return torch.stack([c.L_SCALE * fy - c.L_OFFSET, c.A_SCALE * (fx - fy), c.B_SCALE * (fy - fz)], dim=1)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """lab: (N, 3, H, W) → sRGB, (N, 3, H, W), not clipped: 0…1 inside the gamut."""
    lightness, a, b = lab.unbind(1)
    fy = (lightness + c.L_OFFSET) / c.L_SCALE
    f = torch.stack([fy + a / c.A_SCALE, fy, fy - b / c.B_SCALE], dim=1)
    xyz = torch.where(f > c.DELTA, f**3, (f - c.LAB_OFFSET) / c.LAB_SLOPE)
    return linear_to_srgb(_mixed(xyz, c.RELATIVE_TO_RGB))


def lightness_from_luminance(y: Tensor) -> Tensor:
    """Relative luminance 0…1 → L 0…100, any shape. Reference: CIE 15:2018, 8.2.1."""
    cube = y.clamp_min(c.LAB_CUBE_JOIN) ** (1 / 3)
    return torch.where(y > c.LAB_CUBE_JOIN, c.L_SCALE * cube - c.L_OFFSET, y * (c.L_SCALE * c.LAB_SLOPE))


def srgb_to_hls(rgb: Tensor) -> Tensor:
    """rgb: (N, 3, H, W), 0…1 → hue, lightness, saturation, each 0…1, as Python's colorsys has them."""
    high, low = rgb.amax(1), rgb.amin(1)
    light, spread = (high + low) / 2, high - low
    # Grey has no hue; 1 in place of its spread keeps gradients finite.
    width = torch.where(spread > 0, spread, 1.0)
    vivid = spread / torch.where(light <= 0.5, high + low, 2 - high - low).clamp_min(1e-6)
    r, g, b = rgb.unbind(1)
    sixth = torch.where(
        high == r, (g - b) / width, torch.where(high == g, 2 + (b - r) / width, 4 + (r - g) / width)
    )
    return torch.stack([torch.where(spread > 0, sixth / 6 % 1, 0.0), light, vivid], dim=1)


def hls_to_srgb(hls: Tensor) -> Tensor:
    """hue, lightness, saturation, each 0…1, (N, 3, H, W) → sRGB 0…1; hue is taken modulo 1."""
    hue, light, vivid = hls[:, :1], hls[:, 1:2], hls[:, 2:]
    reach = vivid * torch.minimum(light, 1 - light)
    place = (hls.new_tensor([0.0, 8.0, 4.0]).view(1, 3, 1, 1) + hue * 12) % 12
    return light - reach * torch.minimum(place - 3, 9 - place).clamp(-1, 1)
