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
