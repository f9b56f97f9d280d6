"""Each metric against an oracle of other hands, and the properties that all of them have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_cie76, deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio

from photochrom.evaluation import rendered
from photochrom.evaluation.metrics import METRICS, Metric
from photochrom.evaluation.metrics.colorfulness import colorfulness
from photochrom.evaluation.metrics.difference import mean_delta_e_76, mean_delta_e_2000
from photochrom.evaluation.metrics.fidelity import PSNR_CEILING, psnr
from photochrom.evaluation.rendered import Rendered
from photochrom.evaluation.scene import Box, Scene

GUIDE = Path(__file__).parents[2] / "docs" / "metrics.md"

# Those that need a network are tested beside it.
PLAIN = {name: metric for name, metric in METRICS.items() if not metric.backbone}
ROWS = pytest.mark.parametrize("metric", PLAIN.values(), ids=PLAIN)

# What a pixel counts depends on where it stands, so tiles of a picture are another picture.
OF_PLACES = {"bleeding", "red_blobs", "skin", "ssim"}

# Weighted by what is true.
ONE_SIDED = {"auc_balanced"}


def noisy(truth: Rendered, strength: float) -> Rendered:
    noise = np.random.default_rng(1).normal(0, strength, truth.rgb.shape)
    return Rendered((truth.rgb + noise).clip(0, 255).astype(np.uint8))


def scene_of(truth: Rendered) -> Scene:
    height, width = truth.rgb.shape[:2]
    return Scene(truth.rgb, truth, faces=(Box(0, 0, width / 2, height / 2),))


@pytest.fixture
def truth() -> Rendered:
    rng = np.random.default_rng(0)
    return Rendered(rng.integers(30, 226, (40, 60, 3), dtype=np.uint8))


@pytest.fixture
def result(truth: Rendered) -> Rendered:
    return noisy(truth, 12)


@ROWS
def test_a_picture_compared_with_itself_has_the_best_value(metric: Metric, truth: Rendered) -> None:
    value = metric.measure(truth, scene_of(truth))
    assert np.isfinite(value)
    assert (metric.best is not None) == metric.needs_truth
    if metric.best is not None:
        assert value == metric.best


@pytest.mark.parametrize("name", METRICS)
def test_the_guide_has_a_heading_for_every_metric(name: str) -> None:
    headings = [line for line in GUIDE.read_text("utf8").splitlines() if line.startswith("## ")]
    assert any(f"`{name}`" in heading for heading in headings)


@ROWS
def test_growing_error_is_worse(metric: Metric, truth: Rendered) -> None:
    if not metric.needs_truth:
        pytest.skip("error is a matter of the truth")
    values = [metric.measure(noisy(truth, strength), scene_of(truth)) for strength in (1, 3, 9, 27)]
    assert values == sorted(values, reverse=metric.better == "higher")
    assert len(set(values)) == len(values)


@ROWS
def test_result_and_truth_may_change_places(metric: Metric, truth: Rendered, result: Rendered) -> None:
    if metric.needs_truth and metric.name not in ONE_SIDED:
        there, back = (metric.measure(a, scene_of(b)) for a, b in ((result, truth), (truth, result)))
        assert there == pytest.approx(back, rel=1e-5)


@ROWS
def test_a_missing_or_wrong_sized_truth_is_refused(metric: Metric, truth: Rendered) -> None:
    if metric.needs_truth:
        wrong = Rendered(truth.rgb[1:])
        with pytest.raises(ValueError, match=metric.name):
            metric.measure(truth, scene_of(wrong))
        assert np.isnan(metric.measure(truth, Scene(truth.rgb, None)))


@ROWS
def test_rows_taken_in_blocks_are_the_whole_picture(metric: Metric) -> None:
    if metric.name in OF_PLACES:
        pytest.skip("tiles of a picture have other neighbours than the picture")
    rng = np.random.default_rng(2)
    small, other = (Rendered(rng.integers(0, 256, (3, 7, 3), dtype=np.uint8)) for _ in range(2))
    # 700 × 700 is more than one block; the same pixels many times over have the same mean.
    large, large_other = (Rendered(np.tile(one.rgb, (234, 100, 1))) for one in (small, other))
    assert len(list(large.blocks())) > 1

    def measured(one: Rendered, two: Rendered) -> float:
        return metric.measure(one, scene_of(two))

    assert measured(large, large_other) == pytest.approx(measured(small, other), rel=1e-5)


@ROWS
def test_the_height_of_blocks_changes_nothing(
    metric: Metric, truth: Rendered, result: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = metric.measure(result, scene_of(truth))
    monkeypatch.setattr(rendered, "_BLOCK", 7 * truth.rgb.shape[1])
    assert len(list(truth.blocks())) == 6
    in_parts = metric.measure(Rendered(result.rgb), scene_of(Rendered(truth.rgb)))
    assert in_parts == pytest.approx(at_once, rel=1e-9)


def test_psnr_is_that_of_scikit_image(truth: Rendered, result: Rendered) -> None:
    assert psnr(result, truth) == pytest.approx(peak_signal_noise_ratio(truth.rgb, result.rgb), abs=1e-9)


def test_psnr_of_a_shift_by_one_is_the_textbook_value() -> None:
    flat = np.full((8, 8, 3), 100, np.uint8)
    assert psnr(Rendered(flat + np.uint8(1)), Rendered(flat)) == pytest.approx(48.1308, abs=1e-4)


def test_psnr_stays_finite_so_that_means_do() -> None:
    flat = np.zeros((256, 256, 3), np.uint8)
    almost = flat.copy()
    almost[0, 0, 0] = 1
    assert psnr(Rendered(almost), Rendered(flat)) <= PSNR_CEILING


@pytest.mark.parametrize(
    ("ours", "theirs"), [(mean_delta_e_2000, deltaE_ciede2000), (mean_delta_e_76, deltaE_cie76)]
)
def test_color_differences_are_those_of_scikit_image(ours, theirs, truth, result) -> None:
    expected = theirs(rgb2lab(truth.rgb), rgb2lab(result.rgb)).mean()
    # scikit-image's matrix and white are rounded to six figures.
    assert ours(result, truth) == pytest.approx(expected, rel=2e-3)


def test_colorfulness_of_a_worked_example_takes_differences_with_their_sign() -> None:
    # Red and green: rg = ±255, yb = 127.5. With absolute values it would be 0.3 · 285.1 = 85.5.
    two = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    assert colorfulness(Rendered(two)) == pytest.approx(255 + 0.3 * 127.5)


def test_colorfulness_is_the_formula_of_the_paper(truth: Rendered) -> None:
    red, green, blue = np.moveaxis(truth.rgb.astype(float), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert colorfulness(truth) == pytest.approx(expected)


def test_grey_has_no_colorfulness() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    assert colorfulness(Rendered(ramp)) == 0
