"""Hints led over a grid whose kinship is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color.bins import AbBins
from photochrom.hints import led
from photochrom.inference import obey as module
from photochrom.inference.guess import KINSHIP
from photochrom.inference.obey import kinship, obey, thinned

H, W = 12, 16
BINS = AbBins(np.array([[0, 0], [40, 0], [0, 40], [-40, 0]], np.float32))


def look(logits=None, lightness=None, features=None):
    """Two halves: the left one light and of one distribution, the right one dark and of another."""
    if logits is None:
        logits = np.zeros((4, H, W), np.float32)
        logits[1, :, : W // 2], logits[3, :, W // 2 :] = 3, 3
    if lightness is None:
        lightness = np.full((4 * H, 4 * W), 60, np.float32)
    return kinship(logits, lightness, features or {}, BINS)


def click(y=6, x=4, ab=(20.0, 10.0), confidence=1.0):
    hints = np.zeros((3, H, W), np.float32)
    hints[:, y, x] = (*ab, confidence)
    return hints


def moved(kin, hints, ab=None):
    ab = np.zeros((2, H, W), np.float32) if ab is None else ab
    return np.hypot(*(obey(ab, hints, kin) - ab))


def test_without_hints_nothing_changes():
    ab = np.random.default_rng(0).normal(size=(2, H, W)).astype(np.float32)
    np.testing.assert_array_equal(obey(ab, np.zeros((3, H, W), np.float32), look()), ab)


@given(
    y=st.integers(0, H - 1),
    x=st.integers(0, W - 1),
    ab=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    confidence=st.floats(0.01, 1),
)
def test_a_hinted_place_comes_out_as_confidence_says(y, x, ab, confidence):
    chosen = np.full((2, H, W), 5, np.float32)
    result = obey(chosen, click(y, x, ab, confidence), look())
    np.testing.assert_allclose(result[:, y, x], 5 + confidence * (np.array(ab) - 5), atol=1e-3)


def test_what_looks_the_same_follows_and_what_does_not_stays():
    change = moved(look(), click())
    assert change[6, 4 - 2] > 0.7 * change[6, 4]
    assert change[:, : W // 2].min() > 3 * change[:, W // 2 :].max()


def test_nearer_places_follow_more():
    kin = look(np.zeros((4, H, W), np.float32))
    change = moved(kin, click(6, 0))
    assert (np.diff(change[6]) < 0).all()


def test_places_of_another_lightness_follow_less():
    lightness = np.full((4 * H, 4 * W), 60, np.float32)
    lightness[:24] = 5
    change = moved(look(np.zeros((4, H, W), np.float32), lightness), click(6, 4))
    assert change[5, 4] < 0.6 * change[7, 4]


def test_places_that_the_network_sees_apart_follow_less():
    seen = np.zeros((1, 8, H, W), np.float32)
    seen[:, :, :, 6:] = 0.5
    flat = np.zeros((4, H, W), np.float32)
    alike, apart = (moved(look(flat, features=f), click(ab=(10.0, 5.0))) for f in ({}, {KINSHIP: seen}))
    np.testing.assert_allclose(apart[:, :6], alike[:, :6], atol=1e-4)
    # Eight numbers that differ by 0.5: e^−1 of what was shared.
    np.testing.assert_allclose(apart[:, 6:], alike[:, 6:] / np.e, rtol=0.02)


def test_where_the_network_is_sure_less_changes():
    logits = np.zeros((4, H, W), np.float32)
    logits[0, :, 8:] = 4
    sure = np.zeros((4, H, W), np.float32)
    sure[0] = 4
    # Kin to each other in all but the doubt: the same distribution cannot have two.
    kin = look(logits)
    assert kin.doubt.reshape(H, W)[0, 12] < 0.6 * kin.doubt.reshape(H, W)[0, 0]
    change = moved(kin, click(6, 7))
    assert change[6, 8] < 0.6 * change[6, 6]


@pytest.mark.parametrize("strength", [1.0, 3.0])
def test_a_wish_beyond_what_is_likely_stays_nearer_to_its_place(strength):
    logits = np.zeros((4, H, W), np.float32)
    logits[1] = strength  # the surer, the less is likely
    kin = look(logits)
    likely = led.LARGE * kin.doubt.reshape(H, W)[6, 4]
    near, far = (moved(kin, click(ab=(size * likely, 0.0))) / (size * likely) for size in (1.0, 6.0))
    assert far[6, 4] == pytest.approx(near[6, 4], abs=1e-4) == pytest.approx(1, abs=1e-4)
    # A difference six times as large as what counts as likely: 1/36 of it goes as far as the small one.
    alike = near[0, 0] * (1 + led.NOISE)
    assert alike < 0.9
    assert far[0, 0] == pytest.approx((alike / 36 + alike**led.CLOSER * 35 / 36) / (1 + led.NOISE), abs=1e-3)


def test_hints_on_a_coarser_grid():
    hints = np.zeros((3, H // 4, W // 4), np.float32)
    hints[:, 1, 1] = (30, 0, 1)
    result = obey(np.zeros((2, H, W), np.float32), hints, look())
    np.testing.assert_allclose(result[0, 4:8, 4:8], 30, atol=1e-3)


def test_large_areas_are_thinned_out_and_obeyed_all_the_same(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 60)
    hints = np.zeros((3, H, W), np.float32)
    hints[:, 1:11, 1:11] = np.array([30, -10, 1], np.float32)[:, None, None]
    told = hints.reshape(3, -1)
    cells = np.flatnonzero(told[2])
    few = thinned(told, cells, (H, W), 60)
    assert len(few) <= 60 and set(few) < set(cells)
    rim = np.zeros((H, W), bool)
    rim[1:11, 1:11], rim[2:10, 2:10] = True, False
    assert set(np.flatnonzero(rim)) <= set(few)
    result = obey(np.zeros((2, H, W), np.float32), hints, look())
    np.testing.assert_allclose(result[0, 1:11, 1:11], 30, atol=1e-3)
    monkeypatch.setattr(module, "MOST_CELLS", 20)
    assert len(thinned(told, cells, (H, W), 20)) <= 20


def test_contradicting_neighbours_are_both_obeyed():
    hints = click(6, 4, (40, 0)) + click(6, 5, (-40, 0))
    result = obey(np.zeros((2, H, W), np.float32), hints, look())
    np.testing.assert_allclose(result[0, 6, 4:6], (40, -40), atol=1e-3)
    assert np.abs(result).max() <= 40.001


def vivid_halves():
    """Red on the left, green on the right: nothing of one is kin to the other."""
    ab = np.zeros((2, H, W), np.float32)
    ab[0, :, : W // 2], ab[0, :, W // 2 :] = 12, -12
    return ab


def without_what_is_common(monkeypatch, *arguments):
    with monkeypatch.context() as patched:
        patched.setattr(module.led, "COMMON", 1e-9)
        return obey(*arguments)


@pytest.mark.parametrize(("wanted", "duller"), [(5.0, True), (19.0, False)])
def test_clicks_that_agree_on_vividness_are_heard_everywhere(monkeypatch, wanted, duller):
    """On a strip too that is kin to neither place; it is sure of its colour, so it moves by little."""
    logits = np.zeros((4, H, W), np.float32)
    logits[1, :, : W // 2], logits[3, :, W // 2 :], logits[2, 9:] = 3, 3, 9
    ab, kin = vivid_halves(), look(logits=logits)
    ab[:, 9:] = np.array([0, 10])[:, None, None]
    hints = click(y=2, ab=(wanted, 0.0)) + click(y=2, x=12, ab=(-wanted, 0.0))
    strip = (
        obey(ab, hints, kin)[1, 10:].mean(),
        without_what_is_common(monkeypatch, ab, hints, kin)[1, 10:].mean(),
    )
    assert abs(strip[1] - 10) < 0.01
    assert (strip[0] < 9.85) if duller else (strip[0] > 10.15)


@pytest.mark.parametrize("wanted", [5.0, 19.0, -60.0])
def test_a_lone_click_says_nothing_of_the_rest(monkeypatch, wanted):
    ab, hints = vivid_halves(), click(ab=(wanted, 0.0))
    np.testing.assert_allclose(
        obey(ab, hints, look()), without_what_is_common(monkeypatch, ab, hints, look()), atol=0.2
    )


def test_wishes_for_other_hues_say_little_of_how_vivid_the_rest_is(monkeypatch):
    ab = vivid_halves()
    hints = click(ab=(-60.0, 0.0)) + click(y=2, x=12, ab=(60.0, 0.0))
    away = np.abs(obey(ab, hints, look()) - without_what_is_common(monkeypatch, ab, hints, look()))
    assert away.max() < 2
