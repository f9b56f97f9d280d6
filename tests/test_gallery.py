"""The gallery shows every example, and nothing that is not there."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "gallery.md"
EXAMPLES = ROOT / "examples"
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "benchmarks" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # Where dataclasses look their module up.
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


def shown():
    """The pictures that the page names."""
    return [PAGE.parent / name for name in PICTURE.findall(PAGE.read_text(encoding="utf-8"))]


def test_the_table_has_every_example_once(gallery):
    pictures = [file.name for file in EXAMPLES.iterdir() if file.suffix != ".md"]
    assert sorted(example.file for example in gallery.TABLE) == sorted(pictures)


def test_every_example_has_its_credit(gallery):
    assert sorted(gallery.credited()) == sorted(example.file for example in gallery.TABLE)


def test_the_pictures_of_the_page_are_those_of_its_folder(gallery):
    assert sorted(shown()) == sorted(gallery.PICTURES.iterdir())


def test_the_page_shows_every_example_and_credits_it(gallery):
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    text = " ".join(lines)
    for example in gallery.TABLE:
        assert f"### {example.title}" in lines
        assert gallery.PICTURES / f"{example.path.stem}.jpg" in shown()
        assert f"*{example.title}. {gallery.credited()[example.file].rstrip('.')}.*" in text


def test_two_examples_are_beside_their_truth_and_one_has_hints(gallery):
    names = [file.stem for file in shown()]
    for example in gallery.TABLE:
        assert (f"{example.path.stem}-truth" in names) is example.true_colors
        assert (f"{example.path.stem}-hints" in names) is bool(example.hints)


def test_the_folder_stays_small(gallery):
    assert sum(file.stat().st_size for file in gallery.PICTURES.iterdir()) < 2_500_000
