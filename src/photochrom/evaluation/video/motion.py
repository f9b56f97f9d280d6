"""Where every pixel of a frame is in the next, and what cannot be said to be anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import MissingExtra

Plane = NDArray[np.float32]

# Sundaram, Brox and Keutzer, "Dense point trajectories by GPU-accelerated large displacement optical
# flow" (ECCV 2010), as Ruder et al. (arXiv 1604.08610) and Lai et al. (arXiv 1808.00449) take them:
# what two flows may disagree by, and what is a border between motions.
_DISAGREEMENT: Final = (0.01, 0.5)
_BORDER: Final = (0.01, 0.002)


@dataclass(frozen=True, eq=False)
class Motion:
    """From a frame to the next.

    flow: (H, W, 2) pixels to the right and down
    visible: (H, W), False where a pixel is covered in the next frame, leaves it, or lies on a border
        between motions
    """

    flow: Plane = field(repr=False)
    visible: NDArray[np.bool_] = field(repr=False)


def motion_between(before: Plane, after: Plane) -> Motion:
    """before, after: (H, W), L 0…100, of at least 16 pixels a side.

    Flow by dense inverse search (Kroeger et al., arXiv 1603.03590) in both directions. Raises
    MissingExtra where OpenCV is not installed.
    """
    forward, backward = _flow(before, after), _flow(after, before)
    returned = moved(backward, forward)
    lengths = _squares(forward) + _squares(returned)
    agree = _squares(forward + returned) <= _DISAGREEMENT[0] * lengths + _DISAGREEMENT[1]
    down, across = (np.asarray(step, np.float32) for step in np.gradient(forward, axis=(0, 1)))
    smooth = _squares(down) + _squares(across) <= _BORDER[0] * _squares(forward) + _BORDER[1]
    x, y = _places(forward)
    height, width = before.shape
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return Motion(forward, agree & smooth & inside)


def moved(plane: Plane, flow: Plane) -> Plane:
    """`plane` looked up where `flow` points, bilinear, its border repeated. plane: (H, W, C), C ≤ 4."""
    found: Plane = _opencv().remap(
        plane, *_places(flow), interpolation=_opencv().INTER_LINEAR, borderMode=_opencv().BORDER_REPLICATE
    )
    return found


def _flow(before: Plane, after: Plane) -> Plane:
    cv2 = _opencv()
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    codes = [np.rint(plane * 2.55).clip(0, 255).astype(np.uint8) for plane in (before, after)]
    flow: Plane = search.calc(*codes, None)
    return flow


def _places(flow: Plane) -> tuple[Plane, Plane]:
    """x and y that a flow points to, in pixels."""
    y, x = np.indices(flow.shape[:2], dtype=np.float32)
    return x + flow[..., 0], y + flow[..., 1]


def _squares(vectors: Plane) -> Plane:
    return np.asarray(np.square(vectors).sum(axis=-1))


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise MissingExtra("evaluate", "optical flow") from error
    return cv2
