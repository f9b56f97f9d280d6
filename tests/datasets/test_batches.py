"""Batches of crops."""

import contextlib
import itertools
import threading

import numpy as np
import pytest
from PIL import Image

from photochrom.datasets.batches import Batches, centre_crop, random_crop
from photochrom.datasets.pictures import EncodedPicture
from photochrom.errors import NoPictures

SIZES = ((32, 32), (32, 64), (64, 32))


@pytest.fixture
def pictures(paint, encode):
    return [EncodedPicture(f"p{i}", "ab"[i % 2], encode(paint(i))) for i in range(8)]


def batches(pictures, *, seed=0, weights=None, batch=4, sizes=SIZES):
    return Batches(pictures, batch=batch, sizes=sizes, weights=weights or {}, seed=seed)


def test_a_batch_is_a_function_of_seed_and_step(pictures):
    first, second = batches(pictures), batches(pictures)
    for step in (0, 7, 2**31 + 5):
        here = first(step)
        assert here.dtype == np.uint8
        assert here.shape[0] == 4
        assert here.shape[1:3] in SIZES
        assert here.shape[3] == 3
        np.testing.assert_array_equal(here, second(step))
    assert not np.array_equal(batches(pictures, sizes=SIZES[:1])(1), batches(pictures, sizes=SIZES[:1])(2))
    assert not np.array_equal(
        batches(pictures, sizes=SIZES[:1])(1), batches(pictures, sizes=SIZES[:1], seed=1)(1)
    )


def test_all_sizes_come_up(pictures):
    assert {batches(pictures, batch=1)(step).shape[1:3] for step in range(40)} == set(SIZES)


def flat(name, source, color, encode):
    return EncodedPicture(name, source, encode(Image.new("RGB", (64, 64), color)))


def test_weights_are_shares_of_the_draws_whatever_the_number_of_pictures(encode):
    pictures = [flat(f"r{i}", "red", (200, 0, 0), encode) for i in range(9)]
    pictures += [flat("g", "green", (0, 200, 0), encode), flat("b", "blue", (0, 0, 200), encode)]
    drawn = batches(pictures, weights={"red": 1, "green": 3, "unknown": 5}, batch=400, sizes=SIZES[:1])(0)
    share = (drawn[:, 16, 16] > 100).mean(0)
    assert share[0] == pytest.approx(0.25, abs=0.06)
    assert share[1] == pytest.approx(0.75, abs=0.06)
    assert share[2] == 0
    drawn = batches(pictures, batch=400, sizes=SIZES[:1])(0)
    assert (drawn[:, 16, 16, 0] > 100).mean() == pytest.approx(9 / 11, abs=0.06)


def test_a_damaged_file_costs_another_draw(pictures):
    cut = [EncodedPicture("cut", "b", p.data[:300]) for p in pictures[:3]]
    empty = EncodedPicture("empty", "a", b"")
    whole = batches([*pictures, *cut, empty])
    for step in range(10):
        assert whole(step).std(axis=(1, 2, 3)).min() > 1


def test_damaged_files_alone_are_an_error():
    with pytest.raises(NoPictures, match="empty: eight pictures in a row could not be decoded"):
        batches([EncodedPicture("empty", "a", b"")])(0)


@pytest.mark.parametrize("weights", [{"nowhere": 1.0}, {"a": 0.0, "b": 0.0}])
def test_no_source_left(pictures, weights):
    with pytest.raises(NoPictures, match="a, b: no source has a weight above 0"):
        batches(pictures, weights=weights)
    with pytest.raises(NoPictures, match="training set: no source"):
        batches([], weights=weights)


def test_decoding_ahead_changes_nothing(pictures):
    source = batches(pictures)
    with contextlib.closing(source.ahead(5, depth=2)) as ahead:
        for step, batch in zip(range(5, 12), ahead, strict=False):
            np.testing.assert_array_equal(batch, source(step))


def test_closing_ends_the_thread(pictures):
    ahead = batches(pictures).ahead(0, depth=1)
    next(ahead)
    assert any(t.name.startswith("batches") for t in threading.enumerate())
    ahead.close()
    assert not any(t.name.startswith("batches") for t in threading.enumerate())


def test_what_the_thread_meets_is_raised_here():
    ahead = batches([EncodedPicture("empty", "a", b"")]).ahead(0)
    with pytest.raises(NoPictures, match="eight pictures in a row"):
        next(ahead)
    assert not any(t.name.startswith("batches") for t in threading.enumerate())


@pytest.mark.parametrize(("width", "height"), [(96, 80), (40, 200), (20, 17)])
def test_crops_of_any_shape(paint, encode, width, height):
    data = encode(paint(1, width, height), "PNG")
    rng = np.random.default_rng(0)
    for wanted in SIZES:
        for _ in range(5):
            assert random_crop(data, *wanted, rng).shape == (*wanted, 3)


def test_half_of_the_crops_are_mirrored(encode):
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (64, 1))).convert("RGB")
    data, rng = encode(ramp, "PNG"), np.random.default_rng(0)
    rising = [
        int(crop[16, 31, 0]) > int(crop[16, 0, 0])
        for crop in (random_crop(data, 32, 32, rng) for _ in range(60))
    ]
    assert 20 < sum(rising) < 40


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK", "RGBA"])
def test_every_mode_comes_out_as_rgb(paint, encode, mode):
    form = "TIFF" if mode == "CMYK" else "PNG"
    data = encode(paint(1).convert(mode), form)
    assert centre_crop(data, 32).shape == (32, 32, 3)
    assert random_crop(data, 32, 32, np.random.default_rng(0)).shape == (32, 32, 3)


def test_the_centre_is_the_centre(encode):
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[:, 30:70] = 255
    square = centre_crop(encode(Image.fromarray(pixels), "PNG"), 20)
    assert square.flags.writeable
    assert square[:, 2:-2].min() > 250  # Lanczos looks a little beyond the edge


def test_steps_are_endless(pictures):
    with contextlib.closing(batches(pictures, batch=1, sizes=SIZES[:1]).ahead(2**40)) as ahead:
        assert len(list(itertools.islice(ahead, 3))) == 3
