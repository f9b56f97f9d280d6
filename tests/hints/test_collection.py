"""Hints as they are told: what is accepted, which cells they are drawn into, what lightness forbids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption, UnreadableImage
from photochrom.hints import Hints
from photochrom.hints.words import NAMES

RED_AB = srgb_to_lab(np.array([1.0, 0, 0]))[1:]


def drawn(hints, width=100, height=80, h=20, w=25):
    return hints.drawn(width, height, h, w)


def told(hints, **size):
    """Rows and columns of the cells that carry a colour."""
    return {tuple(cell) for cell in np.argwhere(drawn(hints, **size).planes[2] > 0)}


def test_a_collection_is_never_changed():
    none = Hints()
    one = none.point(1, 2, "red")
    assert (len(none), len(one), len(one.point(3, 4, "blue")), len(one)) == (0, 1, 2, 1)
    assert not none and one
    assert (one + one).shapes == one.shapes * 2


@pytest.mark.parametrize("color", ["#f00", "#FF0000", " red ", "Red"])
def test_spellings_of_one_colour(color):
    hints = Hints().point(50, 40, color)
    assert hints == Hints().point(50, 40, "#ff0000")
    planes = drawn(hints).planes
    np.testing.assert_allclose(planes[:2, 10, 12], RED_AB, rtol=1e-5)


@pytest.mark.parametrize("color", ["grey", "gray", "#777", "white", "#010101"])
def test_colours_without_chroma_keep_a_place_grey(color):
    planes = drawn(Hints().point(50, 40, color)).planes
    assert planes[2].any() and not planes[:2].any()


@pytest.mark.parametrize(
    "color", ["redd", "#12345", "#gggggg", "", "rgb(1,2,3)", 7, None, "#１２３", "##fff"]
)
def test_what_is_no_colour_is_refused_by_name(color):
    with pytest.raises(BadOption, match=r"^hint 2 \(point\): .* is not a colour"):
        Hints().point(1, 1, "red").point(1, 1, color)
    with pytest.raises(BadOption, match="did you mean red"):
        Hints().point(1, 1, "redd")


def test_the_names_are_colours_that_css_has():
    for name, value in NAMES.items():
        assert Hints().point(1, 1, name) == Hints().point(1, 1, value)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"x": -1}, "x must be pixels"),
        ({"x": "12"}, None),
        ({"x": "left"}, "x must be pixels"),
        ({"y": float("nan")}, "y must be pixels"),
        ({"y": "101%"}, "y must be at most 100%"),
        ({"y": True}, "y must be pixels"),
        ({"radius": 0}, "radius must be above 0"),
        ({"radius": "0%"}, "radius must be above 0"),
        ({"radius": -2}, "radius must be pixels"),
        ({"confidence": 0}, "confidence must be above 0"),
        ({"confidence": 1.1}, "confidence must be above 0"),
        ({"confidence": float("nan")}, "confidence must be above 0"),
        ({"confidence": "1"}, "confidence must be above 0"),
        ({"x": 10**400}, "x must be pixels"),
    ],
)
def test_values_out_of_range(wrong, words):
    values = {"x": 1, "y": 1, "color": "red"} | wrong
    if words is None:
        assert Hints().point(**values) == Hints().point(12, 1, "red")
        return
    with pytest.raises(BadOption, match=r"^hint 1 \(point\): ") as refused:
        Hints().point(**values)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "hints",
    [
        Hints().point(100, 5, "red"),
        Hints().point(5, 80, "red"),
        Hints().stroke([(5, 5), (5, 300)], "red"),
        Hints().rectangle(0, 0, 100, 10, "red"),
    ],
)
def test_hints_outside_the_picture(hints):
    with pytest.raises(BadOption, match=r"^hint 2 \(.*\): . \d+ is outside the picture of 100×80$"):
        drawn(Hints().point(99, 79, "red") + hints)


def test_rectangles_the_wrong_way_round():
    with pytest.raises(BadOption, match="right must not be left of left"):
        drawn(Hints().rectangle(9, 0, 3, 9, "red"))


def test_a_click_lies_where_it_was_made():
    assert told(Hints().point(50, 40, "red")) == {(10, 12)}
    assert told(Hints().point(0, 0, "red")) == {(0, 0)}
    assert told(Hints().point("100%", "100%", "red")) == {(19, 24)}
    assert told(Hints().point(50, 40, "red", radius=0.001)) == {(10, 12)}


def test_pixels_and_per_cent_mean_the_same_place():
    pixels = Hints().point(29.5, 19.5, "red", radius=8)
    assert told(pixels) == told(Hints().point("30%", "25%", "red", radius="10%"))


@given(x=st.floats(0, 99.9), y=st.floats(0, 79.9), radius=st.floats(0.01, 30))
def test_a_disc_covers_its_cell_and_nothing_far_away(x, y, radius):
    cells = told(Hints().point(x, y, "red", radius=radius))
    x, y = x + 0.5, y + 0.5
    away = [np.hypot(4 * row + 2 - y, 4 * column + 2 - x) for row, column in cells]
    assert min(away) <= 4.3
    assert max(away) <= radius + 4.3


def test_a_rectangle_holds_the_pixels_that_it_names():
    assert told(Hints().rectangle(8, 12, 15, 19, "red")) == {(r, c) for r in (3, 4) for c in (2, 3)}
    assert told(Hints().rectangle("0%", "0%", "100%", "100%", "red")) == {
        (r, c) for r in range(20) for c in range(25)
    }
    assert told(Hints().rectangle(8, 12, 8, 12, "red")) == {(3, 2)}


def test_a_stroke_is_one_line():
    cells = told(Hints().stroke([(2, 2), (2, 42), (82, 42)], "red", radius=1))
    assert cells == {(row, 0) for row in range(11)} | {(10, column) for column in range(21)}
    assert told(Hints().stroke([(50, 40)], "red")) == told(Hints().point(50, 40, "red"))


@pytest.mark.parametrize(
    ("width", "height", "radius"), [(3000, 2000, 1), (6000, 4000, 5), (3000, 2000, 0.01)]
)
def test_a_thin_stroke_is_whole(width, height, radius):
    """Whatever lies between the places that are looked at: every column is told, in the line's row."""
    size = {"width": width, "height": height, "h": 80, "w": 120}
    y = height * 0.502
    flat = Hints().stroke([(0, y), (width - 1, y)], "red", radius=radius)
    assert {column for _, column in told(flat, **size)} == set(range(120))
    assert len({row for row, _ in told(flat, **size)}) <= 2
    slanting = Hints().stroke([(0, 0), (width - 1, height - 1)], "red", radius=radius)
    assert {column for _, column in told(slanting, **size)} == set(range(120))


def test_points_may_come_one_by_one_and_numbers_from_numpy():
    pairs = [(1, 2), (3, 4)]
    given = Hints().stroke((pair for pair in pairs), "red", confidence=np.float32(0.5))
    assert given == Hints().stroke(pairs, "red", confidence=0.5)


@pytest.mark.parametrize("points", [[], [(1, 2, 3)], "12", [(1,)], [1, 2], ["12"], 7])
def test_strokes_of_no_points(points):
    with pytest.raises(BadOption, match=r"hint 1 \(stroke\): points must be pairs"):
        Hints().stroke(points, "red")


def test_masks_of_any_size_in_the_shape_of_the_picture():
    half = np.zeros((40, 50), bool)
    half[:, :25] = True
    want = {(r, c) for r in range(20) for c in range(25) if c < 12} | {(r, 12) for r in range(20)}
    for mask in (half, half.repeat(6, 0).repeat(6, 1)):
        assert told(Hints().mask(mask, "red")) == want
    with pytest.raises(
        BadOption, match=r"hint 1 \(mask\): 40×50 is of another shape than the picture of 100×80"
    ):
        drawn(Hints().mask(half.T, "red"))


def test_a_thin_line_in_a_fine_mask_is_not_lost():
    mask = np.zeros((800, 1000), bool)
    mask[405] = True
    assert told(Hints().mask(mask, "red")) == {(10, column) for column in range(25)}


@pytest.mark.parametrize(
    "mask",
    [np.zeros((4, 5), bool), np.ones((4, 5)), np.ones((4, 5, 1), bool), [[0, 1]], [[True], [True, False]]],
)
def test_what_is_no_mask(mask):
    with pytest.raises(BadOption, match=r"hint 1 \(mask\)"):
        Hints().mask(mask, "red")


def test_a_mask_is_kept_as_it_was():
    mask = np.ones((8, 10), bool)
    hints = Hints().mask(mask, "red")
    mask[:] = False
    assert len(told(hints)) == 500
    with pytest.raises(ValueError, match="read-only"):
        hints.shapes[0].mask[0, 0] = False


def test_a_mask_from_a_picture(tmp_path):
    grey = np.zeros((80, 100), np.uint8)
    grey[:, 48:] = 255
    Image.fromarray(grey).save(tmp_path / "mask.png")
    assert told(Hints().mask(tmp_path / "mask.png", "red")) == told(Hints().mask(grey > 0, "red"))
    with pytest.raises(UnreadableImage):
        Hints().mask(b"no picture", "red")


def painted(height=80, width=100):
    rgb = np.full((height, width, 3), 120, np.uint8)
    rgb[height // 2 :, : width // 4] = (200, 30, 30)
    rgb[: height // 4, width // 2 :] = (30, 60, 190)
    return rgb


@pytest.mark.parametrize("scale", [1, 3])
def test_painted_pixels_are_hints_and_grey_ones_are_not(scale):
    result = drawn(Hints.from_picture(painted(80 * scale, 100 * scale)))
    cells = result.planes[2] > 0
    want = np.zeros((20, 25), bool)
    want[10:, :6], want[:5, 13:] = True, True
    # Column 6 and 12 are covered by a quarter and a half.
    np.testing.assert_array_equal(
        cells[:, [*range(6), *range(7, 12), *range(13, 25)]],
        want[:, [*range(6), *range(7, 12), *range(13, 25)]],
    )
    for place, color in (((15, 2), (200, 30, 30)), ((2, 20), (30, 60, 190))):
        wanted = srgb_to_lab(np.array(color) / 255)[1:]
        np.testing.assert_allclose(result.planes[:2, *place], wanted, atol=0.5)


def test_paint_that_cannot_be_seen_is_none():
    rgba = np.dstack([painted(), np.full((80, 100), 255, np.uint8)])
    rgba[40:, :, 3] = 0
    cells = {row for row, _ in told(Hints.from_picture(rgba))}
    assert cells and max(cells) < 10


def test_a_grey_picture_is_painted_nowhere():
    with pytest.raises(BadOption, match=r"hint 1 \(picture\): no pixel of it is coloured"):
        Hints.from_picture(np.full((80, 100, 3), 90, np.uint8))


def test_later_hints_cover_earlier_ones():
    hints = Hints().rectangle(0, 0, 99, 79, "red").point(50, 40, "grey", radius=5, confidence=0.5)
    result = drawn(hints)
    assert result.planes[:, 10, 12].tolist() == [0, 0, 0.5]
    np.testing.assert_allclose(result.planes[:2, 0, 0], RED_AB, rtol=1e-5)
    assert result.owner[10, 12] == 1 and result.owner[0, 0] == 0


def test_nothing_told_is_nothing_drawn():
    result = drawn(Hints())
    assert not result.planes.any() and (result.owner == -1).all()


def test_a_colour_that_the_lightness_does_not_have_is_reported():
    hints = Hints().point("10%", "50%", "#0000ff").point("90%", "50%", "#8c2f2f").point("50%", "50%", "grey")
    lightness = np.full((20, 25), 93, np.float32)
    lightness[:, 20:] = 33
    (unmet,) = drawn(hints).unmet(lightness)
    assert (unmet.hint, unmet.kind, unmet.asked) == (1, "point", "#0000ff")
    assert unmet.difference > 5
    got = srgb_to_lab(np.array(list(bytes.fromhex(unmet.got[1:]))) / 255)
    assert abs(got[0] - 93) < 1
    assert str(unmet).startswith("hint 1 (point): #0000ff does not exist at the lightness of its place")


def test_of_paint_the_colour_that_was_painted_is_reported():
    rgb = np.full((80, 100, 3), 128, np.uint8)
    rgb[20:60, 20:60] = (0, 0, 255)
    (unmet,) = drawn(Hints.from_picture(rgb)).unmet(np.full((20, 25), 93, np.float32))
    assert unmet.kind == "picture" and unmet.asked == "#0000ff" != unmet.got


def test_of_many_paints_only_those_that_cannot_be_had_are_reported():
    """A large area that can be had must not hide a small one that cannot, nor mix with it."""
    rgb = np.full((80, 100, 3), 128, np.uint8)
    rgb[20:76] = (230, 205, 180)
    rgb[4:12, 20:60] = (0, 0, 255)
    hints = Hints.from_picture(rgb)
    (unmet,) = drawn(hints).unmet(np.full((20, 25), 85, np.float32))
    assert unmet.asked == "#0000ff" and unmet.difference > 20
    rgb[20:76] = (255, 0, 0)
    (unmet,) = drawn(Hints.from_picture(rgb)).unmet(np.full((20, 25), 95, np.float32))
    assert unmet.asked == "#ff0000", "the commonest, and not purple"


def test_no_paint_hides_another_that_cannot_be_had():
    """Red misses a little of a large area, blue all of a small one."""
    rgb = np.full((80, 100, 3), 128, np.uint8)
    rgb[20:76] = (255, 0, 0)
    rgb[4:12, 20:32] = (0, 0, 255)
    lightness = np.full((20, 25), 53, np.float32)
    lightness[:5] = lightness[18] = 90
    lightness[18, 8:] = 53
    (unmet,) = drawn(Hints.from_picture(rgb)).unmet(lightness)
    assert unmet.asked == "#0000ff"


def test_strokes_finer_than_a_cell_are_reported():
    rgb = np.full((80, 100, 3), 128, np.uint8)
    rgb[:, ::2], rgb[:, 1::2] = (255, 0, 0), (0, 0, 255)
    (unmet,) = drawn(Hints.from_picture(rgb)).unmet(np.full((20, 25), 95, np.float32))
    assert unmet.asked in ("#ff0000", "#0000ff") and unmet.difference > 5


def test_a_part_of_a_place_where_the_colour_is_missing_is_reported_for_itself():
    lightness = np.full((20, 25), 32, np.float32)
    lightness[:5] = 95
    (unmet,) = drawn(Hints().rectangle(0, 0, 99, 79, "#0000ff")).unmet(lightness)
    got = srgb_to_lab(np.array(list(bytes.fromhex(unmet.got[1:]))) / 255)
    assert abs(got[0] - 95) < 1


@given(y=st.integers(0, 3996), height=st.integers(0, 40))
def test_a_thin_rectangle_is_whole(y, height):
    told = Hints().rectangle(0, y, 5999, min(y + height, 3999), "red").drawn(6000, 4000, 80, 120).owner >= 0
    assert told.any(axis=0).all()


def test_a_hint_that_is_covered_is_not_reported():
    hints = Hints().point("50%", "50%", "blue").rectangle(0, 0, 99, 79, "grey")
    assert drawn(hints).unmet(np.full((20, 25), 95, np.float32)) == ()
