from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import photochrom
from photochrom.evaluation.provenance import PARTS, TELLING, checksum_of, code, versions_of

PACKAGE = Path(photochrom.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    return tmp_path / "copy"


def changed(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def test_the_same_sources_have_the_same_checksum_wherever_they_lie(copy: Path) -> None:
    assert checksum_of(copy) == checksum_of(PACKAGE)


@pytest.mark.parametrize(
    "name",
    ["evaluation/metrics/fidelity.py", "inference/pipeline.py", "images/read.py", "color/lab.py"],
)
def test_a_changed_module_changes_it(name: str, copy: Path) -> None:
    changed(copy / name)
    assert checksum_of(copy) != checksum_of(PACKAGE)


def test_a_new_module_and_another_name_change_it(copy: Path) -> None:
    (copy / "color" / "new.py").write_text("")
    new = checksum_of(copy)
    assert new != checksum_of(PACKAGE)
    (copy / "color" / "new.py").rename(copy / "color" / "newer.py")
    assert checksum_of(copy) not in (new, checksum_of(PACKAGE))


@pytest.mark.parametrize("name", ["evaluation/report/page.py", "evaluation/bench/clock.py", "cli/figures.py"])
def test_what_only_tells_does_not(name: str, copy: Path) -> None:
    changed(copy / name)
    assert checksum_of(copy) == checksum_of(PACKAGE)


def test_nothing_else_takes_part_in_measuring() -> None:
    """Oracle: the modules that a process has loaded once it has measured a picture."""
    program = """
import json, sys, tempfile
from pathlib import Path
import numpy as np
from photochrom.evaluation.contestants import ModelSpec
from photochrom.evaluation.properties import PROPERTIES
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.run import Plan, evaluate, named
from photochrom.evaluation.setting import rules_of
from photochrom.evaluation.sheet import write_sheet
folder = Path(tempfile.mkdtemp())
write_sheet(np.full((40, 40, 3), 90, np.uint8), folder / "a.png")
plan = Plan(PROTOCOLS["native"], ("psnr", "ssim", "red_blobs"), (), ("calibration",))
spec = ModelSpec("flagship", "flagship", tuple(rules_of([0], [1])))
assert evaluate([spec], named([folder / "a.png"]), plan=plan, jobs=1).files
print(json.dumps([name for name in sys.modules if name.startswith("photochrom.")]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = [name.removeprefix("photochrom.").replace(".", "/") for name in json.loads(done.stdout)]
    beside = {name for name in loaded if name.partition("/")[0] not in PARTS or name.startswith(TELLING)}
    assert "evaluation/metrics/fidelity" in loaded
    assert beside <= {"errors", "models"}


def test_the_libraries_that_count_are_named() -> None:
    assert {"photochrom", "sources", "libvips", "python", "numpy", "onnxruntime"} <= code().keys()
    assert code()["numpy"] == np.__version__
    assert versions_of(["no-such-package"]).keys() == {"python"}


def test_it_takes_no_time_worth_speaking_of() -> None:
    start = time.perf_counter()
    checksum_of(PACKAGE)
    assert time.perf_counter() - start < 0.5
