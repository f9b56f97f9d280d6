"""A Colorizer that colours nothing, and the ways to call the command line."""

import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from click.testing import CliRunner

from photochrom.cli.main import group
from photochrom.errors import BadOption, OutputExists, UnreadableImage
from photochrom.inference.suggest import Candidate, Suggestion

# What stands in a subprocess before the command line is run: the same fake, in another interpreter.
FAKED = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("fakes", {fakes!r})
fakes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
import photochrom.cli.work
photochrom.cli.work.Colorizer = fakes.FakeColorizer
sys.argv[0] = "photochrom"
from photochrom.cli.main import main
main()
"""


class FakeResult:
    """Writes "coloured " and what was read; a file that begins with "slow" takes its time."""

    model = "fake"
    unmet = ()

    def __init__(self, data, name):
        self.data = data
        warnings = ("only the first of its 2 pages was taken",) if data.startswith(b"pages") else ()
        self.picture = SimpleNamespace(
            width=4,
            height=3,
            warnings=warnings,
            output_suffix=".jpg",
            path=None if name is None else Path(name),
        )

    def save(self, target, *, quality=None, overwrite=False):
        if not overwrite and target.exists():
            raise OutputExists(target)
        if self.data.startswith(b"slow"):
            import time

            time.sleep(30)
        target.write_bytes(b"coloured " + self.data)
        if self.data.startswith(b"late"):
            signal.raise_signal(signal.SIGINT)

    def save_comparison(self, target, *, quality=None, overwrite=False):
        target.write_bytes(b"compared " + self.data)

    def save_confidence(self, target, *, overwrite=False):
        target.write_bytes(b"how sure " + self.data)

    def suggest(self, n):
        colors = (Candidate("#8c2f2f", (40.0, 20.0), 0.75), Candidate("#555555", (0.0, 0.0), 0.25))
        return [Suggestion(x, 2 * x, 12.34, 0.055, colors) for x in range(n)]

    def encode(self, suffix, *, quality=None):
        return suffix.encode() + b" " + self.data


class FakeColorizer:
    """Fails as its input says: "bad" as a damaged picture, "bug" as a fault of ours."""

    card = SimpleNamespace(name="fake", check_able=lambda option: None)
    provider = "cpu"
    threads = 1
    made = 0
    best = False
    options = None
    told: ClassVar = {}

    def __init__(self, model, *, threads=None, best=False):
        type(self).made += 1
        type(self).best = best

    def reference(self, source, *, detail=None):
        if source == "grey.jpg":
            raise BadOption("reference", "grey.jpg is grey: it has no colours to lend")
        return ("looked at", source, detail)

    def __call__(self, source, *, options=None, name=None, **told):
        type(self).told, type(self).options = told, options
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        if data.startswith(b"bad"):
            raise UnreadableImage(name, "premature end\nof file")
        if data.startswith(b"bug"):
            raise ZeroDivisionError("a bug")
        if data.startswith(b"huge"):
            raise MemoryError
        if data.startswith(b"stop"):
            raise KeyboardInterrupt
        return FakeResult(data, name)

    def alternatives(self, source, n, *, options=None, name=None, hints=None):
        """As many as asked for, but of "few" two."""
        first = self(source, options=options, name=name)
        count = min(n, 2) if first.data.startswith(b"few") else n
        return [FakeResult(first.data + b" %d" % (i + 1), name) for i in range(count)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fake(monkeypatch):
    """Puts FakeColorizer where the real one is used."""
    import photochrom.cli.work

    monkeypatch.setattr(FakeColorizer, "made", 0)
    monkeypatch.setattr(FakeColorizer, "told", {})
    monkeypatch.setattr(photochrom.cli.work, "Colorizer", FakeColorizer)
    monkeypatch.setattr(
        photochrom.cli.work,
        "save_sheet",
        lambda results, target, *, overwrite=False: target.write_bytes(b"sheet of %d" % len(results)),
    )
    return FakeColorizer


@pytest.fixture
def photos(here, fake):
    """A folder with three pictures, one of them below another folder."""
    (here / "f" / "s").mkdir(parents=True)
    for name in ("f/a.jpg", "f/b.png", "f/s/c.gif"):
        Path(name).write_bytes(name.encode())


@pytest.fixture
def call():
    """The command line in this process: call("models", "--json") → exit_code, stdout, stderr."""

    def call(*words, stdin=None):
        return CliRunner().invoke(group, [str(word) for word in words], input=stdin, prog_name="photochrom")

    return call


@pytest.fixture
def command():
    """The words that start the command line in a process of its own, with or without the fake."""

    def command(*words, fake=False):
        program = ["-c", FAKED.format(fakes=__file__)] if fake else ["-m", "photochrom"]
        return [sys.executable, *program, *map(str, words)]

    return command


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four colour pictures, beside a model called `known` in the current folder; no network is prepared."""
    # Here, since another interpreter loads this file for its fakes, and knows no doubles.
    import numpy as np
    from PIL import Image

    from known_model import write_card

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    write_card(tmp_path / "models")
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        rgb = rng.integers(0, 256, (8, 10, 3), dtype=np.uint8)
        Image.fromarray(rgb).resize((50, 40)).save(folder / f"{i}.png")
    return folder
