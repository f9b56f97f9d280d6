"""What a set is like."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.datasets.damage import Damage
from photochrom.datasets.drawings import CELL, GAP, MOST, contact_sheet, histogram
from photochrom.datasets.examine import examined
from photochrom.datasets.inspection import AB_CELLS, AB_EDGE, AB_STEP, inspect, tint
from photochrom.datasets.pictures import EncodedPicture, load_pictures


@pytest.fixture
def mixed(folder, paint, encode):
    """The folder, with one of everything that may be wrong."""
    (folder / "again.jpg").write_bytes((folder / "p01.jpg").read_bytes())
    paint(3, 60, 50).save(folder / "smaller.jpg", quality=60)
    paint(40).convert("L").save(folder / "grey.png")
    grey = np.asarray(paint(41).convert("L"), float)[..., None]
    faded = grey * [0.56, 0.5, 0.43] + [51, 38, 25]
    Image.fromarray(faded.astype(np.uint8)).save(folder / "sepia.png")
    Image.new("RGB", (50, 50), "white").save(folder / "white.png")
    (folder / "cut.jpg").write_bytes((folder / "p01.jpg").read_bytes()[:400])
    (folder / "text.png").write_text("no picture")
    (folder / "empty.webp").write_bytes(b"")
    return folder


def test_everything_is_counted(mixed):
    steps = []
    pictures = load_pictures([mixed])
    found = inspect(pictures, progress=lambda: steps.append(1))
    assert len(steps) == len(pictures) == 20
    assert found.pictures == 17
    assert found.faults == {"grey": 1, "tinted": 1, "white ground": 1}
    assert found.tints == {"yellow": 1}
    assert found.formats == {"JPEG": 8, "PNG": 9}
    assert found.sizes == {(96, 80): 15, (60, 50): 1, (50, 50): 1}
    assert found.classes == {"more": 2}
    assert found.identical == [[str(mixed / "again.jpg"), str(mixed / "p01.jpg")]]
    assert found.alike == [[str(mixed / "p03.jpg"), str(mixed / "smaller.jpg")]]
    reasons = {damage.name: damage.reason for damage in found.damaged}
    assert set(reasons) == {str(mixed / name) for name in ("cut.jpg", "text.png", "empty.webp")}
    assert "truncated" in reasons[str(mixed / "cut.jpg")].lower()
    assert "0x" not in "".join(reasons.values())
    values = json.loads(json.dumps(found.values()))
    assert values["grey_share"] == pytest.approx(1 / 17)
    assert values["short_side"] == {"least": 50, "median": 80.0, "most": 80}
    assert np.sum(values["ab"]["shares"]) == pytest.approx(1, abs=1e-4)


def test_the_histogram_is_where_the_colours_are():
    """sRGB red has a = 80.09, b = 67.2, and grey 0, 0."""
    pictures = []
    for color in ((255, 0, 0), (90, 90, 90)):
        buffer = io.BytesIO()
        Image.new("RGB", (20, 30), color).save(buffer, "PNG")
        pictures.append(EncodedPicture(str(color), "s", buffer.getvalue()))
    shares = inspect(pictures).ab
    cell = tuple(int((value + AB_EDGE) // AB_STEP) for value in (80.09, 67.2))
    assert shares[cell] == pytest.approx(0.5)
    assert shares[AB_EDGE // AB_STEP - 1 : AB_EDGE // AB_STEP + 1].sum() == pytest.approx(0.5)
    drawn = np.asarray(histogram(shares)).astype(int)
    left, top = 24 + cell[0] * 10 + 5, 24 + (AB_CELLS - 1 - cell[1]) * 10 + 5
    red, green, blue = drawn[top, left]
    assert red > 200 > 120 > max(green, blue)
    assert (drawn[top, left - 100] == 255).all()


@pytest.mark.parametrize(
    ("a", "b", "name"),
    [
        (9, 2, "red"),
        (9, -8.9, "red"),
        (2, 9, "yellow"),
        (-9, 2, "green"),
        (-9, -8.9, "green"),
        (-2, -9, "blue"),
    ],
)
def test_tints(a, b, name):
    assert tint(a, b) == name


def test_damage_that_was_found_before_is_kept_and_nothing_is_still_a_set():
    found = inspect([], damaged=[Damage("a.tar", "is cut")])
    assert found.values()["damaged"] == [{"name": "a.tar", "reason": "is cut"}]
    assert found.pictures == 0
    assert found.values()["width"] == {}


@pytest.mark.parametrize(("count", "across", "down"), [(1, 1, 1), (5, 5, 1), (9, 8, 2), (100, 8, MOST // 8)])
def test_a_contact_sheet(encode, count, across, down):
    data = encode(Image.new("RGB", (300, 100), (200, 0, 0)), "PNG")
    pictures = [EncodedPicture(str(i), "s", data if i else b"damaged") for i in range(count)]
    sheet = contact_sheet(pictures)
    step = CELL + GAP
    assert sheet.size == (across * step - GAP, down * step - GAP)
    assert sheet.getpixel((CELL // 2, CELL // 2)) == (255, 255, 255)
    if count > 1:
        middle = (step + CELL // 2, CELL // 2)
        assert sheet.getpixel(middle) == (200, 0, 0)
        assert sheet.getpixel((middle[0], 10)) == (255, 255, 255)


FORMS = [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("JPEG", {"progressive": True})]


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(
    st.sampled_from(FORMS),
    st.integers(0, 3000),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255))),
)
def test_no_damage_is_fatal(paint, encode, form, end, changes):
    data = bytearray(encode(paint(1, 64, 50), form[0], **form[1]))[:end]
    for place, value in changes:
        if data:
            data[place % len(data)] = value
    sound = EncodedPicture("sound", "s", encode(paint(2)))
    hurt = EncodedPicture("hurt", "s", bytes(data))
    damaged = []
    seen = [picture.name for picture, _ in examined([hurt, sound], _size, damaged=damaged.append)]
    assert seen in (["sound"], ["hurt", "sound"])
    assert [damage.name for damage in damaged] == ([] if len(seen) == 2 else ["hurt"])


def _size(picture, data, image):
    return image.size
