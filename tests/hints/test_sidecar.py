"""Hints in a file: they come back as they were, and what is wrong with a file is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from photochrom.errors import BadOption, OutputExists, UnwritableOutput
from photochrom.hints import Hints
from photochrom.hints.sidecar import sidecar_of
from photochrom.hints.words import NAMES

numbers = st.floats(0, 1e5) | st.integers(0, 9999) | st.floats(0, 100).map(lambda n: f"{n!r}%")
radii = st.none() | st.floats(1e-3, 1e3) | st.floats(1e-3, 100).map(lambda n: f"{n:f}%")
sure = st.floats(0, 1, exclude_min=True)
colors = st.sampled_from(sorted(NAMES)) | st.integers(0, 2**24 - 1).map(lambda n: f"#{n:06x}")
sizes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)
masks = arrays.arrays(np.bool_, sizes).filter(np.any)


@st.composite
def collections(draw):
    hints = Hints()
    for kind in draw(
        st.lists(st.sampled_from(["point", "stroke", "rectangle", "mask", "picture"]), max_size=4)
    ):
        color, confidence = draw(colors), draw(sure)
        if kind == "point":
            hints = hints.point(
                draw(numbers), draw(numbers), color, radius=draw(radii), confidence=confidence
            )
        elif kind == "stroke":
            points = draw(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4))
            hints = hints.stroke(points, color, radius=draw(radii), confidence=confidence)
        elif kind == "rectangle":
            hints = hints.rectangle(*(draw(numbers) for _ in range(4)), color, confidence=confidence)
        elif kind == "mask":
            hints = hints.mask(draw(masks), color, confidence=confidence)
        else:
            rgb = draw(arrays.arrays(np.uint8, (*draw(sizes), 3)))
            rgb[0, 0] = (200, 30, 40)
            hints += Hints.from_picture(rgb, confidence=confidence)
    return hints


@settings(max_examples=150)
@given(hints=collections())
def test_what_was_written_comes_back(hints):
    text = hints.to_json()
    again = Hints.from_json(text)
    assert again == hints
    assert again.to_json() == text
    assert hash(again) == hash(hints)


def test_files(tmp_path):
    path = tmp_path / "photo.hints.json"
    hints = Hints().point("30%", 4, "red").mask(np.eye(5, dtype=bool), "grey", confidence=0.5)
    hints.save(path)
    assert Hints.load(path) == Hints.load(str(path)) == hints
    with pytest.raises(OutputExists):
        Hints().save(path)
    Hints().save(path, overwrite=True)
    assert Hints.load(path) == Hints()
    assert [file.name for file in tmp_path.iterdir()] == ["photo.hints.json"]


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "photo.hints.json"
    Hints().point(1, 2, "red").save(path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UnwritableOutput, match="No space left"):
        Hints().save(path, overwrite=True)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(UnwritableOutput):
        Hints().save(tmp_path / "none" / "x.json")


def test_the_sidecar_of_a_picture():
    assert sidecar_of(Path("a/photo.jpg")) == Path("a/photo.hints.json")


def test_a_picture_is_loaded_as_paint(tmp_path):
    rgb = np.full((30, 40, 3), 99, np.uint8)
    rgb[:9, :9] = (200, 30, 30)
    file = tmp_path / "painted.png"
    Image.fromarray(rgb).save(file)
    assert Hints.load(file) == Hints.from_picture(rgb)
    Image.fromarray(rgb[15:]).save(file)
    with pytest.raises(BadOption, match=r"painted\.png: no pixel of it is coloured"):
        Hints.load(file)


POINT = {"kind": "point", "x": 1, "y": 2, "color": "red"}
MASK = json.loads(Hints().mask(np.eye(3, dtype=bool), "red").to_json())["hints"][0]
PAINT = json.loads(Hints.from_picture(np.full((2, 2, 3), (200, 0, 0), np.uint8)).to_json())["hints"][0]


def file_of(*rows, **fields):
    return json.dumps({"format": "photochrom hints", "version": 1, "hints": list(rows)} | fields)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a file of hints"),
        ("[]", '"format": "photochrom hints" is wanted'),
        ("[" * 100_000, "not a file of hints"),
        (file_of(format="x"), '"format": "photochrom hints" is wanted'),
        (file_of(version=2), "version 2; this program reads version 1"),
        (file_of(hints=None), '"hints" must be a list'),
        (file_of(hint=[]), "unknown key 'hint'; did you mean hints?"),
        (file_of(5), "hint 1: kind None is not one of point, stroke, rectangle, mask, picture"),
        (file_of(POINT, {"kind": "dot"}), "hint 2: kind 'dot' is not one of"),
        (file_of({**POINT, "colour": "red"}), "hint 1: unknown key 'colour'; did you mean color?"),
        (file_of({"kind": "point", "x": 1}), "hint 1: y, color is missing"),
        (
            file_of(POINT, {**POINT, "color": "redd"}),
            "hint 2 (point): 'redd' is not a colour; did you mean red?",
        ),
        (file_of({**POINT, "x": None}), "hint 1 (point): x must be pixels"),
        (file_of(POINT).replace("1,", "NaN,", 1), "not a file of hints"),
        (file_of({**POINT, "confidence": []}), "hint 1 (point): confidence must be"),
        (file_of({"kind": "stroke", "points": 5, "color": "red"}), "points must be a list of pairs"),
        (file_of({"kind": "stroke", "points": [[1]], "color": "red"}), "points must be pairs"),
        (file_of({**MASK, "width": 0}), "width and height must be whole numbers above 0"),
        (file_of({**MASK, "width": 10**6, "height": 10**6}), "is more than 100,000,000 pixels"),
        (file_of({**PAINT, "width": 5000, "height": 5000}), "is more than 5,000,000 pixels"),
        (file_of(POINT)[:-1] + ', "hints": []}', "the key 'hints' is there twice"),
        (file_of(POINT).replace('"x": 1', '"x": 1, "x": 2'), "the key 'x' is there twice"),
        (file_of(POINT).replace('"x": 1', '"x": 1' + 400 * "0"), "hint 1 (point): x must be pixels"),
        (file_of({**MASK, "width": 30}), "its pixels are damaged"),
        (file_of({**MASK, "bits": "AAAA"}), "its pixels are damaged"),
        (file_of({**MASK, "bits": 7}), "its pixels are damaged"),
        (file_of({**PAINT, "pixels": MASK["bits"]}), "its pixels are damaged"),
        (file_of({**PAINT, "confidence": 2}), "hint 1 (picture): confidence must be"),
    ],
)
def test_what_is_wrong_is_named(text, reason, tmp_path):
    path = tmp_path / "photo.hints.json"
    path.write_text(text, "utf8")
    with pytest.raises(BadOption) as refused:
        Hints.load(path)
    assert str(refused.value).startswith(str(path))
    assert reason in str(refused.value)


def test_files_that_are_not_there_or_no_text(tmp_path):
    with pytest.raises(BadOption, match="no such file"):
        Hints.load(tmp_path / "none.json")
    (tmp_path / "x.json").write_bytes(b"{\xff")
    with pytest.raises(BadOption, match="not a file of hints"):
        Hints.load(tmp_path / "x.json")
    with pytest.raises(BadOption, match=str(tmp_path)):
        Hints.load(tmp_path)


def test_files_of_other_programs_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(file_of(POINT), "utf-8-sig")
    assert Hints.load(path) == Hints().point(1, 2, "red")
