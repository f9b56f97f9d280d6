from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap

from photochrom.evaluation.bootstrap import resampled_means
from photochrom.evaluation.measurements import Measurements
from photochrom.evaluation.metrics.distribution import frechet_distance
from photochrom.evaluation.references import GRAY, TRUTH
from photochrom.evaluation.summary import summarize


def measurements(count: int = 60, *, truth: bool = True) -> Measurements:
    """Three rows, of which "good" is 1.5 dB better than grey in each picture, "noise" now and then."""
    rng = np.random.default_rng(5)
    gray = rng.normal(22, 4, count)
    color = rng.uniform(20, 60, count)
    psnr = np.stack([gray, gray + 1.5, gray + rng.normal(0, 2, count)])
    values = {"psnr": psnr, "de2000": 30 - psnr, "colorfulness": np.outer([0, 0.5, 0.8], color)}
    return Measurements(
        files=tuple(Path(f"{i}.png") for i in range(count)),
        rows=(GRAY, "good", "noise"),
        values=values if truth else {"colorfulness": values["colorfulness"]},
        truth={"colorfulness": color} if truth else {},
        failures=(),
    )


def test_means_are_means_and_intervals_hold_them() -> None:
    measured = measurements()
    summary = summarize(measured)
    assert summary.pictures == 60
    for i, line in enumerate(summary.lines):
        for name, estimate in line.metrics.items():
            assert estimate.mean == pytest.approx(measured.values[name][i].mean())
            assert estimate.low <= estimate.mean <= estimate.high


def test_intervals_are_those_of_scipy() -> None:
    measured = measurements()
    ours = summarize(measured).lines[0].metrics["psnr"]
    theirs = bootstrap(
        (measured.values["psnr"][0],),
        np.mean,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(3),
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.08)
    assert ours.high == pytest.approx(theirs.high, abs=0.08)


def test_gain_over_grey_is_paired_and_positive_where_better() -> None:
    gray, good, noise = summarize(measurements()).lines
    for name in ("psnr", "de2000"):
        assert gray.gain[name].mean == gray.gain[name].low == gray.gain[name].high == 0
        # The same gain in each picture leaves nothing to chance, however much the pictures differ.
        assert good.gain[name].low == pytest.approx(1.5)
        assert good.gain[name].high == pytest.approx(1.5)
        assert noise.gain[name].high - noise.gain[name].low > 0.3
    assert "colorfulness" not in good.gain


def test_colorfulness_is_compared_with_the_mean_of_the_truth() -> None:
    summary = summarize(measurements())
    _, good, noise = summary.lines
    assert good.colorfulness_ratio is not None
    assert good.colorfulness_ratio.mean == pytest.approx(0.5)
    assert noise.colorfulness_difference is not None
    assert noise.colorfulness_difference.mean == pytest.approx(-0.2 * summary.truth["colorfulness"].mean)


def test_without_truth_there_is_nothing_to_compare() -> None:
    line = summarize(measurements(truth=False)).lines[1]
    assert set(line.metrics) == {"colorfulness"}
    assert line.colorfulness_ratio is line.colorfulness_difference is None


def test_the_seed_decides_the_intervals() -> None:
    assert summarize(measurements(), seed=1) == summarize(measurements(), seed=1)
    assert summarize(measurements(), seed=1) != summarize(measurements(), seed=2)


@pytest.mark.parametrize("count", [1, 4, 5])
def test_few_pictures_have_no_interval(count: int) -> None:
    """An interval of [x, x] would claim that no other picture could say otherwise."""
    summary = summarize(measurements(count))
    estimates = [*summary.lines[2].metrics.values(), *summary.lines[2].gain.values(), *summary.truth.values()]
    estimates += [*summary.pairs[0].metrics.values(), summary.lines[2].colorfulness_ratio]
    for estimate in estimates:
        assert estimate.n == count
        assert np.isfinite(estimate.mean)
        assert (estimate.low is None) == (estimate.high is None) == (count < 5)


def test_one_known_picture_among_many_has_no_interval() -> None:
    measured = measurements()
    rare = np.full((3, 60), np.nan)
    rare[:, 7] = 1, 2, 3
    summary = summarize(replace(measured, values={**measured.values, "skin": rare}))
    skin = summary.lines[1].metrics["skin"]
    assert (skin.mean, skin.low, skin.high, skin.n) == (2, None, None, 1)
    (pair,) = [pair for pair in summary.pairs if (pair.a, pair.b) == ("good", GRAY)]
    assert (pair.metrics["skin"].low, pair.metrics["skin"].n) == (None, 1)


def test_pictures_are_redrawn_among_those_that_have_a_value() -> None:
    """Oracle: the interval of those pictures alone, whatever stands between them."""
    values = np.random.default_rng(1).normal(0, 1, (2, 12))
    thin = np.full((2, 500), np.nan)
    thin[:, 100:112] = values
    assert np.allclose(resampled_means(thin, 3), resampled_means(values, 3))
    mixed = np.stack([thin[0], np.arange(500.0)])
    assert np.allclose(resampled_means(mixed, 3)[:, 0], resampled_means(values, 3)[:, 0])
    assert np.allclose(resampled_means(mixed, 3)[:, 1], resampled_means(mixed[1], 3))
    assert np.isnan(resampled_means(np.full((1, 6), np.nan), 3)).all()


def test_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture"):
        summarize(measurements(0))


def test_a_summary_is_json() -> None:
    assert json.loads(json.dumps(summarize(measurements()).as_dict(), allow_nan=False))["pictures"] == 60


def test_pictures_without_a_value_are_left_out_of_mean_and_interval_and_counted() -> None:
    """Oracle: the same pictures without those."""
    measured = measurements()
    gaps = measured.values["psnr"].copy()
    gaps[:, ::3] = np.nan
    some = replace(measured, values={**measured.values, "psnr": gaps})
    summary = summarize(some)
    line = summary.lines[2]
    assert line.metrics["psnr"].n == line.gain["psnr"].n == 40
    assert line.metrics["psnr"].mean == pytest.approx(np.nanmean(gaps[2]))
    assert line.gain["psnr"].mean == pytest.approx(np.nanmean(gaps[2] - gaps[0]))
    assert line.metrics["colorfulness"].n == 60
    keep = np.isfinite(gaps[0])
    alone = summarize(
        replace(
            measured,
            files=tuple(np.array(measured.files)[keep]),
            values={"psnr": gaps[:, keep]},
            truth={},
        )
    ).lines[2]
    assert line.metrics["psnr"].low == pytest.approx(alone.metrics["psnr"].low, abs=0.1)
    assert line.metrics["psnr"].high == pytest.approx(alone.metrics["psnr"].high, abs=0.1)


def test_a_metric_without_any_value_is_in_no_row() -> None:
    measured = measurements()
    nothing = replace(measured, values={**measured.values, "psnr": np.full((3, 60), np.nan)})
    summary = summarize(nothing)
    assert all("psnr" not in line.metrics and "psnr" not in line.gain for line in summary.lines)
    assert all("psnr" not in pair.metrics for pair in summary.pairs)


def test_every_two_rows_are_compared_picture_by_picture() -> None:
    """Oracle: the means of the differences, counted by hand."""
    measured = measurements()
    pairs = {(pair.a, pair.b): pair for pair in summarize(measured).pairs}
    assert set(pairs) == {("good", GRAY), ("noise", GRAY), ("noise", "good")}
    for (a, b), pair in pairs.items():
        assert set(pair.metrics) == {"psnr", "de2000"}
        one, other = (measured.values["psnr"][measured.rows.index(row)] for row in (a, b))
        found = pair.metrics["psnr"]
        assert found.mean == pytest.approx((one - other).mean())
        assert found.share == (one > other).mean()
        assert found.low <= found.mean <= found.high
        assert found.n == 60
        # ΔE2000 is 30 − PSNR here and better where it is lower: the same differences.
        assert pair.metrics["de2000"].mean == pytest.approx(found.mean)
        assert pair.metrics["de2000"].share == found.share
    assert pairs["good", GRAY].metrics["psnr"].share == 1
    assert pairs["noise", "good"].metrics["psnr"].mean < 0


def test_neither_of_two_equal_rows_is_better() -> None:
    measured = measurements()
    same = replace(measured, values={"psnr": np.tile(measured.values["psnr"][:1], (3, 1))}, truth={})
    for pair in summarize(same).pairs:
        found = pair.metrics["psnr"]
        assert (found.mean, found.low, found.high, found.share) == (0, 0, 0, 0)


def test_a_set_metric_is_the_distance_to_the_truth_without_an_interval() -> None:
    rng = np.random.default_rng(0)
    of_truth = rng.normal(0, 1, (60, 6)).astype(np.float32)
    features = {GRAY: of_truth + 2, "good": of_truth + 0.5, "noise": of_truth * 3, TRUTH: of_truth}
    gray, good, _ = summarize(replace(measurements(), features={"fid": features})).lines
    found = good.metrics["fid"]
    assert (found.low, found.high, found.n) == (None, None, 60)
    assert found.mean == pytest.approx(frechet_distance(features["good"], of_truth))
    # Shifted by s in each of six dimensions: 6 s².
    assert found.mean == pytest.approx(6 * 0.25, rel=1e-3)
    assert gray.metrics["fid"].mean == pytest.approx(6 * 4, rel=1e-3)
    assert good.gain["fid"].mean == pytest.approx(6 * 3.75, rel=1e-3)


def test_one_picture_has_no_distribution() -> None:
    one = replace(
        measurements(1), features={"fid": {row: np.ones((1, 4)) for row in (GRAY, "good", "noise", TRUTH)}}
    )
    assert all("fid" not in line.metrics for line in summarize(one).lines)


def test_the_share_of_the_classifier_s_loss_that_is_given_back() -> None:
    """A worked example: of 10 named pictures 8 are right in colour, 4 in grey, 6 as coloured: half."""
    right = np.array([[1] * 4 + [0] * 6, [1] * 6 + [0] * 4, [0] * 10], float)
    of_truth = np.array([1] * 8 + [0] * 2, float)
    unnamed = np.full((3, 50), np.nan)
    measured = replace(
        measurements(),
        values={**measurements().values, "semantic": np.hstack([right, unnamed])},
        truth={**measurements().truth, "semantic": np.hstack([of_truth, unnamed[0]])},
    )
    gray, good, noise = summarize(measured).lines
    assert gray.semantic_recovered.mean == 0
    assert good.semantic_recovered.mean == pytest.approx(0.5)
    assert good.semantic_recovered.n == 10
    assert noise.semantic_recovered.mean == pytest.approx(-1)
    # Of ten pictures the loss, 0.4, lies above 0 but for one redraw in about 170.
    assert good.semantic_recovered.low <= 0.5 <= good.semantic_recovered.high
    helpless = replace(measured, truth={**measured.truth, "semantic": measured.values["semantic"][0]})
    assert summarize(helpless).lines[1].semantic_recovered is None


def test_what_may_be_nothing_has_no_share_with_an_interval() -> None:
    """One picture of ten that grey loses is no loss to speak of: a third of all redraws have none."""
    right = np.array([[1] * 7 + [0] * 3, [1] * 8 + [0] * 2, [0] * 10], float)
    measured = Measurements(
        files=tuple(Path(f"{i}.png") for i in range(10)),
        rows=(GRAY, "good", "bad"),
        values={"semantic": right},
        truth={"semantic": np.array([1] * 8 + [0] * 2, float)},
        failures=(),
    )
    gray, good, bad = (line.semantic_recovered for line in summarize(measured).lines)
    assert (gray.mean, good.mean, bad.mean) == pytest.approx((0, 1, -7))
    assert all(one.low is one.high is None and one.n == 10 for one in (gray, good, bad))


def test_resampled_means_are_those_of_drawing_by_index() -> None:
    """Oracle: the definition, picture by picture."""
    values = np.random.default_rng(1).normal(0, 1, (4, 25))
    rng = np.random.default_rng(7)
    drawn = [values.mean(axis=1)]
    drawn += [values[:, rng.integers(25, size=25)].mean(axis=1) for _ in range(2000)]
    assert np.allclose(resampled_means(values, 7), drawn)
