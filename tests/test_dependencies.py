"""Every dependency has its line of why, and those that are tested have their version."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
REQUIREMENTS = [
    line for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()) for line in group
]
PACKAGES = sorted({re.split(r"[\[<>=~ ]", line)[0] for line in REQUIREMENTS} - {"photochrom"})


@pytest.mark.parametrize("package", PACKAGES)
def test_every_dependency_has_its_reason(package):
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{package}(\[\w+\])?` \| .{{10,}} \|$", table, re.MULTILINE)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_dependency_is_tested_at_one_version(package):
    pins = (ROOT / "constraints" / "test.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in pins if line.startswith(f"{package}==")]


def test_the_base_install_is_small():
    names = [re.split(r"[\[<>=~ ]", line)[0] for line in PROJECT["dependencies"]]
    assert names == ["click", "numpy", "onnxruntime", "pyvips", "rich"]
