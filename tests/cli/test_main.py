"""The group: its shortcut, its errors, what it loads."""

import json
import os
import subprocess
import sys

import click
import pytest

from photochrom import __version__
from photochrom.cli import main
from photochrom.cli.main import COMMANDS
from photochrom.errors import BadOption, ModelNotFound, UnreadableImage


@pytest.fixture
def raising(monkeypatch):
    """Replaces `models` by a command that raises what it is given."""

    def replace(error):
        @click.command()
        @click.option("-v", is_flag=True)
        @click.pass_context
        def command(ctx, v):
            ctx.meta[main.VERBOSE] = v
            raise error

        monkeypatch.setattr(main.Commands, "get_command", lambda *_: command)

    return replace


def test_version(call):
    assert call("--version").stdout == f"photochrom {__version__}\n"


def test_help_lists_every_command_with_its_line(call):
    text = " ".join(call("--help").stdout.split())
    for name, (_, summary) in COMMANDS.items():
        assert f"{name} {summary}" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_its_help_is_light(name):
    program = (
        "import json, sys\nfrom photochrom.cli.main import group\n"
        f"group.main([{name!r}, '--help'], prog_name='photochrom', standalone_mode=False)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & {"numpy", "pyvips", "onnxruntime", "torch", "rich", "PIL"}


def test_a_first_word_that_is_no_command_is_a_path(call, here, fake):
    (here / "a.jpg").write_bytes(b"x")
    assert call("a.jpg").stdout == "a.color.jpg\n"
    assert call("--overwrite", "a.jpg").exit_code == 0
    assert call("colorize", "--overwrite", "a.jpg").exit_code == 0


def test_a_file_named_like_a_command_is_given_with_its_folder(call, here, fake):
    (here / "models").write_bytes(b"\xff\xd8\xff")
    assert call("./models").stdout.strip().endswith("models.color.jpg")
    assert "PARAMETERS" in call("models").stdout


def test_a_misspelt_command_is_not_taken_for_a_file(call, here, fake):
    done = call("modles")
    assert done.exit_code == 2
    assert "Did you mean 'models'?" in done.stderr
    (here / "modles").write_bytes(b"\xff\xd8\xff")
    assert call("modles").exit_code == 0


def test_without_words_help_is_shown(call):
    assert "Commands:" in call().output


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (UnreadableImage("a.jpg", "two\nlines"), "a.jpg: two lines", 1),
        (BadOption("detail", "too much"), "Error: --detail: too much", 2),
        (ModelNotFound("nope"), "Error: --model: nope: no model of this name", 2),
        (OSError(28, "No space left on device", "x.tar"), "models: No space left on device (x.tar)", 1),
        (MemoryError(), "models: not enough memory", 1),
        (ZeroDivisionError("a bug"), "models: unexpected ZeroDivisionError: a bug; -v shows where", 1),
        (KeyboardInterrupt(), "Interrupted.", 130),
    ],
)
def test_whatever_is_raised_becomes_a_line_and_a_code(call, raising, error, line, code):
    raising(error)
    done = call("models")
    assert (done.stderr.strip(), done.exit_code, done.stdout) == (line, code, "")


def test_verbose_shows_where_an_unexpected_error_arose(call, raising):
    raising(ZeroDivisionError("a bug"))
    assert "Traceback" in call("models", "-v").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(call, shell):
    script = call("completion", shell).stdout
    assert "_PHOTOCHROM_COMPLETE" in script


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("photochrom mo", "plain,models"),
        ("photochrom gran", "file,gran"),
        ("photochrom --ver", "plain,--version"),
        ("photochrom a.jpg --skip", "plain,--skip-existing"),
        ("photochrom colorize --format=we", "plain,webp"),
        ("photochrom a.jpg --out gran", "file,gran"),
    ],
)
def test_completions(words, expected):
    asked = {
        "_PHOTOCHROM_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    program = "from photochrom.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert expected in done.stdout.splitlines()


def test_python_m_runs_it(command):
    done = subprocess.run(command("--version"), capture_output=True, text=True, check=True)
    assert done.stdout == f"photochrom {__version__}\n"
