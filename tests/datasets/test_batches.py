"""Batches of crops."""

import contextlib
import itertools
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.datasets.batches import Batches, centre_crop, random_crop
from photochrom.datasets.pictures import EncodedPicture, load_pictures
from photochrom.errors import NoPictures
from photochrom.training.objectives import automatic

SIZES = ((32, 32), (32, 64), (64, 32))


@pytest.fixture
def pictures(paint, encode):
    return [EncodedPicture(f"p{i}", "ab"[i % 2], encode(paint(i))) for i in range(8)]


def batches(pictures, *, seed=0, weights=None, batch=4, sizes=SIZES, **options):
    return Batches(pictures, batch=batch, sizes=sizes, weights=weights or {}, seed=seed, **options)


def test_a_batch_is_a_function_of_seed_and_step(pictures):
    first, second = batches(pictures), batches(pictures)
    for step in (0, 7, 2**31 + 5):
        here = first(step).rgb
        assert here.dtype == np.uint8
        assert here.shape[0] == 4
        assert here.shape[1:3] in SIZES
        assert here.shape[3] == 3
        np.testing.assert_array_equal(here, second(step).rgb)
    fixed, other = batches(pictures, sizes=SIZES[:1]), batches(pictures, sizes=SIZES[:1], seed=1)
    assert not np.array_equal(fixed(1).rgb, fixed(2).rgb)
    assert not np.array_equal(fixed(1).rgb, other(1).rgb)


def test_all_sizes_come_up(pictures):
    assert {batches(pictures, batch=1)(step).rgb.shape[1:3] for step in range(40)} == set(SIZES)


def flat(name, source, color, encode):
    return EncodedPicture(name, source, encode(Image.new("RGB", (64, 64), color)))


def test_weights_are_shares_of_the_draws_whatever_the_number_of_pictures(encode):
    pictures = [flat(f"r{i}", "red", (200, 0, 0), encode) for i in range(9)]
    pictures += [flat("g", "green", (0, 200, 0), encode), flat("b", "blue", (0, 0, 200), encode)]
    drawn = batches(pictures, weights={"red": 1, "green": 3, "unknown": 5}, batch=400, sizes=SIZES[:1])(0).rgb
    share = (drawn[:, 16, 16] > 100).mean(0)
    assert share[0] == pytest.approx(0.25, abs=0.06)
    assert share[1] == pytest.approx(0.75, abs=0.06)
    assert share[2] == 0
    drawn = batches(pictures, batch=400, sizes=SIZES[:1])(0).rgb
    assert (drawn[:, 16, 16, 0] > 100).mean() == pytest.approx(9 / 11, abs=0.06)


def test_a_damaged_file_costs_another_draw(pictures):
    cut = [EncodedPicture("cut", "b", p.data[:300]) for p in pictures[:3]]
    empty = EncodedPicture("empty", "a", b"")
    whole = batches([*pictures, *cut, empty])
    for step in range(10):
        assert whole(step).rgb.std(axis=(1, 2, 3)).min() > 1


def test_damaged_files_alone_are_an_error():
    with pytest.raises(NoPictures, match="empty: eight pictures in a row could not be decoded"):
        batches([EncodedPicture("empty", "a", b"")])(0)


@pytest.mark.parametrize("weights", [{"nowhere": 1.0}, {"a": 0.0, "b": 0.0}])
def test_no_source_left(pictures, weights):
    with pytest.raises(NoPictures, match="a, b: no source has a weight above 0"):
        batches(pictures, weights=weights)
    with pytest.raises(NoPictures, match="training set: no source"):
        batches([], weights=weights)


def test_every_picture_comes_once_an_epoch_in_a_new_order(encode):
    pictures = [flat(str(i), "a", (i * 20, 0, 0), encode) for i in range(12)]
    source = batches(pictures, batch=4, sizes=SIZES[:1])
    reds = np.concatenate([source(step).rgb[:, 9, 9, 0] for step in range(9)])
    epochs = np.round(reds / 20).astype(int).reshape(3, 12).tolist()
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.parametrize("weights", [None, {"a": 1.0, "b": 2.0}])
def test_processes_share_the_batch_that_one_would_have(pictures, weights):
    whole = batches(pictures, batch=6, weights=weights)
    parts = [batches(pictures, batch=2, weights=weights, part=(which, 3)) for which in range(3)]
    for step in range(4):
        together = np.concatenate([part(step).rgb for part in parts])
        np.testing.assert_array_equal(together, whole(step).rgb)


def test_labels_are_numbers_of_the_classes(encode):
    named = [EncodedPicture(f"p{i}", "a", encode(Image.new("RGB", (40, 40), (i * 60, 0, 0))), label)
             for i, label in enumerate(["sea", "wood", "", "unheard of"])]  # fmt: skip
    shown = batches(named, batch=40, sizes=SIZES[:1], classes=("sea", "wood"))(0)
    assert shown.label.dtype == np.int64
    expected = np.array([0, 1, -1, -1])[np.round(shown.rgb[:, 9, 9, 0] / 60).astype(int)]
    np.testing.assert_array_equal(shown.label, expected)
    assert set(batches(named, sizes=SIZES[:1])(0).label) == {-1}


def test_classes_of_folders_reach_what_networks_see(tmp_path, encode):
    for number, name in enumerate(["lake", "wood"]):
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "1.png").write_bytes(
            encode(Image.new("RGB", (40, 40), (number * 90, 9, 9)), "PNG")
        )
    shown = batches(load_pictures([tmp_path]), batch=16, sizes=SIZES[:1], classes=("lake", "wood"))(0)
    batch = automatic(*map(torch.from_numpy, shown))
    assert set(batch.label.tolist()) == {0, 1}
    np.testing.assert_array_equal(batch.label == 1, batch.rgb[:, 0].mean((1, 2)) > 0.2)


def test_a_squashed_picture_is_the_whole_of_it(encode):
    pixels = np.zeros((30, 90, 3), np.uint8)
    pixels[:, :30, 0] = pixels[:, 60:, 1] = 255
    shown = batches([EncodedPicture("p", "a", encode(Image.fromarray(pixels), "PNG"))], framing="squash",
                    batch=30, sizes=((48, 48),))(0).rgb  # fmt: skip
    left, right = shown[:, 24, 8], shown[:, 24, 40]
    straight = left[:, 0] > 200
    np.testing.assert_array_equal(straight, right[:, 1] > 200)
    np.testing.assert_array_equal(~straight, left[:, 1] > 200)
    assert 5 < straight.sum() < 25


def test_decoding_ahead_changes_nothing(pictures):
    source = batches(pictures)
    with contextlib.closing(source.ahead(5, depth=2)) as ahead:
        for step, batch in zip(range(5, 12), ahead, strict=False):
            np.testing.assert_array_equal(batch.rgb, source(step).rgb)


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


def test_damaged_pictures_are_told_once(pictures):
    cut = [EncodedPicture("cut", "a", pictures[0].data[:300]), EncodedPicture("text", "b", b"no picture")]
    told = []
    whole = batches([*pictures, *cut], batch=20, damaged=told.append)
    with contextlib.closing(whole.ahead(0)) as ahead:
        for _ in range(4):
            next(ahead)
    assert sorted(damage.name for damage in told) == ["cut", "text"]
    assert all(damage.reason for damage in told)
