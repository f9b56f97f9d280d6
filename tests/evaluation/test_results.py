"""Results of other programs: found by name, taken by size, and every fault told by name."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.errors import BadOption, InputError, UnreadableImage
from photochrom.evaluation.pictures import find_pictures, named
from photochrom.evaluation.protocol import protocol_named
from photochrom.evaluation.results import ResultsSpec, find_results, match_names

LETTERS = st.text("abcx01é", min_size=1, max_size=6)
# Parts of one name: what follows a separator in one picture's name may be all of another's ending.
STEMS = st.lists(LETTERS, min_size=1, max_size=3).map("-".join)
FOLDERS = st.lists(LETTERS, max_size=2).map(lambda parts: "".join(f"{part}/" for part in parts))
ENDINGS = st.one_of(st.just(""), st.tuples(st.sampled_from("-_. ("), LETTERS).map("".join))
SUFFIXES = st.sampled_from([".jpg", ".png", ".JPEG", ".tif"])


@given(data=st.data())
def test_whatever_the_ending_every_picture_finds_its_own(data: st.DataObject) -> None:
    keys = data.draw(st.lists(st.tuples(FOLDERS, STEMS).map("".join), min_size=1, max_size=8, unique=True))
    pictures = {key: key + data.draw(SUFFIXES) for key in keys}
    ending, suffix = data.draw(ENDINGS), data.draw(SUFFIXES)
    keeps_suffix = data.draw(st.booleans())
    results = {
        picture: f"{picture if keeps_suffix else key}{ending}{suffix}" for key, picture in pictures.items()
    }
    shuffled = data.draw(st.permutations(sorted(results.values())))
    found = match_names(list(pictures.values()), shuffled)
    assert found == {picture: (result,) for picture, result in results.items()}


@given(
    stems=st.lists(LETTERS, min_size=4, max_size=9, unique=True),
    ending=ENDINGS,
    missing=st.integers(0, 1),
    extra=st.lists(LETTERS.map("zz".__add__), max_size=3, unique=True),
)
def test_missing_and_extra_results_move_no_other(
    stems: list[str], ending: str, missing: int, extra: list[str]
) -> None:
    pictures = [f"{stem}.jpg" for stem in stems]
    results = [f"{stem}{ending}.png" for stem in (*stems[missing:], *extra)]
    found = match_names(pictures, results)
    assert found == {f"{stem}.jpg": (f"{stem}{ending}.png",) for stem in stems[missing:]}


@pytest.mark.parametrize(
    ("pictures", "results", "expected"),
    [
        (["a.jpg"], ["a.jpg"], {"a.jpg": ("a.jpg",)}),
        (["a.jpg", "a1.jpg"], ["a1-fake.png"], {"a1.jpg": ("a1-fake.png",)}),
        (["a.jpg"], ["ab.png", "xa.png"], {}),
        (["s/a.jpg", "t/a.jpg"], ["t/a.png"], {"t/a.jpg": ("t/a.png",)}),
        (["s/a.jpg"], ["a.png"], {}),
        (["a.jpg", "a.png"], ["a.png"], {}),
        (["a.jpg", "a.png"], ["a.jpg.png", "a.png.png"], {"a.jpg": ("a.jpg.png",), "a.png": ("a.png.png",)}),
        (["a.jpg"], ["a.png", "a.tif"], {"a.jpg": ("a.png", "a.tif")}),
        (["a.jpg"], ["a.png", "a_grey.png"], {"a.jpg": ("a.png",)}),
        (
            ["a.jpg", "b.jpg", "c.jpg"],
            ["a_new.png", "b_new.png", "c_new.png", "a_old.png"],
            {"a.jpg": ("a_new.png",), "b.jpg": ("b_new.png",), "c.jpg": ("c_new.png",)},
        ),
    ],
)
def test_which_names_belong_together(
    pictures: list[str], results: list[str], expected: dict[str, tuple[str, ...]]
) -> None:
    assert match_names(pictures, results) == expected


def test_two_kinds_of_result_are_not_chosen_between() -> None:
    """What programs leave that write input, result and truth side by side."""
    pictures = [f"{i}.jpg" for i in range(6)]
    results = [f"{i}_{kind}.png" for i in range(6) for kind in ("fake_B", "real_A", "real_B")]
    with pytest.raises(ValueError, match="several results for each picture, ending in _fake_B, _real_A"):
        match_names(pictures, results)
    with pytest.raises(ValueError, match="_fake_B, _real_A"):
        match_names(pictures, [name for name in results if name != "3_fake_B.png"])


@pytest.fixture
def results(photographs: Path, tmp_path: Path) -> Path:
    """Red pictures of the sizes of the photographs, whose names end in -red."""
    folder = tmp_path / "theirs"
    for file in find_pictures([photographs]):
        with Image.open(file) as image:
            red = Image.new("RGB", image.size, (200, 30, 20))
        target = folder / file.relative_to(photographs).with_name(f"{file.stem}-red.png")
        target.parent.mkdir(parents=True, exist_ok=True)
        red.save(target)
    return folder


def found(results: Path, photographs: Path) -> ResultsSpec:
    return find_results("theirs", results, named(find_pictures([photographs]), [photographs]))


@pytest.mark.parametrize("protocol", ["native", "crop256"])
def test_a_result_of_the_pictures_size_is_compared_as_the_truth_is(
    photographs: Path, results: Path, protocol: str
) -> None:
    spec = pickle.loads(pickle.dumps(found(results, photographs)))
    contestant = spec.open(1)
    assert (contestant.name, contestant.kind, contestant.rows) == ("theirs", "results", ("theirs",))
    assert contestant.about == {"folder": str(results), "results": 5}
    for file in find_pictures([photographs]):
        scene = protocol_named(protocol).prepare(file)
        (picture,) = contestant.color(file, scene).values()
        assert picture.rgb.shape == scene.truth.rgb.shape
        assert (picture.rgb == (200, 30, 20)).all()


def test_the_crop_of_a_result_is_that_of_the_truth(photographs: Path, tmp_path: Path) -> None:
    """The pictures themselves, called results: at full size and as the protocol crops them."""
    crop = protocol_named("crop256")
    cropped = tmp_path / "cropped"
    cropped.mkdir()
    for file in photographs.glob("*.png"):
        Image.fromarray(crop.prepare(file).truth.rgb).save(cropped / file.name)
    whole, small = (found(folder, photographs).open() for folder in (photographs, cropped))
    for file in photographs.glob("*.png"):
        scene = crop.prepare(file)
        np.testing.assert_array_equal(whole.color(file, scene)["theirs"].rgb, scene.truth.rgb)
        np.testing.assert_array_equal(small.color(file, scene)["theirs"].rgb, scene.truth.rgb)


def test_every_fault_is_told_by_name_and_the_rest_is_there(photographs: Path, results: Path) -> None:
    (results / "a-red.png").unlink()
    Image.new("RGB", (48, 36)).save(results / "unknown-red.png")
    Image.new("RGB", (40, 30)).save(results / "b-red.png")
    damaged = results / "c-red.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    spec = found(results, photographs)
    files = find_pictures([photographs])
    check = spec.check(files)
    assert [str(error) for error in check.missing] == [f"{photographs / 'a.png'}: has no result in {results}"]
    assert [str(error) for error in check.extra] == [
        f"{results / 'unknown-red.png'}: is the result of no picture of the data"
    ]
    contestant, told, done = spec.open(), {}, []
    for file in files:
        for protocol in ("native", "crop256"):
            try:
                contestant.key_of(file)
                contestant.color(file, protocol_named(protocol).prepare(file))
            except InputError as error:
                told.setdefault(file.name, []).append(str(error))
            else:
                done.append(file.name)
    assert done == ["d.tif", "d.tif", "e.png", "e.png"]
    assert told["a.png"] == [f"{photographs / 'a.png'}: has no result in {results}"] * 2
    assert told["b.png"] == [
        f"{results / 'b-red.png'}: is 40×30 and not 48×36 as the picture",
        f"{results / 'b-red.png'}: is 40×30 and not 256×256, nor 48×36 as the picture",
    ]
    assert all(line.startswith(f"{damaged}: ") for line in told["c.jpg"])
    assert len(told["c.jpg"]) == 2


def test_two_results_of_one_name_are_told(photographs: Path, results: Path) -> None:
    Image.new("RGB", (48, 36)).save(results / "a-red.jpg")
    spec = found(results, photographs)
    with pytest.raises(InputError, match=r"a\.png: has several results: .*a-red\.jpg, .*a-red\.png"):
        spec.open().key_of(photographs / "a.png")
    assert not spec.extra
    assert [Path(error.subject).name for error in spec.check([photographs / "a.png"]).missing] == ["a.png"]


def test_a_key_follows_the_bytes_and_the_name(photographs: Path, results: Path) -> None:
    pictures = named(find_pictures([photographs]), [photographs])
    contestant = found(results, photographs).open()
    other = find_results("others", results, pictures).open()
    a, b = photographs / "a.png", photographs / "b.png"
    before = contestant.key_of(a)
    assert before == contestant.key_of(a) == found(results, photographs).open().key_of(a)
    assert before != other.key_of(a)
    kept = contestant.key_of(b)
    Image.new("RGB", (48, 36), (1, 2, 3)).save(results / "a-red.png")
    assert contestant.key_of(a) != before
    assert contestant.key_of(b) == kept


def test_a_folder_that_cannot_be_taken_is_named(photographs: Path, results: Path, tmp_path: Path) -> None:
    for file in list(results.rglob("*.png")):
        Image.new("RGB", (48, 36)).save(file.with_name(file.name.replace("-red", "-blue")))
    with pytest.raises(BadOption, match=r"theirs: holds several results .* -blue, -red"):
        found(results, photographs)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UnreadableImage, match="empty: holds no pictures"):
        found(empty, photographs)
