"""How sure the model is of its colours: right by a worked example, calibrated, and drawn legibly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color.bins import AbBins, gamut_bins
from photochrom.color.difference import delta_e_2000
from photochrom.errors import BadModel, BadOption
from photochrom.hints import Hints
from photochrom.images.heat import viridis
from photochrom.images.read import read_picture
from photochrom.inference.card import ModelCard
from photochrom.inference.confidence import calibrated, likelihoods, raw_difference
from photochrom.inference.pipeline import ColorizeOptions, Colorizer, Result
from photochrom.inference.result import MOST_UNSURE
from photochrom.inference.upsample import plain_coefficients

RAMP = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (200, 1))


@pytest.fixture(scope="module")
def colorizer(toy: Path) -> Colorizer:
    return Colorizer(toy, threads=1, provider="cpu")


def test_a_worked_example() -> None:
    bins = AbBins(np.array([[0, 0], [20, 30]], np.float32))
    logits = np.log(np.array([[[0.25, 1.0]], [[0.75, 1e-30]]], np.float32))
    chosen = np.array([[[20, 20]], [[30, 30]]], np.float32)
    away = float(delta_e_2000([60.0, 20, 30], [60.0, 0, 0]))
    assert raw_difference(logits, chosen, bins)[0] == pytest.approx([0.25 * away, away], rel=1e-5)


@given(st.integers(0, 50), st.floats(0, 100), st.floats(0.1, 8))
def test_the_short_cut_is_as_near_as_rounding_allows(seed: int, lightness: float, sure: float) -> None:
    """At any lightness: ΔE2000 between colours of one lightness does not depend on which."""
    rng, bins = np.random.default_rng(seed), gamut_bins()
    logits = rng.normal(0, sure, (len(bins), 2, 3)).astype(np.float32)
    chroma = rng.normal(0, 30, (2, 2, 3)).astype(np.float32)
    chosen = np.stack([np.full((2, 3), lightness), *chroma], axis=-1)[..., np.newaxis, :]
    others = np.insert(bins.centers.astype(np.float64), 0, lightness, axis=1)
    exact = (likelihoods(logits).transpose(1, 2, 0) * delta_e_2000(chosen, others)).sum(axis=-1)
    # Half a unit of a and half of b, where near grey a is stretched to one and a half.
    assert np.abs(raw_difference(logits, chroma, bins) - exact).max() < np.hypot(0.75, 0.5)


def test_more_places_than_are_worked_on_at_once() -> None:
    rng, bins = np.random.default_rng(0), AbBins(np.array([[0, 0], [20, 30], [-10, 0]], np.float32))
    logits = rng.normal(0, 1, (3, 100, 200)).astype(np.float32)
    chroma = rng.normal(0, 20, (2, 100, 200)).astype(np.float32)
    whole = raw_difference(logits, chroma, bins)
    np.testing.assert_allclose(whole[90:], raw_difference(logits[:, 90:], chroma[:, 90:], bins), rtol=1e-5)


@given(st.lists(st.floats(0, 60), min_size=2, max_size=20))
def test_a_curve_keeps_the_order_and_meets_its_points(raw: list[float]) -> None:
    curve = ((1.0, 2.0), (10.0, 8.0), (20.0, 8.0), (30.0, 30.0))
    given_raw = np.sort(np.array(raw, np.float32))
    expected = calibrated(given_raw, curve)
    assert (np.diff(expected) >= 0).all() and expected.dtype == np.float32
    assert calibrated(np.array([0, 1, 5.5, 30, 99], np.float32), curve).tolist() == [2, 2, 5, 30, 30]
    assert calibrated(given_raw, ()) is given_raw


def test_torn_places_are_less_sure_than_clear_ones(colorizer: Colorizer) -> None:
    """The toy is torn between warm, cold and grey in middle greys, and sure of them in light and dark."""
    result = colorizer(RAMP)
    assert result.confidence.dtype == np.float32 and result.confidence.shape == result.chroma.shape[1:]
    across = result.confidence.mean(axis=0)
    seen = result.guess.lightness.mean(axis=0).reshape(len(across), -1).mean(axis=1)
    dark, torn, light = (across[np.abs(seen - place).argmin()] for place in (35, 50, 65))
    assert torn > dark + 5 and torn > light + 5 and light < 1


def test_another_choice_is_judged_by_the_same_distribution(colorizer: Colorizer) -> None:
    gray, colored = (colorizer(RAMP, options=ColorizeOptions(vividness=v)).confidence for v in (0, 1))
    light = slice(int(gray.shape[1] * 0.8), None)
    assert gray[:, light].mean() > colored[:, light].mean() + 5


def test_the_card_calibrates(toy_copy: Path) -> None:
    path = toy_copy / "toy.json"
    values = json.loads(path.read_text("utf8"))
    raw = Colorizer(path, threads=1, provider="cpu")(RAMP).confidence
    path.write_text(json.dumps({**values, "confidence": [[0, 3], [10, 3], [50, 23]]}), "utf8")
    colorizer = Colorizer(path, threads=1, provider="cpu")
    assert colorizer.card.confidence == ((0, 3), (10, 3), (50, 23))
    expected = np.where(raw < 10, 3, 3 + (raw - 10) / 2)
    np.testing.assert_allclose(colorizer(RAMP).confidence, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[1, 2]], "two points"),
        ([[1, 2], [3, -1]], "not below 0"),
        ([[1, 2], [3, float("inf")]], "finite"),
        ([[1, 2], [1, 3]], "must rise"),
        ([[1, 2], [2, 1]], "must rise"),
        ([[1, 2, 3]], "not a model card"),
        (7, "not a model card"),
        ("ab", "not a model card"),
    ],
)
def test_a_curve_that_is_none_is_refused(toy_copy: Path, rows: object, reason: str) -> None:
    path = toy_copy / "toy.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf8")), "confidence": rows}), "utf8")
    with pytest.raises(BadModel, match=reason):
        ModelCard.load(path)


def test_the_shipped_card_is_calibrated() -> None:
    curve = ModelCard.load(Path(__file__).parents[2] / "src/photochrom/models/flagship.json").confidence
    assert len(curve) > 5


def test_what_a_reference_lends_is_less_in_doubt() -> None:
    shipped = Colorizer(threads=1, provider="cpu")
    sepia = np.stack([RAMP, RAMP * 0.8, RAMP * 0.5], axis=-1).astype(np.uint8)
    options = ColorizeOptions(detail=128)
    alone = shipped(RAMP, options=options).confidence
    beside = shipped(RAMP, options=options, reference=sepia)
    assert beside.guess is not None and beside.guess.carried is not None
    lent = beside.guess.carried[2].mean()
    assert lent > 0.5
    assert beside.confidence.mean() < alone.mean() * (1 - 0.5 * lent)


@pytest.mark.parametrize("told", ["hint", "reference"])
def test_of_a_vivid_setting_more_is_in_doubt_whatever_is_told(told: str) -> None:
    """A hint in a corner, or little that a reference lends, must not make all settings alike."""
    shipped, places = Colorizer(threads=1, provider="cpu"), []
    sepia = np.stack([RAMP, RAMP * 0.8, RAMP * 0.5], axis=-1).astype(np.uint8)
    for vividness in (0.5, 2.0):
        result = shipped(
            RAMP,
            options=ColorizeOptions(detail=128, vividness=vividness),
            hints=Hints().point(0, 0, "grey", confidence=0.01) if told == "hint" else None,
            reference=sepia if told == "reference" else None,
        )
        places.append(result.confidence)
    likely, vivid = places
    assert vivid.mean() > 1.02 * likely.mean()


def test_what_is_told_as_good_as_nothing_changes_next_to_nothing() -> None:
    shipped, options = Colorizer(threads=1, provider="cpu"), ColorizeOptions(detail=128, vividness=2)
    alone = shipped(RAMP, options=options).confidence
    hinted = shipped(RAMP, options=options, hints=Hints().point(0, 0, "grey", confidence=1e-3))
    np.testing.assert_allclose(hinted.confidence, alone, rtol=0.1)


def test_colours_from_elsewhere_have_no_confidence(colorizer: Colorizer, tmp_path: Path) -> None:
    chroma = np.zeros((2, 3, 4), np.float32)
    result = Result(read_picture(RAMP), chroma, plain_coefficients(chroma), "elsewhere")
    with pytest.raises(BadOption, match="elsewhere does not say"):
        _ = result.confidence
    with pytest.raises(BadOption, match="elsewhere does not say"):
        result.save_confidence(tmp_path / "a.png")


def test_viridis_rises_in_lightness() -> None:
    colors = viridis()
    assert colors.shape == (256, 3)
    assert [bytes(colors[i]).hex() for i in (0, 255)] == ["440154", "fde725"]
    assert (np.diff(colors @ [0.2126, 0.7152, 0.0722]) > -0.6).all()


def test_a_map_shows_each_place_its_own_step(colorizer: Colorizer, tmp_path: Path) -> None:
    result = colorizer(RAMP)
    result.save_confidence(tmp_path / "map.png")
    drawn = read_picture(tmp_path / "map.png").pixels.source.open().numpy()
    assert drawn.shape == (200, 300, 3) and drawn.dtype == np.uint8
    distance = np.abs(drawn[:, :, np.newaxis].astype(int) - viridis()).sum(axis=-1)
    assert distance.min(axis=-1).max() == 0
    shown = distance.argmin(axis=-1) * MOST_UNSURE / 255
    h, w = result.confidence.shape
    rows, columns = (np.arange(200) * h // 200), (np.arange(300) * w // 300)
    assert np.abs(shown - result.confidence[np.ix_(rows, columns)]).mean() < 1.5
