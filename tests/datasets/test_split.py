"""A set divided in two."""

import random
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.datasets.fingerprints import Fingerprint, same_groups
from photochrom.datasets.pictures import load_pictures
from photochrom.datasets.split import TRAIN, VAL, divided, split

CONTENTS = st.lists(st.integers(0, 60), min_size=1, max_size=60)


def prints(contents):
    """Fingerprints of flat pictures, the same where the numbers are."""
    return [Fingerprint(f"{number:064x}", bytes(72), bytes(256)) for number in contents]


def divide(contents, **options):
    made = prints(contents)
    return divided(made, same_groups(made), **options)


@given(CONTENTS, st.floats(0.05, 0.95), st.integers(0, 5))
def test_the_same_content_never_stands_on_both_sides(contents, share, seed):
    learning = divide(contents, share=share, seed=seed)
    sides = {number: set() for number in contents}
    for number, side in zip(contents, learning.tolist(), strict=True):
        sides[number].add(side)
    assert all(len(side) == 1 for side in sides.values())
    if len(sides) > 1:
        assert set(learning.tolist()) == {True, False}


@given(st.sets(st.integers(0, 10**6), min_size=2, max_size=80), st.floats(0.05, 0.95))
def test_the_share_is_exact_where_nothing_is_repeated(contents, share):
    wanted = min(len(contents) - 1, max(1, round(len(contents) * (1 - share))))
    assert int((~divide(sorted(contents), share=share)).sum()) == wanted


@given(CONTENTS, st.randoms(use_true_random=False))
def test_the_order_of_reading_makes_no_difference(contents, shuffler):
    before = dict(zip(contents, divide(contents).tolist(), strict=True))
    shuffled = contents.copy()
    shuffler.shuffle(shuffled)
    assert dict(zip(shuffled, divide(shuffled).tolist(), strict=True)) == before


def test_nine_of_ten_and_another_seed_another_split():
    contents = list(range(1000))
    first, again, other = divide(contents), divide(contents), divide(contents, seed=1)
    assert first.sum() == 900
    np.testing.assert_array_equal(first, again)
    # Two draws of 100 out of 1000 have about 10 in common.
    assert 0 < (~first & ~other).sum() < 30


def test_pictures_added_later_move_few_of_the_old():
    before, after = divide(list(range(1000))), divide(list(range(1100)))
    assert (before != after[:1000]).sum() < 40


def test_lists_of_a_folder(folder, encode, paint, tmp_path):
    (folder / "copy of p01.jpg").write_bytes((folder / "p01.jpg").read_bytes())
    paint(3, 60, 50).save(folder / "small p03.jpg", quality=60)
    (folder / "cut.jpg").write_bytes((folder / "p01.jpg").read_bytes()[:300])
    (folder / "tab\there.png").write_bytes(encode(paint(90), "PNG"))
    damaged = []
    made = split(load_pictures([folder]), tmp_path / "out", share=0.7, damaged=damaged.append)
    assert {damage.name for damage in damaged} == {str(folder / "cut.jpg"), str(folder / "tab\there.png")}
    assert made.train + made.val == 14
    assert made.repeated == 2
    train, val = (load_pictures([tmp_path / "out" / name]) for name in (TRAIN, VAL))
    names = [{p.name.rpartition("/")[2] for p in side} for side in (train, val)]
    assert not names[0] & names[1]
    assert (len(train), len(val)) == (made.train, made.val)
    for pair in ({"p01.jpg", "copy of p01.jpg"}, {"p03.jpg", "small p03.jpg"}):
        assert pair <= names[0] or pair <= names[1]
    assert {p.label for p in [*train, *val]} == {"", "more"}
    assert {p.source for p in [*train, *val]} == {"holiday"}


def test_names_and_places_make_no_difference(folder, tmp_path):
    """The same pictures elsewhere, under other names: the same split, and from one place the same bytes."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for i, file in enumerate(sorted(folder.rglob("p*"), key=lambda file: random.Random(file.name).random())):
        shutil.copy(file, elsewhere / f"{i}{file.suffix}")
    sides = []
    for place, out in ((folder, "a"), (elsewhere, "b"), (folder, "c")):
        split(load_pictures([place]), tmp_path / out, share=0.5, damaged=pytest.fail)
        sides.append({p.data for p in load_pictures([tmp_path / out / VAL])})
    assert sides[0] == sides[1]
    for name in (TRAIN, VAL):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
