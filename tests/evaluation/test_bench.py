"""That figures are taken and compared rightly, not how large they are: machines differ."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from photochrom.errors import BadOption
from photochrom.evaluation.bench.cases import CASES, Case
from photochrom.evaluation.bench.clock import repeated
from photochrom.evaluation.bench.installation import installation
from photochrom.evaluation.bench.loaded import time_loaded
from photochrom.evaluation.bench.machine import cpu_name, this_machine
from photochrom.evaluation.bench.prepare import prepare
from photochrom.evaluation.bench.processes import Cost, ask, run_process, run_reporting
from photochrom.evaluation.bench.timing import COMMAND, Program, Spread, time_case, timing_of

# Stands for `photochrom FILE -o OUT`, and for `photochrom FOLDER -o OUT/`.
COPY = Program(command=(sys.executable, "-c", "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[3])"))
COPY_FOLDER = Program(
    command=(sys.executable, "-c", "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[3])")
)
TINY = Case("tiny", "tiny picture", "whole", width=64, height=48)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_a_figure(spread: Spread | None) -> bool:
    return spread is not None and 0 < spread.low <= spread.median <= spread.high


# Running


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
@pytest.mark.parametrize("bands", [1, 3])
def test_a_case_is_timed_beside_its_floor(suffix: str, bands: int) -> None:
    announced: list[tuple[str, int]] = []
    case = replace(TINY, bands=bands, suffix=suffix)
    timing = time_case(case, COPY, runs=2, on_run=lambda *words: announced.append(words))
    assert (timing.name, timing.runs, timing.pictures, timing.provider) == ("tiny", 2, 1, None)
    assert announced == [("tiny picture", 1), ("tiny picture", 2)]
    assert timing.floor is not None
    for cost in (timing.cost, timing.floor):
        assert is_a_figure(cost.wall_s)
        if sys.platform != "win32":
            assert is_a_figure(cost.cpu_s)
            assert is_a_figure(cost.peak_bytes)
            assert cost.peak_bytes.low > 2**20
    assert is_a_figure(timing.wall_ratio)
    assert timing.megapixels_a_second == pytest.approx(64 * 48 / 1e6 / timing.cost.wall_s.median)


def test_a_folder_is_timed_whole() -> None:
    timing = time_case(replace(TINY, pictures=3), COPY_FOLDER, runs=1)
    assert timing.pictures == 3
    assert timing.pictures_a_second == pytest.approx(3 / timing.cost.wall_s.median)
    assert is_a_figure(timing.wall_ratio)


def test_start_up_is_timed_beside_an_empty_python() -> None:
    timing = time_case(Case("import", "import photochrom", "start"), Program(), runs=1)
    assert is_a_figure(timing.wall_ratio)
    assert timing.megapixels_a_second is None
    assert timing.pictures_a_second is None


def test_the_command_gets_the_wishes_for_model_and_threads() -> None:
    said = "import sys; sys.exit(' '.join(sys.argv[1:]))"
    program = Program(command=python(said), model="small", threads=3)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        time_case(TINY, program, runs=1)
    words = caught.value.stderr.split()
    assert words[1] == "-o"
    assert words[3:] == ["--model", "small", "--threads", "3"]


def test_a_loaded_model_is_timed_beside_decoding_and_encoding() -> None:
    case = replace(TINY, kind="loaded", repeats=2)
    timing = time_case(case, Program(threads=1), runs=1)
    assert timing.provider == "cpu"
    assert is_a_figure(timing.wall_ratio)


@pytest.mark.parametrize("act", ["load", "automatic", "edit"])
def test_a_network_alone_has_no_floor(act) -> None:
    timing = time_case(Case(act, act, "network", act=act, side=64), Program(), runs=1)
    assert is_a_figure(timing.cost.wall_s)
    assert timing.floor is None
    assert timing.wall_ratio is None
    assert timing.pictures == 0


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_process(python("import sys; sys.exit('no luck')"))
    assert caught.value.returncode == 1
    assert "no luck" in caught.value.stderr


def test_a_model_that_is_not_there_is_told_in_one_line() -> None:
    wish = json.dumps({"model": "nosuch"})
    with pytest.raises(subprocess.CalledProcessError) as caught:
        ask([sys.executable, "-m", "photochrom.evaluation.bench.installation", wish])
    assert caught.value.stderr.startswith("nosuch: no model of this name")
    assert len(caught.value.stderr.splitlines()) == 1


def test_a_process_that_times_itself_is_believed_after_whatever_else_it_prints() -> None:
    cost = run_reporting(python('print("hello"); print(\'{"wall_s": 1.5, "cpu_s": 7}\')'))
    assert (cost.wall_s, cost.cpu_s) == (1.5, 7)


@pytest.mark.parametrize("said", ["", "1", "{}", '{"wall_s": null, "cpu_s": 1}', "seconds"])
def test_a_process_that_tells_no_times_is_a_failure(said: str) -> None:
    with pytest.raises(ValueError, match="no times"):
        run_reporting(python(f"print({said!r})"))


def test_timing_loads_nothing_heavy() -> None:
    """What the process that starts the others has loaded is in the peak of each."""
    heavy = "numpy pyvips onnxruntime rich"
    code = (
        "import sys, photochrom.cli.bench, photochrom.cli.speeds, photochrom.evaluation.bench.compare;"
        f"assert not set(sys.modules) & set({heavy.split()!r})"
    )
    run_process(python(code))


def test_cases_have_names_and_titles_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.title for case in CASES}) == len(CASES)


# The programs


def test_the_floor_saves_as_the_results_are_saved(tmp_path: Path) -> None:
    for suffix in (".jpg", ".tif"):
        source, result, copy = (tmp_path / f"{part}{suffix}" for part in ("in", "out", "floor"))
        options = prepare([str(source)], width=64, height=48, bands=1)
        wish = {"files": [[str(source), str(copy)]], "options": options, "repeats": 0}
        floor = Path(sys.modules[time_case.__module__].__file__).with_name("floor.py")
        run_process([sys.executable, "-P", str(floor), json.dumps(wish)])
        run_process([*COMMAND, str(source), "-o", str(result)])
        with Image.open(result) as ours, Image.open(copy) as theirs:
            assert ours.mode == theirs.mode == "RGB"
            if suffix == ".jpg":
                assert ours.quantization == theirs.quantization
                assert ours.layer == theirs.layer
            else:
                compression, predictor = 259, 317
                for tag in (compression, predictor):
                    assert ours.tag_v2[tag] == theirs.tag_v2[tag]


def test_copies_are_alike(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(3)]
    prepare([str(file) for file in files], width=40, height=30, bands=3)
    assert len({file.read_bytes() for file in files}) == 1


def test_the_median_of_the_repeats_is_taken_and_the_first_is_not_among_them() -> None:
    took = iter([100.0, 1.0, 9.0, 2.0])
    now = {"wall": 0.0}

    def work() -> None:
        now["wall"] += next(took)

    said = repeated(work, 3, wall=lambda: now["wall"], cpu=lambda: 2 * now["wall"])
    assert said == {"wall_s": 2.0, "cpu_s": 4.0}


def test_an_edit_needs_a_model_that_takes_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    from photochrom.inference.card import ModelCard

    monkeypatch.setattr(ModelCard, "takes_hints", False)
    rest = {"provider": "cpu", "side": 64, "source": "", "target": ""}
    with pytest.raises(BadOption, match="hints"):
        time_loaded("edit", model=None, threads=1, repeats=1, **rest)


def test_the_installation_tells_versions_providers_and_the_model() -> None:
    here = installation(None)
    assert "cpu" in here["providers"]
    assert any(name.startswith("onnxruntime") for name in here["versions"])
    assert here["versions"]["libvips"].count(".") == 2
    assert here["model"]["name"] == "flagship"
    assert len(here["model"]["sha256"]) == 64
    assert here["takes_hints"] is True


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n\nmodel name\t: other", "AMD EPYC"),
        ("processor : 0\nBogoMIPS : 108\n\nModel : Raspberry Pi 4\n", "Raspberry Pi 4"),
        ("processor : 0\nBogoMIPS : 243.75\nCPU part : 0xd0c\n", ""),
    ],
)
def test_the_processor_is_called_as_the_kernel_calls_it(cpuinfo: str, name: str) -> None:
    assert cpu_name(cpuinfo) == name


def test_this_machine_has_a_processor_and_cores() -> None:
    machine = this_machine()
    assert machine.processor
    assert machine.cores > 0
    assert machine == this_machine()


# Summing up


def costs(*walls: float, cpu: float | None = 1.0, peak: int | None = 100) -> list[Cost]:
    return [Cost(wall, None if cpu is None else cpu * wall, peak) for wall in walls]


def test_ratios_are_those_of_runs_side_by_side() -> None:
    """A machine that is slow for a while is slow for the floor too, and the ratio stays."""
    timing = timing_of(TINY, costs(2, 20, 4), costs(1, 10, 1))
    assert timing.cost.wall_s == Spread(4, 2, 20)
    assert timing.wall_ratio == Spread(2, 2, 4)
    assert timing.cpu_ratio == Spread(2, 2, 4)


def test_what_the_system_does_not_tell_is_none() -> None:
    timing = timing_of(TINY, costs(2, 3, cpu=None, peak=None), costs(1, 1, cpu=None, peak=None))
    assert timing.cost.cpu_s is None
    assert timing.cost.peak_bytes is None
    assert timing.cpu_ratio is None
    assert timing.wall_ratio == Spread(2.5, 2, 3)


def test_a_floor_below_what_the_clock_sees_has_no_ratio() -> None:
    assert timing_of(TINY, costs(2), costs(1, cpu=0)).cpu_ratio is None
