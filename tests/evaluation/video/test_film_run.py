"""Films coloured by contestants whose results are known."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import BadOption, UnreadableImage
from photochrom.evaluation.video import FILM_METRICS
from photochrom.evaluation.video.clip import find_clips, read_clip
from photochrom.evaluation.video.run import Sampling, evaluate_clips


def frames(seed: int, count: int = 7, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """A coloured pattern that drifts by a pixel a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (height // 8, width // 8 + 2, 3))
    wall = np.kron(coarse, np.ones((8, 8, 1))).astype(np.uint8)
    return [wall[:, i : i + width] for i in range(count)]


@pytest.fixture
def films(write_film, tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    (folder / "more").mkdir(parents=True)
    write_film(folder / "a.mp4", frames(0))
    write_film(folder / "more" / "b.mkv", frames(1))
    write_film(folder / "short.mov", frames(2, count=3))
    (folder / "notes.txt").write_text("no film")
    return folder


def test_films_are_found_by_their_names(films: Path, tmp_path: Path) -> None:
    found = [path.relative_to(films).as_posix() for path in find_clips([films])]
    assert found == ["a.mp4", "more/b.mkv", "short.mov"]
    assert find_clips([films / "notes.txt"]) == [films / "notes.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableImage, match="holds no films"):
        find_clips([tmp_path / "empty"])


def test_frames_are_reduced_to_the_short_side_and_never_enlarged(films: Path) -> None:
    small = read_clip(films / "a.mp4", frames=4, step=1, side=24)
    assert [frame.rgb.shape for frame in small.frames] == [(24, 32, 3)] * 4
    assert read_clip(films / "a.mp4", frames=9, step=2, side=999).frames[0].rgb.shape == (48, 64, 3)
    assert len(read_clip(films / "a.mp4", frames=9, step=2, side=999).frames) == 4


@pytest.mark.parametrize(
    ("shape", "count", "reason"), [((48, 64), 1, "single frame"), ((8, 64), 5, "fewer than 16 pixels")]
)
def test_what_cannot_be_measured_is_said(shape, count, reason, write_film, tmp_path: Path) -> None:
    height, width = shape
    film = write_film(tmp_path / "f.mp4", frames(0, count, height, width))
    with pytest.raises(UnreadableImage, match=f"f.mp4: .*{reason}"):
        read_clip(film, frames=24, step=1, side=256)


def test_every_row_of_every_film(films: Path, known) -> None:
    measured = evaluate_clips([known(all=1.0, half=0.5)], find_clips([films]))
    assert measured.rows == ("grey", "truth", "all", "half")
    assert [clip.file.name for clip in measured.clips] == ["a.mp4", "b.mkv", "short.mov"]
    first = measured.clips[0]
    assert first.sha256 == hashlib.sha256((films / "a.mp4").read_bytes()).hexdigest()
    assert (first.frames, first.width, first.height) == (7, 64, 48)
    assert 0.5 < first.visible <= 1
    values = first.values
    assert math.isnan(values["truth"]["psnr"])
    assert values["all"] == {**values["truth"], "psnr": 100, "de2000": 0}
    assert values["grey"]["psnr"] < values["half"]["psnr"] < 100
    assert values["grey"]["warp"] == pytest.approx(0, abs=1e-3)
    assert values["grey"]["warp"] < values["half"]["warp"] < values["truth"]["warp"]
    # Three frames are too few for it.
    assert math.isnan(measured.clips[2].values["all"]["cdc"])


def test_means_are_over_the_films_that_have_a_value(films: Path, known) -> None:
    measured = evaluate_clips([known(half=0.5)], find_clips([films]))
    estimates = measured.estimates(seed=2)
    assert list(estimates) == ["grey", "truth", "half"]
    assert list(estimates["half"]) == list(FILM_METRICS)
    of_films = [clip.values["half"]["cdc"] for clip in measured.clips[:2]]
    cdc = estimates["half"]["cdc"]
    assert (cdc.mean, cdc.n) == (pytest.approx(np.mean(of_films)), 2)
    psnr = estimates["half"]["psnr"]
    assert (psnr.low, psnr.high, psnr.n) == (None, None, 3)
    twice = replace(measured, clips=measured.clips * 2).estimates(seed=2)["half"]["psnr"]
    assert (twice.mean, twice.n) == (pytest.approx(psnr.mean), 6)
    assert twice.low < twice.mean < twice.high
    assert estimates["truth"]["psnr"] is None
    assert estimates == measured.estimates(seed=2)


def test_sampling_is_obeyed(films: Path, known) -> None:
    sampling = Sampling(frames=3, step=2, side=32)
    measured = evaluate_clips([known()], [films / "a.mp4"], sampling=sampling)
    assert (measured.clips[0].frames, measured.clips[0].height) == (3, 32)
    assert measured.sampling == sampling


def test_a_bad_film_is_named_and_the_others_go_on(films: Path, known) -> None:
    (films / "c.mp4").write_text("words")
    seen: list[str] = []
    measured = evaluate_clips([known()], find_clips([films]), on_clip=lambda file: seen.append(file.name))
    assert len(measured.clips) == 3
    assert [str(failure.subject) for failure in measured.failures] == [str(films / "c.mp4")]
    assert sorted(seen) == ["a.mp4", "b.mkv", "c.mp4", "short.mov"]


def test_a_contestant_that_fails_fails_the_film(films: Path, known) -> None:
    measured = evaluate_clips([known(fails=("a.mp4",))], [films / "a.mp4", films / "more" / "b.mkv"])
    assert [clip.file.name for clip in measured.clips] == ["b.mkv"]
    assert len(measured.failures) == 1


def test_processes_side_by_side_measure_the_same(films: Path, known) -> None:
    clips = find_clips([films])[:2]
    one, two = (evaluate_clips([known(half=0.5)], clips, jobs=jobs) for jobs in (1, 2))
    assert [repr(clip.values) for clip in one.clips] == [repr(clip.values) for clip in two.clips]
    assert (one.rows, one.failures, one.estimates()) == (two.rows, two.failures, two.estimates())


def test_rows_of_one_name_are_refused(films: Path, known) -> None:
    with pytest.raises(BadOption, match="one name"):
        evaluate_clips([known(grey=1.0)], find_clips([films]))
