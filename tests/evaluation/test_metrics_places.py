"""Metrics of where colour lies: bleeding, red blobs, skin. Oracles: SciPy, scikit-image, marked pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage
from skimage.color import deltaE_ciede2000
from skimage.transform import downscale_local_mean

from photochrom.evaluation.faces import read_faces
from photochrom.evaluation.metrics.bleeding import bleeding
from photochrom.evaluation.metrics.blobs import patches, red_blobs
from photochrom.evaluation.metrics.difference import mean_delta_e_2000, skin
from photochrom.evaluation.metrics.edges import nearby_maximum, reduced, smoothed, steepness
from photochrom.evaluation.rendered import Rendered, from_lab
from photochrom.evaluation.scene import Box

FIXTURES = Path(__file__).parent / "fixtures"
SIDE = 192


def disc(radius: float) -> np.ndarray:
    """(192, 192): 1 inside, 0 outside."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    return (np.hypot(y, x) < radius).astype(np.float32)


def scene(color: np.ndarray, *, lightness: np.ndarray, ab: tuple[float, float] = (40, -5)) -> Rendered:
    """color: how much of `ab` each pixel has."""
    return from_lab(np.stack([lightness, color * ab[0], color * ab[1]], axis=-1))


def blurred(plane: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(plane, sigma)


FLOWER = 60 - 25 * disc(30)
FLAT = np.full((SIDE, SIDE), 50, np.float32)


# ── where colour changes ────────────────────────────────────────────────────────────────────────


def test_reducing_by_a_whole_factor_is_scikit_images_local_mean() -> None:
    picture = Rendered(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    assert reduced(picture, 20) == pytest.approx(downscale_local_mean(picture.lab, (3, 3, 1)), abs=1e-4)


@given(height=st.integers(1, 90), width=st.integers(1, 90), short=st.integers(1, 40))
def test_reducing_keeps_the_shape_and_what_is_flat(height: int, width: int, short: int) -> None:
    small = reduced(Rendered(np.full((height, width, 3), (200, 80, 40), np.uint8)), short)
    assert min(small.shape[:2]) == min(short, height, width)
    assert small.shape[0] * width == pytest.approx(small.shape[1] * height, abs=max(height, width))
    assert small == pytest.approx(np.broadcast_to(small[0, 0], small.shape), abs=1e-3)


def test_filters_are_those_of_scipy() -> None:
    plane = np.random.default_rng(1).normal(size=(17, 23))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    assert smoothed(plane) == pytest.approx(ndimage.convolve(plane, kernel, mode="nearest"))
    assert nearby_maximum(plane, radius=2) == pytest.approx(ndimage.maximum_filter(plane, 5, mode="nearest"))
    halves = [ndimage.convolve1d(plane, [0.5, 0, -0.5], axis=axis, mode="nearest") for axis in (0, 1)]
    assert steepness(plane) == pytest.approx(np.hypot(*halves))


# ── bleeding ────────────────────────────────────────────────────────────────────────────────────


def test_color_that_ends_where_lightness_does_hardly_bleeds() -> None:
    assert bleeding(scene(disc(30), lightness=FLOWER)) < 10
    assert bleeding(scene(disc(30), lightness=FLAT)) > 95


@pytest.mark.parametrize("spread", [blurred, lambda c, s: np.roll(c, s, axis=1)])
def test_bleeding_grows_as_color_is_blurred_or_moved(spread) -> None:
    values = [bleeding(scene(spread(disc(30), size), lightness=FLOWER)) for size in (0, 1, 2, 4, 8)]
    assert values == sorted(values)
    assert values[-1] > values[0] + 20


def test_bleeding_is_a_share_that_does_not_grow_with_vividness() -> None:
    spread = blurred(disc(30), 3)
    dull, vivid = (bleeding(scene(c * spread, lightness=FLOWER)) for c in (0.4, 1))
    assert dull == pytest.approx(vivid, abs=2)


def test_a_picture_of_one_color_has_nothing_to_bleed() -> None:
    assert bleeding(Rendered(np.full((40, 40, 3), (200, 80, 40), np.uint8))) == 0


# ── red blobs ───────────────────────────────────────────────────────────────────────────────────


@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_patches_are_those_of_scipy(mask: np.ndarray) -> None:
    labels, count = patches(mask)
    theirs, their_count = ndimage.label(mask, np.ones((3, 3)))
    assert count == their_count
    assert np.array_equal(labels > 0, mask)
    assert len(set(zip(labels.ravel().tolist(), theirs.ravel().tolist(), strict=True))) == len(
        np.unique(labels)
    )


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.jpg")), ids=lambda file: file.stem)
def test_blobs_are_where_a_person_sees_them(file: Path) -> None:
    found = red_blobs(Rendered(np.asarray(Image.open(file))))
    assert (found > 0) == file.stem.startswith("blob_")


def test_a_red_flower_is_no_blob_and_one_that_fades_is() -> None:
    found = [red_blobs(scene(blurred(disc(30), sigma), lightness=FLOWER)) for sigma in (0, 1, 6, 12)]
    assert found == [0, 0, 1, 1]


def test_a_sharp_patch_without_an_edge_of_lightness_is_a_blob() -> None:
    assert red_blobs(scene(disc(30), lightness=FLAT)) == 1
    assert red_blobs(scene(disc(30), lightness=FLAT, ab=(-40, 10))) == 0
    assert red_blobs(scene(disc(30), lightness=FLAT, ab=(30, 40))) == 0


def test_each_patch_is_counted_if_it_is_large_enough() -> None:
    two = np.maximum(np.roll(disc(15), 45, axis=0), np.roll(disc(15), -45, axis=0))
    assert red_blobs(scene(two, lightness=FLAT)) == 2
    assert red_blobs(scene(disc(4), lightness=FLAT)) == 0


def test_a_dark_coat_needs_less_chroma_than_a_light_wall() -> None:
    patch = blurred(disc(30), 6)
    assert red_blobs(scene(patch, lightness=FLAT - 35, ab=(16, -6))) == 1
    assert red_blobs(scene(patch, lightness=FLAT + 20, ab=(16, -6))) == 0


def test_grey_and_a_tint_of_everything_have_none() -> None:
    assert red_blobs(scene(0 * FLAT, lightness=FLOWER)) == 0
    assert red_blobs(scene(np.ones_like(FLAT), lightness=FLAT)) == 0


@pytest.mark.parametrize("factor", [2, 3])
def test_a_larger_copy_has_the_same_places(factor: int) -> None:
    small = scene(blurred(disc(30), 6), lightness=FLOWER)
    large = Rendered(np.kron(small.rgb, np.ones((factor, factor, 1), np.uint8)))
    assert red_blobs(large) == red_blobs(small) == 1
    assert reduced(large, SIDE) == pytest.approx(reduced(small, SIDE), abs=1e-3)


# ── skin ────────────────────────────────────────────────────────────────────────────────────────


def pair() -> tuple[Rendered, Rendered]:
    rng = np.random.default_rng(3)
    one, two = (Rendered(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)) for _ in range(2))
    return one, two


def test_skin_is_the_difference_of_scikit_image_inside_the_box() -> None:
    result, truth = pair()
    part = (slice(3, 9), slice(5, 17))
    expected = deltaE_ciede2000(truth.lab[part], result.lab[part]).mean()
    assert skin(result, truth, (Box(5, 3, 17, 9),)) == pytest.approx(expected, rel=1e-4)


def test_a_box_around_everything_is_the_whole_picture() -> None:
    result, truth = pair()
    assert skin(result, truth, (Box(-5, -5, 99, 99),)) == pytest.approx(mean_delta_e_2000(result, truth))


def test_pixels_in_two_boxes_count_once() -> None:
    result, truth = pair()
    once = skin(result, truth, (Box(2, 2, 8, 8),))
    assert skin(result, truth, (Box(2, 2, 8, 8), Box(2, 2, 8, 8), Box(3, 3, 5, 5))) == once


def test_boxes_take_the_pixels_whose_centre_they_hold() -> None:
    result, truth = pair()
    assert skin(result, truth, (Box(2.4, 2.4, 7.6, 7.6),)) == skin(result, truth, (Box(2, 2, 8, 8),))


def test_no_pixel_inside_a_box_is_not_known() -> None:
    result, truth = pair()
    assert math.isnan(skin(result, truth, ()))
    assert math.isnan(skin(result, truth, (Box(2.6, 2.6, 3.4, 3.4),)))


def test_the_marked_faces_of_the_evaluation_can_be_read() -> None:
    faces = read_faces(Path(__file__).parents[2] / "docs" / "evaluation" / "val-faces.json")
    assert (len(faces), sum(map(len, faces.values()))) == (44, 56)
