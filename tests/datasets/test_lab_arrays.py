"""Kaggle's Image Colorization: 8-bit Lab in arrays."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.datasets.batches import Batches
from photochrom.datasets.lab_arrays import LabArrays
from photochrom.datasets.pictures import load_pictures
from photochrom.errors import NoPictures

SIDE = 16


@pytest.fixture
def kaggle(tmp_path):
    """Seven pictures in the layout of the set, the colours in files of 3, 2 and 2, and the pictures' Lab."""
    lab = np.random.default_rng(0).integers(60, 200, (7, SIDE, SIDE, 3), np.uint8)
    lab[..., 0] = np.arange(7)[:, None, None] * 30
    top = tmp_path / "image-colorization"
    (top / "l").mkdir(parents=True)
    (top / "ab" / "ab").mkdir(parents=True)
    np.save(top / "l" / "gray_scale.npy", lab[..., 0])
    for number, part in enumerate((lab[:3], lab[3:5], lab[5:]), 1):
        np.save(top / "ab" / "ab" / f"ab{number}.npy", part[..., 1:])
    return top, lab


def decoded(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)))


def near(picture, lab):
    """Whether a picture is what OpenCV makes of this Lab."""
    theirs = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).astype(int)
    return np.abs(decoded(picture) - theirs).max() <= 2


def numbers(pictures):
    return [int(p.name.rpartition(":")[2].removesuffix(".png")) for p in pictures]


def test_every_lightness_gets_its_colours(kaggle):
    top, lab = kaggle
    damaged = []
    pictures = load_pictures([top], damaged=damaged.append)
    assert not damaged
    assert numbers(pictures) == list(range(7))
    assert {p.source for p in pictures} == {"image-colorization"}
    for i, picture in enumerate(pictures):
        assert near(picture, lab[i])
        assert not near(picture, np.concatenate([lab[i][..., :1], lab[(i + 1) % 7][..., 1:]], -1))


def test_ten_files_are_in_the_order_of_their_numbers(tmp_path):
    (tmp_path / "l").mkdir()
    (tmp_path / "ab").mkdir()
    ab = np.random.default_rng(1).integers(60, 200, (11, SIDE, SIDE, 2), np.uint8)
    np.save(tmp_path / "l" / "gray_scale.npy", np.full((11, SIDE, SIDE), 128, np.uint8))
    for i in range(11):
        np.save(tmp_path / "ab" / f"ab{i + 1}.npy", ab[i : i + 1])
    for i, picture in enumerate(load_pictures([tmp_path])):
        assert near(picture, np.concatenate([np.full((SIDE, SIDE, 1), 128, np.uint8), ab[i]], -1))


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_each_value_is_what_opencv_makes_of_it(values):
    lab = np.array(values, np.uint8).reshape(1, 1, 1, 3)
    ours = LabArrays(lab[..., 0], lab[..., 1:]).rgb(0)
    theirs = cv2.cvtColor(lab[0], cv2.COLOR_LAB2RGB)
    assert np.abs(ours.astype(int) - theirs).max() <= 2


def test_the_first_picture_of_the_set(tmp_path):
    """L[0, 0] = 237 and ab = (129, 136): nearly white, a little yellow."""
    pixel = LabArrays(
        np.full((1, 1, 1), 237, np.uint8), np.array([129, 136], np.uint8).reshape(1, 1, 1, 2)
    ).rgb(0)
    red, green, blue = pixel[0, 0].astype(int)
    assert 230 < green < red < 246
    assert 10 < green - blue < 20


def test_what_is_cut_short_costs_its_own_pictures_alone(kaggle):
    top, lab = kaggle
    second = top / "ab" / "ab" / "ab2.npy"
    second.write_bytes(second.read_bytes()[:-1])
    damaged = []
    pictures = load_pictures([top], damaged=damaged.append)
    assert numbers(pictures) == [0, 1, 2, 3, 5, 6]
    assert all(near(picture, lab[i]) for i, picture in zip(numbers(pictures), pictures, strict=True))
    assert [str(damage) for damage in damaged] == [f"{second}: is cut short: 1 of 2 pictures are whole"]


@pytest.mark.parametrize("fault", ["missing", "no array", "other kind", "other side"])
def test_what_cannot_be_paired_is_left_out(kaggle, fault):
    top, _ = kaggle
    second = top / "ab" / "ab" / "ab2.npy"
    if fault == "missing":
        second.unlink()
    elif fault == "no array":
        second.write_bytes(b"no array")
    else:
        shape = (2, SIDE, SIDE, 2) if fault == "other kind" else (2, SIDE, SIDE - 1, 2)
        np.save(second, np.zeros(shape, np.float32 if fault == "other kind" else np.uint8))
    damaged = []
    assert numbers(load_pictures([top], damaged=damaged.append)) == [0, 1, 2]
    assert len(damaged) == 1
    assert "pictures 3 and on of gray_scale.npy are left out" in damaged[0].reason


def test_lightnesses_without_colours_are_told(kaggle):
    top, _ = kaggle
    (top / "ab" / "ab" / "ab3.npy").unlink()
    damaged = []
    assert len(load_pictures([top], damaged=damaged.append)) == 5
    assert "holds 7 lightnesses for 5 colours" in damaged[0].reason


def test_no_code_is_read_from_an_array(kaggle):
    top, _ = kaggle
    np.save(top / "l" / "gray_scale.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(NoPictures, match="holds object"):
        load_pictures([top])


def test_batches_are_made_of_them(kaggle):
    shown = Batches(load_pictures([kaggle[0]]), batch=4, sizes=((8, 8),), weights={}, seed=0)(0)
    assert shown.rgb.shape == (4, 8, 8, 3)
    assert shown.rgb.std() > 5
