from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap

from photochrom.evaluation.run import GRAY, Measurements
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


def test_one_picture_has_an_interval_of_no_width_and_none_is_refused() -> None:
    estimate = summarize(measurements(1)).lines[0].metrics["psnr"]
    assert estimate.low == estimate.mean == estimate.high
    with pytest.raises(ValueError, match="no picture"):
        summarize(measurements(0))


def test_a_summary_is_json() -> None:
    assert json.loads(json.dumps(summarize(measurements()).as_dict(), allow_nan=False))["pictures"] == 60
