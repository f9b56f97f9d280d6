"""Films whose motion and whose flicker are known."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from photochrom.errors import MissingExtra
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.rendered import Rendered, from_lab, gray_of
from photochrom.evaluation.scene import Scene
from photochrom.evaluation.video import FILM_METRICS
from photochrom.evaluation.video.clip import Clip
from photochrom.evaluation.video.measures import warp_error
from photochrom.evaluation.video.motion import motion_between, moved
from photochrom.images.read import read_picture

HEIGHT, WIDTH = 96, 128


def texture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Smooth noise, (height, width), 20…80: something for flow to hold on to."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.normal(size=(height, width)))
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    smooth = np.fft.irfft2(spectrum * np.exp(-np.hypot(y, x) * 25), (height, width))
    return (50 + 10 * smooth / smooth.std()).clip(20, 80).astype(np.float32)


def painted(lightness: np.ndarray, a: np.ndarray | float, b: np.ndarray | float = 0.0) -> Rendered:
    ab = [np.broadcast_to(np.float32(plane), lightness.shape) for plane in (a, b)]
    return from_lab(np.stack([lightness, *ab], axis=-1))


def window(plane: np.ndarray, shift: int) -> np.ndarray:
    return plane[:, shift : shift + WIDTH]


@pytest.fixture(scope="module")
def pan() -> Clip:
    """A camera that turns right, 3 pixels a frame, past a wall that is red and green in patches."""
    wall, color = texture(0, width=WIDTH + 20), texture(1, width=WIDTH + 20) - 50
    return Clip(tuple(painted(window(wall, 3 * i), window(color, 3 * i)) for i in range(5)))


@pytest.fixture(scope="module")
def still() -> Clip:
    return Clip((painted(texture(0), 10, 5),) * 6)


def test_flow_finds_a_shift(pan: Clip) -> None:
    motion = pan.motions[0]
    inner = (slice(10, -10), slice(20, -20))
    assert np.median(motion.flow[inner], axis=(0, 1)) == pytest.approx([-3, 0], abs=0.1)
    assert motion.visible[inner].mean() > 0.9
    # What leaves the picture on the left cannot be seen in the next frame.
    assert not motion.visible[:, :2].any()


def test_moved_looks_up_where_the_flow_points() -> None:
    plane = np.stack([texture(0), texture(1)], axis=-1)
    flow = np.zeros_like(plane)
    np.testing.assert_array_equal(moved(plane, flow), plane)
    flow[..., 0], flow[..., 1] = 5, -2
    np.testing.assert_allclose(moved(plane, flow)[2:, :-5], plane[:-2, 5:], atol=1e-4)
    flow[..., 0], flow[..., 1] = 0.5, 0
    np.testing.assert_allclose(moved(plane, flow)[:, :-1], (plane[:, :-1] + plane[:, 1:]) / 2, atol=1e-3)


def test_what_is_covered_is_not_visible() -> None:
    before, after = texture(0), texture(0)
    square = texture(5, 32, 32) + 20
    before[32:64, 30:62], after[32:64, 40:72] = square, square
    visible = motion_between(before, after).visible
    assert visible[36:60, 63:70].mean() < 0.3
    assert visible[36:60, 36:56].mean() > 0.8
    assert visible[4:20, 10:110].mean() > 0.9


def test_after_a_cut_next_to_nothing_is_visible() -> None:
    assert motion_between(texture(0), texture(9)).visible.mean() < 0.2


def test_colors_that_move_with_the_picture_have_hardly_any_error(pan: Clip) -> None:
    stuck = [painted(frame.lab[..., 0], pan.frames[0].lab[..., 1]) for frame in pan.frames]
    assert warp_error(pan.frames, pan) < 1
    assert warp_error(stuck, pan) > 3 * warp_error(pan.frames, pan)


def test_flicker_is_measured_in_units_of_lab(still: Clip) -> None:
    lightness = texture(0)
    blinking = [painted(lightness, 6 * (i % 2), 8 * (i % 2)) for i in range(6)]
    assert warp_error(blinking, still) == pytest.approx(10, abs=0.5)
    once = [painted(lightness, 6 * (i > 2), 8 * (i > 2)) for i in range(6)]
    assert warp_error(once, still) == pytest.approx(10 / 5, abs=0.2)


def test_it_grows_with_the_flicker(still: Clip) -> None:
    errors = [
        warp_error([painted(texture(0), strength * (i % 2)) for i in range(6)], still)
        for strength in (0, 2, 5, 12)
    ]
    assert errors == sorted(errors)
    assert errors[0] == pytest.approx(0, abs=1e-3)


def test_grey_does_not_flicker(pan: Clip) -> None:
    gray = [gray_of(read_picture(frame.rgb)) for frame in pan.frames]
    assert warp_error(gray, pan) == pytest.approx(0, abs=1e-3)


def test_where_nothing_can_be_followed_there_is_no_error() -> None:
    clip = Clip((painted(texture(0), 0), painted(texture(1), 0)))
    for motion in clip.motions:
        motion.visible[:] = False
    assert math.isnan(warp_error(clip.frames, clip))


@pytest.mark.parametrize("name", ["psnr", "de2000"])
def test_frames_are_measured_as_pictures_are(name: str, pan: Clip) -> None:
    gray = [gray_of(read_picture(frame.rgb)) for frame in pan.frames]
    expected = [
        METRICS[name].measure(result, Scene(truth.rgb, truth))
        for result, truth in zip(gray, pan.frames, strict=True)
    ]
    assert FILM_METRICS[name].function(gray, pan) == pytest.approx(np.mean(expected))
    assert FILM_METRICS[name].better == METRICS[name].better


def test_without_opencv_the_command_that_adds_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtra, match=r"optical flow needs more packages: .*photochrom\[evaluate\]"):
        motion_between(texture(0), texture(0))
