"""Which pictures are the same."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from photochrom.datasets.fingerprints import LEAST_CORRELATION, Fingerprint, fingerprint, same_groups
from photochrom.datasets.screen import SAME_PICTURE, hash_of


def prints(images):
    return [fingerprint(image.tobytes(), image) for image in images]


@pytest.mark.parametrize("seed", range(4))
def test_copies_of_a_picture_are_the_same(paint, encode, seed):
    image = paint(seed, 300, 250)
    again = Image.open(io.BytesIO(encode(image.resize((200, 180)), quality=40)))
    variants = [
        image,
        again,
        again.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        ImageEnhance.Brightness(image).enhance(0.8),
        image.convert("L"),
    ]
    others = [paint(seed + 10 + i, 300, 250) for i in range(5)]
    assert same_groups(prints([*others, *variants])).tolist() == [0, 1, 2, 3, 4, 5, 5, 5, 5, 5]


def test_identical_files_alone(paint):
    images = [paint(1), paint(2), paint(1), ImageEnhance.Brightness(paint(1)).enhance(0.9)]
    assert same_groups(prints(images), alike=False).tolist() == [0, 1, 0, 3]
    assert same_groups(prints(images)).tolist() == [0, 1, 0, 0]


def test_flat_pictures_are_not_taken_for_each_other():
    """Their hashes are all zero bits."""
    images = [Image.new("RGB", (40, 40), (i * 20, 0, 0)) for i in range(10)]
    assert same_groups(prints(images)).tolist() == list(range(10))


def test_an_empty_set():
    assert same_groups([]).shape == (0,)


def correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-9)


@given(st.integers(0, 2**32), st.integers(1, 40), st.floats(0, 60))
def test_the_bands_miss_no_pair(seed, count, noise):
    """Against every comparison, made one by one."""
    rng = np.random.default_rng(seed)
    originals = rng.integers(0, 256, (5, 16, 16))
    small = originals[rng.integers(0, 5, count)] + rng.normal(0, noise, (count, 16, 16))
    small = small.clip(0, 255).astype(np.uint8)
    small[::3] = small[::3, :, ::-1]
    tiny = [np.asarray(Image.fromarray(one).resize((9, 8), Image.Resampling.BOX)) for one in small]
    made = [Fingerprint(f"{i:064x}", tiny[i].tobytes(), small[i].tobytes()) for i in range(count)]
    leader = list(range(count))
    for i in range(count):
        for j in set(range(count)) - {i}:
            for step in (1, -1):
                bits = hash_of(tiny[i]) ^ hash_of(tiny[j][:, ::step])
                likeness = correlation(small[i].astype(float), small[j][:, ::step].astype(float))
                if bits.bit_count() <= SAME_PICTURE and likeness >= LEAST_CORRELATION:
                    a, b = leader[i], leader[j]
                    leader = [min(a, b) if one in (a, b) else one for one in leader]
    assert same_groups(made).tolist() == leader
