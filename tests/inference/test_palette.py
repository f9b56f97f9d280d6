"""Palettes: what is read out of words and pictures, and what the shipped model does with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import photochrom
from photochrom.color.bins import gamut_bins
from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import BadOption, UnreadableImage
from photochrom.images.read import read_picture
from photochrom.images.write import write_picture
from photochrom.inference.palette import MOST_COLORS, Palette, palette_of, wishes_of
from photochrom.inference.pipeline import Colorizer, Guess
from photochrom.inference.vividness import ColorRule

DEMO = Path(__file__).parents[2] / "examples" / "migrant_mother_1936.jpg"
BINS = gamut_bins()
GREENS, REDS = "#3f7a3a,#7fa04a", "#a03a30,#c0703a"
hexes = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(threads=1, provider="cpu")


@pytest.fixture(scope="module")
def guess(colorizer: Colorizer) -> Guess:
    return colorizer.guess(read_picture(DEMO), detail=128)


def ab_of(color: str) -> np.ndarray:
    return srgb_to_lab(np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]))[1:]


def patches(*colors: str, sides: tuple[int, ...]) -> np.ndarray:
    """Areas of even colour side by side, as wide as `sides`."""
    rows = [
        np.full((60, side, 3), [int(color[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        for color, side in zip(colors, sides, strict=True)
    ]
    return np.concatenate(rows, axis=1)


@settings(max_examples=30, deadline=None)
@given(st.lists(hexes, min_size=1, max_size=MOST_COLORS))
def test_typed_colours_are_read_however_they_are_written(colors: list[str]) -> None:
    palette = palette_of(",".join(colors))
    np.testing.assert_allclose(palette.colors, [ab_of(color) for color in colors], atol=1e-6)
    spaced = " , ".join(color.upper().removeprefix("#") for color in colors)
    assert palette_of(spaced) == palette
    shares = palette.shares(BINS)
    assert shares.shape == (len(BINS),) and shares.min() >= 0 and shares.sum() == pytest.approx(1, abs=1e-5)
    leaning = palette.leaning(BINS)
    assert leaning.shape == (len(BINS),) and np.isfinite(leaning).all() and leaning.max() <= 0


def test_three_digits_are_short_for_six() -> None:
    assert palette_of("#a3f") == palette_of("#aa33ff")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "palette: is empty"),
        (" , ", "palette: is empty"),
        ("#12345", "'#12345' is not a colour"),
        ("#aabbcc,rde", "'rde' is not a colour; did you mean red"),
        ("#", "'#' is not a colour"),
        (",".join(["#8c2f2f"] * 17), "of 17 colours, where up to 16 are taken"),
    ],
)
def test_what_is_no_palette_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(BadOption, match=reason) as caught:
        palette_of(text)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": (1.0,)},
        {"weights": (1.0, 0.0)},
        {"weights": (1.0, float("nan"))},
        {"colors": ((float("inf"), 0.0), (1.0, 2.0))},
        {"greys": 1.5},
        {"blur": -1.0},
        {"strength": 2.1},
        {"strength": float("nan")},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadOption, match="palette"):
        replace(Palette(((40.0, 20.0), (-20.0, 30.0))), **wrong)


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear Sir,")
    for source in (letter, str(letter), tmp_path / "none.png"):
        with pytest.raises(UnreadableImage, match=Path(source).name):
            palette_of(source)
    with pytest.raises(BadOption, match=r"migrant_mother_1936\.jpg is grey"):
        palette_of(DEMO)


def test_a_picture_gives_its_main_colours_and_their_shares(tmp_path: Path) -> None:
    colors, sides = ("#a03a30", "#3f7a3a", "#808080"), (20, 30, 50)
    pixels = patches(*colors, sides=sides)
    palette = palette_of(pixels)
    order = sorted(zip(sides, colors, strict=True), reverse=True)
    # Between two areas the reduction makes a few mixed colours, which are clusters of their own.
    np.testing.assert_allclose(palette.colors[:3], [ab_of(color) for _, color in order], atol=1.5)
    np.testing.assert_allclose(palette.weights[:3], [side / 100 for side, _ in order], atol=0.03)
    assert len(palette.colors) <= MOST_COLORS and sum(palette.weights) == pytest.approx(1)
    assert palette_of(pixels) == palette
    file = tmp_path / "picture.png"
    picture = read_picture(pixels)
    write_picture(picture.pixels.source.open(), picture, file)
    assert palette_of(file) == palette_of(str(file)) == palette_of(file.read_bytes()) == palette


def test_what_is_transparent_has_no_colour() -> None:
    rgba = np.dstack([patches("#a03a30", "#3f7a3a", sides=(50, 50)), np.full((60, 100), 255, np.uint8)])
    rgba[:, 50:, 3] = 0
    palette = palette_of(rgba)
    # What lies on the border is between both.
    assert palette.weights[0] > 0.95 and np.allclose(palette.colors[0], ab_of("#a03a30"), atol=1)
    rgba[..., 3] = 0
    with pytest.raises(BadOption, match="array is grey"):
        palette_of(rgba)


def test_greys_stay_and_other_hues_lose() -> None:
    leaning = palette_of("#3f7a3a").leaning(BINS)
    at = {
        name: int(BINS.encode(ab)[0][0]) for name, ab in {"green": ab_of("#3f7a3a"), "grey": (0, 0)}.items()
    }
    opposite = int(BINS.encode(-ab_of("#3f7a3a"))[0][0])
    assert leaning[at["green"]] > leaning[opposite] + 2
    assert leaning[at["grey"]] > leaning[opposite] + 2
    shares = palette_of("#3f7a3a").shares(BINS)
    assert shares[np.hypot(*BINS.centers.T) <= 10].sum() > 0.4


def test_a_name_given_twice_weighs_twice() -> None:
    red, green = (int(BINS.encode(ab_of(color))[0][0]) for color in ("#a03a30", "#3f7a3a"))
    once, twice = (palette_of(text).shares(BINS) for text in ("#a03a30,#3f7a3a", "#a03a30,#a03a30,#3f7a3a"))
    assert twice[red] / twice[green] == pytest.approx(2 * once[red] / once[green], rel=0.1)


def test_strength_0_is_automatic_and_wishes_grow_with_it(colorizer: Colorizer, guess: Guess) -> None:
    untold = colorizer.wished(guess, palette_of(GREENS, strength=0))
    np.testing.assert_array_equal(untold.logits, guess.logits)
    bins = colorizer.card.bins
    assert guess.logits is not None and bins is not None
    own = wishes_of(palette_of(GREENS, strength=1e-6), bins, guess.logits)
    assert own[: len(bins)].sum() == pytest.approx(1, abs=1e-4) and own[len(bins)] == 1
    full = wishes_of(palette_of(GREENS), bins, guess.logits)
    np.testing.assert_allclose(full[: len(bins)], palette_of(GREENS).shares(bins), atol=1e-6)
    assert not full[len(bins) + 1 :].any()


@pytest.mark.parametrize(("text", "signs"), [(GREENS, (-1, 1)), ("#2f5f9c,#4f8ab0", (-1, -1))])
def test_colours_go_where_the_palette_points(
    colorizer: Colorizer, guess: Guess, text: str, signs: tuple[int, int]
) -> None:
    rule = colorizer.card.rule(1)
    shares = []
    for strength in (0.0, 0.5, 1.0):
        ab = colorizer.chroma(colorizer.wished(guess, palette_of(text, strength=strength)), rule)
        chroma = np.hypot(*ab)
        hues = np.array([np.arctan2(b, a) for a, b in palette_of(text).colors])
        off = np.abs((np.arctan2(ab[1], ab[0])[..., np.newaxis] - hues + np.pi) % (2 * np.pi) - np.pi)
        shares.append(chroma[off.min(axis=-1) < np.radians(30)].sum() / chroma.sum())
    assert shares[0] < shares[1] < shares[2] and shares[2] > 0.6
    assert np.sign(ab.mean(axis=(1, 2)))[1] == signs[1]


def test_palette_and_hints_add_up(colorizer: Colorizer, guess: Guess) -> None:
    assert guess.logits is not None
    hints = np.zeros((3, *guess.logits.shape[1:]), np.float32)
    hints[:, 8:11, 8:11] = np.array([50, 30, 1], np.float32)[:, None, None]
    palette = palette_of(GREENS)
    first = colorizer.hinted(colorizer.wished(guess, palette), hints)
    second = colorizer.wished(colorizer.hinted(guess, hints), palette)
    np.testing.assert_allclose(first.logits, second.logits, atol=1e-3)
    only = colorizer.hinted(guess, hints)
    assert np.abs(first.logits - only.logits).max() > 1


def test_each_palette_takes_the_place_of_the_one_before(colorizer: Colorizer, guess: Guess) -> None:
    red, green = palette_of(REDS), palette_of(GREENS)
    again = colorizer.wished(colorizer.wished(guess, red), green)
    np.testing.assert_allclose(again.logits, colorizer.wished(guess, green).logits, atol=1e-4)


def test_through_the_whole_pipeline(colorizer: Colorizer, tmp_path: Path) -> None:
    grey = np.asarray(read_picture(DEMO).lightness.numpy() * 2.55, np.uint8).squeeze()[::4, ::4]
    plain, green = photochrom.colorize(grey), photochrom.colorize(grey, palette=GREENS)
    assert srgb_to_lab(green / 255)[..., 1].mean() < srgb_to_lab(plain / 255)[..., 1].mean() - 2
    np.testing.assert_array_equal(green, photochrom.colorize(grey, palette=palette_of(GREENS)))
    with pytest.raises(BadOption, match="palette: is empty"):
        photochrom.colorize(grey, palette="")


def test_a_model_that_gives_one_colour_a_place_refuses(colorizer: Colorizer) -> None:
    card = replace(colorizer.card, gives="ab", bins=None, prior=None)
    other = object.__new__(Colorizer)
    other.card = card
    guess = Guess(np.zeros((32, 32), np.float32), {}, ab=np.zeros((2, 8, 8), np.float32))
    with pytest.raises(BadOption, match="palette: flagship gives one colour a place"):
        other.wished(guess, palette_of(REDS))


def test_a_model_without_wishes_is_led_by_likelihood_alone(colorizer: Colorizer, guess: Guess) -> None:
    class Deaf:
        def decode(self, feed: dict[str, np.ndarray]) -> np.ndarray:
            return feed["logits"]

    other = object.__new__(Colorizer)
    other.card, other._network = colorizer.card, Deaf()
    assert guess.logits is not None and other.card.bins is not None
    alone = replace(guess, features={"logits": guess.logits})
    leaning = palette_of(GREENS).leaning(other.card.bins)
    wished = other.wished(alone, palette_of(GREENS))
    np.testing.assert_allclose(wished.logits, guess.logits + leaning[:, None, None], atol=1e-5)
    assert np.isfinite(other.chroma(wished, ColorRule())).all()


@pytest.mark.parametrize("text", ["red, Grey,#00f", "#ff0000,808080,0000ff"])
def test_colours_are_typed_as_in_hints(text):
    red, grey, blue = palette_of(text).colors
    assert red == pytest.approx((80.1, 67.2), abs=0.1)
    assert grey == (0, 0)
    assert blue == pytest.approx((79.2, -107.9), abs=0.1)
