"""docs/cli.md is what the program says of itself."""

from pathlib import Path

from photochrom.cli.main import COMMANDS
from photochrom.cli.reference import markdown


def test_the_reference_is_current():
    written = Path(__file__).parents[2] / "docs" / "cli.md"
    assert written.read_text("utf8") == markdown(), "run: python -m photochrom.cli.reference > docs/cli.md"


def test_every_command_has_a_section():
    text = markdown()
    for name in COMMANDS:
        assert f"## `photochrom {name}`" in text
    assert "## `photochrom data shard`" in text


def test_examples_stand_line_by_line():
    assert "\\b" not in markdown()
