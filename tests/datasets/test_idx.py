"""IDX files, as Fashion-MNIST comes in."""

import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.datasets.damage import unheard
from photochrom.datasets.idx import read_idx
from photochrom.datasets.pictures import load_pictures
from photochrom.errors import NoPictures


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + array.tobytes()


@pytest.fixture
def fashion(tmp_path):
    """Five pictures with their classes, and the pictures."""
    pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures)))
    classes = np.array([9, 2, 1, 1, 6], np.uint8)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(classes)))
    return tmp_path, pictures


def test_pictures_and_their_classes(fashion):
    folder, pictures = fashion
    for place in (folder, folder / "t10k-images-idx3-ubyte.gz"):
        found = load_pictures([place], grey=True)
        assert [p.label for p in found] == ["class9", "class2", "class1", "class1", "class6"]
        for picture, pixels in zip(found, pictures, strict=True):
            image = Image.open(io.BytesIO(picture.data))
            assert image.mode == "L"
            np.testing.assert_array_equal(np.asarray(image), pixels)


def test_they_teach_no_colour(fashion):
    with pytest.raises(NoPictures, match=r"ubyte\.gz: holds grey pictures, which teach no colour"):
        load_pictures([fashion[0]])


def test_without_classes_and_without_gzip(fashion):
    folder, pictures = fashion
    for file in folder.iterdir():
        file.unlink()
    (folder / "train-images-idx3-ubyte").write_bytes(idx(pictures))
    found = load_pictures([folder], grey=True)
    assert len(found) == 5
    assert {p.label for p in found} == {""}


@given(st.data())
def test_of_a_cut_file_the_whole_pictures_are_taken(tmp_path_factory, data):
    pictures = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
    whole = idx(pictures)
    packed = data.draw(st.booleans())
    content = gzip.compress(whole) if packed else whole
    cut = content[: data.draw(st.integers(0, len(content)))]
    file = tmp_path_factory.mktemp("idx") / f"x-images-idx3-ubyte{'.gz' if packed else ''}"
    file.write_bytes(cut)
    damaged = []
    found = read_idx(file, damaged.append)
    assert len(damaged) == (len(found) < 6)
    assert all(damage.name == str(file) for damage in damaged)
    np.testing.assert_array_equal(found, pictures[: len(found)] if len(found) else found)
    if not packed:
        assert len(found) == max(0, len(cut) - 16) // 12


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("idx") / "x-images-idx3-ubyte"
    file.write_bytes(content)
    assert read_idx(file, unheard).dtype == np.uint8
