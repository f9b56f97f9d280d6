"""That figures are taken, not how large they are: machines differ."""

from __future__ import annotations

import subprocess
import sys

import pytest

from photochrom.evaluation.bench import CASES, JPEG_QUALITY, Case, run_process, time_case
from photochrom.images.formats import FORMATS

# Stands for `photochrom FILE -o OUT`.
COPY = (sys.executable, "-c", "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[3])")


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
@pytest.mark.parametrize("bands", [1, 3])
def test_a_case_is_timed_beside_its_floor(suffix: str, bands: int) -> None:
    announced: list[tuple[str, int]] = []
    case = Case("tiny", "tiny picture", width=64, height=48, bands=bands, suffix=suffix)
    timing = time_case(case, runs=2, command=COPY, on_run=lambda *words: announced.append(words))
    assert (timing.name, timing.runs) == ("tiny", 2)
    assert announced == [("tiny picture", 1), ("tiny picture", 2)]
    for cost in (timing.cost, timing.floor):
        assert cost.wall_s > 0
        if sys.platform != "win32":
            assert cost.cpu_s is not None
            assert cost.cpu_s > 0
            assert cost.peak_bytes is not None
            assert cost.peak_bytes > 2**20
    assert timing.wall_ratio > 0


def test_start_up_is_timed_beside_an_empty_python() -> None:
    timing = time_case(Case("import", "import photochrom"), runs=1)
    assert timing.wall_ratio > 0


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_process([sys.executable, "-c", "import sys; sys.exit('no luck')"])
    assert caught.value.returncode == 1
    assert "no luck" in caught.value.stderr


def test_timing_loads_nothing_heavy() -> None:
    heavy = "numpy pyvips onnxruntime click"
    code = f"import sys, photochrom.evaluation.bench; assert not set(sys.modules) & set({heavy.split()!r})"
    run_process([sys.executable, "-c", code])


def test_cases_have_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_floor_saves_at_the_quality_of_the_results() -> None:
    assert FORMATS["jpeg"].quality == JPEG_QUALITY
