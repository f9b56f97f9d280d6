"""How different two colours look: ΔE of 1976 and of 2000."""

from __future__ import annotations

from math import pi, radians

import numpy as np
from numpy.typing import ArrayLike

from photochrom.color.arrays import Floats, triplets


def delta_e_76(lab_1: ArrayLike, lab_2: ArrayLike) -> Floats:
    """ΔE*ab: the distance in CIELAB.

    `lab_1`, `lab_2`: (…, 3), broadcast together. Returns (…). Reference: CIE 15:2018, 8.2.1.3.

    >>> float(delta_e_76([50.0, 3.0, 0.0], [50.0, 0.0, 4.0]))
    5.0
    """
    with np.errstate(invalid="ignore", over="ignore"):
        squares = np.square(triplets(lab_1) - triplets(lab_2))
    return np.asarray(np.sqrt(squares.sum(axis=-1)))


def delta_e_2000(lab_1: ArrayLike, lab_2: ArrayLike) -> Floats:
    """ΔE00 with k_L = k_C = k_H = 1; about 1 is just visible side by side. Symmetric.

    `lab_1`, `lab_2`: (…, 3), broadcast together. Returns (…). Reference: Sharma, Wu and Dalal, "The
    CIEDE2000 Color-Difference Formula", Color Research and Application 30 (2005), equations 2 to
    22, whose names are kept; ISO/CIE 11664-6.

    >>> round(float(delta_e_2000([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485])), 4)
    2.0425
    """
    first, second = triplets(lab_1), triplets(lab_2)
    with np.errstate(invalid="ignore", over="ignore"):
        lightness_1, chroma_1, hue_1, lightness_2, chroma_2, hue_2 = _adjusted(first, second)
        step_l = lightness_2 - lightness_1
        step_c = chroma_2 - chroma_1
        step_hue = _hue_step(hue_1, hue_2, chroma_1 * chroma_2)
        step_h = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(step_hue / 2)
        mean_l = (lightness_1 + lightness_2) / 2
        mean_c = (chroma_1 + chroma_2) / 2
        mean_h = _mean_hue(hue_1, hue_2, chroma_1 * chroma_2)
        weight_t = (
            1
            - 0.17 * np.cos(mean_h - radians(30))
            + 0.24 * np.cos(2 * mean_h)
            + 0.32 * np.cos(3 * mean_h + radians(6))
            - 0.20 * np.cos(4 * mean_h - radians(63))
        )
        from_50 = np.square(mean_l - 50)
        l_term = step_l / (1 + 0.015 * from_50 / np.sqrt(20 + from_50))
        c_term = step_c / (1 + 0.045 * mean_c)
        h_term = step_h / (1 + 0.015 * mean_c * weight_t)
        turn = radians(60) * np.exp(-np.square((np.degrees(mean_h) - 275) / 25))
        rotation = -np.sin(turn) * 2 * _high_chroma(mean_c)
        squares = l_term**2 + c_term**2 + h_term**2 + rotation * c_term * h_term
        return np.asarray(np.sqrt(squares))


def _adjusted(first: Floats, second: Floats) -> tuple[Floats, ...]:
    """L, C' and h' of both colours: a is stretched where chroma is small (equations 2 to 7)."""
    mean = (np.hypot(first[..., 1], first[..., 2]) + np.hypot(second[..., 1], second[..., 2])) / 2
    stretch = 1 + 0.5 * (1 - _high_chroma(mean))
    parts: list[Floats] = []
    for lab in (first, second):
        a, b = lab[..., 1] * stretch, lab[..., 2]
        parts += [lab[..., 0], np.hypot(a, b), np.arctan2(b, a) % (2 * pi)]
    return tuple(parts)


def _high_chroma(chroma: Floats) -> Floats:
    """0 for greys, towards 1 for vivid colours: √(C⁷ / (C⁷ + 25⁷)) (equations 4 and 17)."""
    return np.sqrt(1 / (1 + (25 / np.maximum(chroma, 1e-4)) ** 7))


def _hue_step(hue_1: Floats, hue_2: Floats, chroma_product: Floats) -> Floats:
    """The signed way from one hue to the other, the short way round; 0 for a grey (equation 10)."""
    step = hue_2 - hue_1
    step = np.where(step > pi, step - 2 * pi, np.where(step < -pi, step + 2 * pi, step))
    return np.where(chroma_product == 0, 0, step)


def _mean_hue(hue_1: Floats, hue_2: Floats, chroma_product: Floats) -> Floats:
    """The hue half-way, the short way round; beside a grey the other's hue (equation 14)."""
    total = hue_1 + hue_2
    far = np.abs(hue_1 - hue_2) > pi
    round_trip = np.where(total < 2 * pi, total + 2 * pi, total - 2 * pi)
    return np.where(chroma_product == 0, total, np.where(far, round_trip, total) / 2)
