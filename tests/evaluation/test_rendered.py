from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage.color import lab2rgb, rgb2lab

from photochrom.errors import UnreadableImage
from photochrom.evaluation.rendered import (
    Rendered,
    from_samples,
    gray_of,
    through_lab8,
    truth_of,
)
from photochrom.images.read import read_picture


def photograph() -> np.ndarray:
    y, x = np.mgrid[0:30, 0:40]
    return np.stack([x * 6, y * 8, 255 - x * 3 - y * 4], axis=-1).astype(np.uint8)


def truth(path: Path) -> np.ndarray:
    return np.asarray(truth_of(path).numpy())


def test_the_truth_of_a_png_is_its_samples(tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "a.png")
    assert np.array_equal(truth(tmp_path / "a.png"), photograph())


def test_the_truth_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photograph()).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(truth(tmp_path / "a.png"), np.rot90(photograph(), -1))


def test_the_truth_has_three_bands_without_opacity(tmp_path: Path) -> None:
    alpha = np.full((30, 40, 1), 128, np.uint8)
    Image.fromarray(np.concatenate([photograph(), alpha], axis=2)).save(tmp_path / "a.png")
    Image.fromarray(photograph()[..., 0]).save(tmp_path / "b.png")
    assert np.array_equal(truth(tmp_path / "a.png"), photograph())
    assert np.array_equal(truth(tmp_path / "b.png"), np.repeat(photograph()[..., :1], 3, axis=2))


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    deep = (photograph().astype(np.uint32) * 257 + 40).clip(0, 65535).astype(np.uint16)
    read_picture(deep).pixels.source.open().write_to_file(str(tmp_path / "a.png"))
    assert np.array_equal(truth(tmp_path / "a.png"), photograph())


def test_a_profile_is_applied_and_a_broken_one_passed_over(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photograph()).save(tmp_path / "a.png", icc_profile=srgb)
    Image.fromarray(photograph()).save(tmp_path / "b.jpg", quality=100, subsampling=0)
    Image.fromarray(photograph()).save(tmp_path / "c.jpg", quality=100, subsampling=0, icc_profile=b"no" * 99)
    assert np.abs(truth(tmp_path / "a.png").astype(int) - photograph()).max() <= 2
    assert np.array_equal(truth(tmp_path / "b.jpg"), truth(tmp_path / "c.jpg"))


def test_what_is_not_a_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("words")
    with pytest.raises(UnreadableImage, match=r"a\.jpg"):
        truth_of(tmp_path / "a.jpg")


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    Image.fromarray(photograph()).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableImage, match=r"b\.png"):
        truth_of(tmp_path / "b.png")


def test_grey_is_neutral_and_has_the_lightness_of_the_picture() -> None:
    rgb = photograph()
    gray = gray_of(read_picture(rgb))
    assert (np.ptp(gray.rgb, axis=-1) == 0).all()
    assert np.abs(gray.lab[..., 0] - rgb2lab(rgb)[..., 0]).max() < 0.3


def test_lab_is_that_of_scikit_image() -> None:
    assert np.abs(Rendered(photograph()).lab - rgb2lab(photograph())).max() < 0.05


def test_eight_bit_lab_costs_what_scikit_image_says_it_costs() -> None:
    codes = np.rint(rgb2lab(photograph()) * [2.55, 1, 1])
    expected = np.rint(lab2rgb(codes / [2.55, 1, 1]).clip(0, 1) * 255)
    there = through_lab8(Rendered(photograph())).rgb
    # Where a value lies between two codes, the last digit decides.
    assert np.mean(np.abs(there - expected) > 1) < 0.01
    assert 0 < np.abs(there.astype(int) - photograph()).mean() < 2


def test_samples_of_a_result_become_eight_bit_rgb() -> None:
    deep = np.array([[[0, 128, 65535, 7]]], np.uint16)
    assert from_samples(deep).rgb.tolist() == [[[0, 0, 255]]]
    assert from_samples(np.array([[[1, 2, 3, 4]]], np.uint8)).rgb.tolist() == [[[1, 2, 3]]]
