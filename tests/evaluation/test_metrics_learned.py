"""LPIPS, FID and the semantic test as metrics; their networks are compared with torch in preparation/."""

from __future__ import annotations

import gc
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.errors import MissingBackbone
from photochrom.evaluation.metrics import METRICS, perceptual
from photochrom.evaluation.metrics.distribution import SET_METRICS, frechet_distance, inception_features
from photochrom.evaluation.metrics.semantic import logits, semantic
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.rendered import Rendered, from_lab
from photochrom.evaluation.scene import Scene

EXAMPLES = Path(__file__).parents[2] / "examples"
LPIPS = ("lpips_alex", "lpips_vgg")


def example(name: str) -> Rendered:
    truth = PROTOCOLS["crop256"].prepare(EXAMPLES / name).truth
    assert truth is not None
    return truth


@pytest.fixture(scope="module")
def emir() -> Rendered:
    """A real colour photograph of 1911, 256 × 256."""
    return example("pg_emir.jpg")


def noisy(truth: Rendered, strength: float) -> Rendered:
    noise = np.random.default_rng(1).normal(0, strength, truth.rgb.shape)
    return Rendered((truth.rgb + noise).clip(0, 255).astype(np.uint8))


def faded(truth: Rendered, share: float) -> Rendered:
    return from_lab(truth.lab * np.array([1, share, share], np.float32))


@pytest.mark.parametrize("name", LPIPS)
def test_lpips_of_a_picture_and_itself_is_zero(name: str, emir: Rendered, prepared: Path) -> None:
    metric = METRICS[name]
    assert metric.measure(emir, Scene(emir.rgb, emir)) == metric.best == 0
    assert metric.measure(Rendered(emir.rgb.copy()), Scene(emir.rgb, emir)) == 0


@pytest.mark.parametrize("name", LPIPS)
def test_lpips_is_symmetric(name: str, emir: Rendered, prepared: Path) -> None:
    other = noisy(emir, 30)
    assert METRICS[name].function(emir, other) == pytest.approx(METRICS[name].function(other, emir))


@pytest.mark.parametrize("name", LPIPS)
def test_lpips_grows_with_noise_and_with_lost_colour(name: str, emir: Rendered, prepared: Path) -> None:
    measure = METRICS[name].function
    noise = [measure(noisy(emir, strength), emir) for strength in (2, 8, 20, 60)]
    grey = [measure(faded(emir, share), emir) for share in (0.9, 0.6, 0.3, 0)]
    for values in (noise, grey):
        assert values == sorted(values)
        assert values[0] > 0
    # As the literature's grey rows, and its heavily distorted pictures, have them.
    assert 0.02 < grey[-1] < 0.5
    assert 0.4 < noise[-1] < 1.6


@pytest.mark.parametrize(("name", "side"), [("lpips_alex", 31), ("lpips_vgg", 16)])
def test_lpips_has_a_smallest_picture(name: str, side: int, emir: Rendered, prepared: Path) -> None:
    for height, width, known in ((side, side, True), (side - 1, side, False), (side, side - 1, False)):
        small = Rendered(np.ascontiguousarray(emir.rgb[:height, :width]))
        value = METRICS[name].measure(noisy(small, 20), Scene(small.rgb, small))
        assert math.isfinite(value) == known


@pytest.mark.parametrize("name", LPIPS)
@pytest.mark.parametrize("height", [448, 455, 471, 560])
def test_a_picture_taken_in_strips_has_the_same_lpips(
    name: str, height: int, emir: Rendered, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tall = Rendered(np.concatenate([emir.rgb[:, :64], emir.rgb[:, 64:128], emir.rgb[:, 128:192]])[:height])
    other = noisy(tall, 25)
    whole = METRICS[name].function(other, tall)
    monkeypatch.setattr(perceptual, "_STRIP_PIXELS", 64 * 350)
    strips = list(perceptual._strips(height, 64))
    assert len(strips) > 2
    assert METRICS[name].function(other, Rendered(tall.rgb.copy())) == pytest.approx(whole, rel=1e-5)


def test_the_embedding_of_the_last_truth_is_kept_while_it_lives(
    emir: Rendered, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    embedding = perceptual._embedding

    def counted(name: str, picture: Rendered) -> perceptual.Layers:
        seen.append(id(picture))
        return embedding(name, picture)

    monkeypatch.setattr(perceptual, "_embedding", counted)
    truth = Rendered(emir.rgb.copy())
    results = [noisy(emir, 5), noisy(emir, 9), noisy(emir, 13)]
    values = [perceptual.lpips_alex(result, truth) for result in results]
    assert seen.count(id(truth)) == 1
    assert values == [perceptual.lpips_alex(result, Rendered(emir.rgb.copy())) for result in results]
    del truth
    gc.collect()
    assert "lpips-alex" not in perceptual._kept


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("lpips-alex", lambda picture: perceptual.lpips_alex(picture, picture)),
        ("fid-inception", inception_features),
        ("mobilenet-v2", logits),
    ],
)
def test_without_its_network_a_metric_names_the_command(
    name: str, call: object, emir: Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path))
    with pytest.raises(MissingBackbone, match=f'^{name}: is not prepared; "photochrom metrics prepare"'):
        call(emir)  # type: ignore[operator]


def test_the_semantic_test_is_passed_by_the_first_choice_alone(emir: Rendered, prepared: Path) -> None:
    first, second = logits(emir).argsort()[[-1, -2]]
    assert semantic(emir, int(first)) == 1
    assert semantic(emir, int(second)) == 0
    metric = METRICS["semantic"]
    assert math.isnan(metric.measure(emir, Scene(emir.rgb, emir)))
    assert metric.measure(emir, Scene(emir.rgb, None, label=int(first))) == 1


# Numbers of ImageNet's classes: airliner, airship, balloon, warplane, wing; a sorrel horse.
@pytest.mark.parametrize(
    ("file", "among"),
    [
        ("wright_first_flight_1903.jpg", {404, 405, 417, 895, 908}),
        ("fsac_1a35022v_shepherd_1942.jpg", {339}),
    ],
)
def test_the_classifier_sees_what_is_there(file: str, among: set[int], prepared: Path) -> None:
    best = logits(example(file)).argsort()[::-1][:5]
    assert among & set(best.tolist()), best


def gaussian(seed: int, count: int, size: int, *, spread: float = 1, shift: float = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(size, size)) / np.sqrt(size)
    return rng.normal(shift, spread, (count, size)) @ mixing


def frechet_of_paper(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """As published code has it: scipy's square root of a matrix."""
    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = scipy.linalg.sqrtm(first @ second)
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    return float(apart + np.trace(first) + np.trace(second) - 2 * np.trace(root).real)


@pytest.mark.parametrize(("n", "m"), [(200, 200), (500, 90), (41, 300)])
def test_the_frechet_distance_is_that_of_scipys_square_root(n: int, m: int) -> None:
    one, other = gaussian(0, n, 40), gaussian(1, m, 40, spread=1.3, shift=0.2)
    assert frechet_distance(one, other) == pytest.approx(frechet_of_paper(one, other), rel=1e-9)


def test_fewer_pictures_than_features_are_exact_too() -> None:
    one, other = gaussian(0, 12, 60), gaussian(1, 9, 60, shift=0.3)
    # Rotated so that only the first dimensions are used, where the covariances are regular no more,
    # the root of the paper is taken of S₁^½ S₂ S₁^½, which has real eigenvalues.
    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    half = vectors * np.sqrt(values.clip(0)) @ vectors.T
    trace = np.sqrt(np.linalg.eigvalsh(half @ second @ half).clip(0)).sum()
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    wanted = apart + np.trace(first) + np.trace(second) - 2 * trace
    assert frechet_distance(one, other) == pytest.approx(wanted, rel=1e-6)


def test_the_frechet_distance_of_known_distributions() -> None:
    # Independent dimensions with deviations s and t and means apart by d: Σ d² + (s − t)².
    signs = np.array([[1.0], [-1.0]])
    one = np.concatenate([np.eye(2)[i] * signs for i in range(2)])  # variance 2/3 in each dimension
    s = math.sqrt(2 / 3)
    assert frechet_distance(one, 3 * one + [5, 0]) == pytest.approx(25 + 2 * (2 * s) ** 2)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 30), m=st.integers(2, 30), size=st.integers(1, 20))
def test_the_frechet_distance_is_symmetric_never_negative_and_zero_for_itself(
    seed: int, n: int, m: int, size: int
) -> None:
    one, other = gaussian(seed, n, size), gaussian(seed + 1, m, size, shift=0.5)
    there = frechet_distance(one, other)
    scale = np.square(one).mean() * size + np.square(other).mean() * size
    assert there >= 0
    assert there == pytest.approx(frechet_distance(other, one), abs=1e-9 * scale)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9 * scale)
    # In whatever order the pictures come.
    assert there == pytest.approx(frechet_distance(one[::-1], other), abs=1e-9 * scale)


def test_one_picture_has_no_distribution() -> None:
    assert math.isnan(frechet_distance(gaussian(0, 1, 5), gaussian(0, 9, 5)))


def test_fid_grows_as_results_lose_their_colour(prepared: Path) -> None:
    row = SET_METRICS["fid"]
    truths = [
        Rendered(np.ascontiguousarray(example(name).rgb[y : y + 128, x : x + 128]))
        for name in ("pg_emir.jpg", "fsac_1a35022v_shepherd_1942.jpg")
        for y in (0, 128)
        for x in (0, 128)
    ]
    wanted = np.stack([row.feature(truth) for truth in truths])
    assert wanted.shape == (8, 2048)
    values = [
        row.distance(np.stack([row.feature(faded(truth, share)) for truth in truths]), wanted)
        for share in (1, 0.5, 0)
    ]
    assert values == sorted(values)
    assert values[0] < 1 < values[-1]
