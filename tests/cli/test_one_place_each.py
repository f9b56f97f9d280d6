"""No two files of a run share a place, and what cannot be done is said before anything is written."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.errors import BadOption


def written():
    return {path.as_posix() for path in Path().rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "z.compare.png", "--compare"], "compare: z.compare.png is where the coloured picture goes"),
        (["-o", "o.png", "--confidence", "../here/o.png"], "confidence: ../here/o.png is where the coloured"),
        (["-o", "o.png", "--compare", "--confidence", "o.compare.png"], "is where its comparison goes"),
    ],
)
def test_two_files_of_a_picture_in_one_place(call, here, fake, monkeypatch, words, said):
    Path("here").mkdir()
    monkeypatch.chdir("here")
    Path("a.png").write_bytes(b"a")
    done = call("a.png", *words)
    assert done.exit_code == 1
    assert said in done.stderr
    assert written() == {"a.png"}


@pytest.mark.parametrize("more", [[], ["--overwrite"], ["--skip-existing"]])
def test_maps_of_two_pictures_in_one_place(call, here, fake, more):
    for folder in ("x", "y"):
        Path(folder).mkdir()
        Path(folder, "a.jpg").write_bytes(folder.encode())
    done = call("x/a.jpg", "y/a.jpg", "--confidence", "maps/", *more)
    assert done.exit_code == 1
    place = Path("maps/a.jpg.confidence.png")
    assert done.stderr.splitlines() == [
        f"y/a.jpg: its result would take the place of another picture's, {place}",
        "1 coloured, 1 failed, 0 skipped",
    ]
    assert written() == {"x/a.jpg", "y/a.jpg", "x/a.color.jpg", place.as_posix()}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("m.gif", "GIF is only read"),
        ("maps", "confidence: maps is a folder"),
        ("maps/", "confidence: maps/ is a"),
    ],
)
def test_a_map_from_a_pipe_needs_a_file(call, here, fake, place, said):
    Path("maps").mkdir()
    done = call("-", "-o", "p.png", "--confidence", place, stdin=b"x")
    assert done.exit_code == 2
    assert said in done.stderr
    assert not written()


def test_alternatives_of_an_earlier_run_are_named(call, photos):
    call("f/a.jpg", "--alternatives", "4", "-o", "s.jpg")
    Path("f/a.jpg").write_bytes(b"few")
    done = call("f/a.jpg", "--alternatives", "4", "-o", "s.jpg", "--overwrite")
    assert done.stderr.splitlines() == [
        "f/a.jpg: 2 of 4 colourings differ visibly",
        "f/a.jpg: s.3.jpg is left from an earlier run",
        "f/a.jpg: s.4.jpg is left from an earlier run",
        "1 coloured, 0 failed, 0 skipped",
    ]
    assert Path("s.2.jpg").read_bytes() == b"coloured few 2"


def test_verbose_names_a_file_that_is_there(call, photos):
    done = call("f/a.jpg", "--alternatives", "2", "-v")
    assert "f/a.jpg → f/a.color.1.jpg (4×3" in done.stderr


def test_what_a_model_cannot_do_is_said_before_the_first_picture(call, photos, fake, monkeypatch):
    def refuse(option):
        raise BadOption(option, "fake cannot")

    monkeypatch.setattr(fake.card, "check_able", refuse)
    before = written()
    for words in (["--confidence", "m/"], ["--suggest", "2"], ["--alternatives", "2"], ["--palette", "red"]):
        done = call("f", *words)
        assert done.exit_code == 2
        assert f"{words[0].removeprefix('--')}: fake cannot" in done.stderr
    assert written() == before
    assert call("f").exit_code == 0


def test_empty_names_and_a_strength_of_nothing_are_wrong_usage(call, photos):
    for words in (["--reference", ""], ["--hints", ""], ["--palette-strength", "0.5"]):
        assert call("f/a.jpg", *words).exit_code == 2


def test_two_at_once_on_one_folder_do_not_fail_each_other(call, photos, fake, monkeypatch):
    """What another program has written meanwhile is passed over with --skip-existing, and said without."""
    from photochrom.cli import work

    save = work.Work._save

    def late(self, results, target, kind):
        target.write_bytes(b"theirs")
        save(self, results, target, kind)

    monkeypatch.setattr(work.Work, "_save", late)
    done = call("f/a.jpg", "--skip-existing")
    assert (done.exit_code, done.stderr) == (0, "0 coloured, 0 failed, 1 skipped\n")
    Path("f/a.color.jpg").unlink()
    done = call("f/a.jpg")
    assert done.exit_code == 1 and "1 failed" in done.stderr
    assert Path("f/a.color.jpg").read_bytes() == b"theirs"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_standard_output_is_one_line(command, photos):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("f", fake=True), check=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode != 0
    assert "standard output: " in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize("closed", ["2>&-", "<&-", ">&- 2>&-"])
def test_streams_that_are_closed(command, photos, closed):
    words = " ".join(map(shlex.quote, command("f/a.jpg", "-o", "x.jpg", fake=True)))
    subprocess.run(f"{words} {closed}", shell=True, check=False)
    assert Path("x.jpg").read_bytes() == b"coloured f/a.jpg"
