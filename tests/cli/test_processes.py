"""What only a process of its own can show: signals, pipes, terminals, and the real model."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes and terminals of another kind")


@pytest.fixture
def scans(here):
    """A folder of six small pictures that are real."""
    from PIL import Image

    (here / "f").mkdir()
    rows, columns = np.mgrid[:96, :128]
    for at in range(6):
        Image.fromarray(((rows * 2 + columns + 20 * at) % 256).astype(np.uint8)).save(f"f/{at}.png")
    return here


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_half_way_through_a_folder(here, command, number):
    (here / "f").mkdir()
    for name, text in (("a", b"fast"), ("b", b"slow"), ("c", b"fast")):
        Path(f"f/{name}.jpg").write_bytes(text)
    process = subprocess.Popen(command("f", fake=True), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"f/a.color.jpg\n"
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (out, process.returncode) == (b"", 128 + number)
    assert err.decode().splitlines()[-1] == "1 coloured, 0 failed, 0 skipped"
    assert sorted(path.name for path in Path("f").iterdir()) == ["a.color.jpg", "a.jpg", "b.jpg", "c.jpg"]


@posix
def test_a_reader_that_goes_away_is_no_error_worth_a_word(here, command):
    for name in "abcdef":
        Path(f"{name}.jpg").write_bytes(b"x")
    process = subprocess.Popen(command(".", fake=True), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=20) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [["a.jpg", "-o", "-"], ["a.jpg"]])
def test_a_full_disk_behind_stdout_is_one_line(here, command, words):
    Path("a.jpg").write_bytes(b"x")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command(*words, fake=True), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr.splitlines()[0]
    assert b"Traceback" not in done.stderr


@posix
@pytest.mark.parametrize("both", [False, True])
def test_the_bar_is_for_terminals_and_not_among_the_data(here, command, both):
    for name in "abc":
        Path(f"{name}.jpg").write_bytes(b"bad" if name == "b" else b"x")
    ours, theirs = os.openpty()
    out = theirs if both else subprocess.PIPE
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command(".", fake=True), stdout=out, stderr=theirs, env=environment)
    os.close(theirs)
    data = b"" if both else process.stdout.read()
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    if process.stdout is not None:
        process.stdout.close()
    os.close(ours)
    assert process.wait(timeout=20) == 1
    text = shown.decode()
    assert "3/3" in text
    assert "b.jpg: premature end of file" in text
    assert text.rstrip().endswith("2 coloured, 1 failed, 0 skipped")
    if both:
        assert "a.color.jpg" in text
    else:
        assert data == b"a.color.jpg\nc.color.jpg\n"


def test_the_real_model_from_end_to_end(scans, command):
    whole = Path("f/0.png").read_bytes()
    Path("f/torn.png").write_bytes(whole[: len(whole) // 2])
    Path("f/text.jpg").write_text("Dear all")
    Path("f/empty.tif").write_bytes(b"")
    done = subprocess.run(command("f", "-o", "out"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 6
    *lines, last = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["f/empty.tif", "f/text.jpg", "f/torn.png"]
    assert last == "6 coloured, 3 failed, 0 skipped"
    assert sorted(path.name for path in Path("out").iterdir()) == [f"{at}.color.png" for at in range(6)]


def test_the_real_model_through_pipes(scans, command):
    from PIL import Image

    done = subprocess.run(
        command("-", "--format", "webp"), input=Path("f/0.png").read_bytes(), capture_output=True, check=True
    )
    Path("x.webp").write_bytes(done.stdout)
    with Image.open("x.webp") as image:
        assert (image.format, image.size) == ("WEBP", (128, 96))


@posix
def test_a_real_run_interrupted_and_resumed(scans, command):
    for at in range(6, 40):
        shutil.copy("f/0.png", f"f/{at}.png")
    process = subprocess.Popen(command("f"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert not list(Path("f").glob(".photochrom*"))
    before = len(list(Path("f").glob("*.color.png")))
    assert err.decode().splitlines()[-1] == f"{before} coloured, 0 failed, 0 skipped"
    again = subprocess.run(command("f", "--skip-existing", "-q"), capture_output=True, check=True)
    assert len(again.stdout.splitlines()) == 40 - before


@pytest.mark.skipif(sys.platform != "linux", reason="takes a privilege away by Linux' own call")
def test_an_unreadable_folder_is_one_line(scans, command):
    """As a person meets it: the superuser of the test machine reads everything, so it gives that up."""
    import ctypes

    def as_anybody():
        for privilege in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, out of the bounding set (24)
            ctypes.CDLL(None).prctl(24, privilege, 0, 0, 0)

    Path("shut").mkdir()
    shutil.copy("f/0.png", "shut")
    Path("shut").chmod(0)
    try:
        done = subprocess.run(
            command("shut", "f", "-o", "out"),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=as_anybody,
        )
    finally:
        Path("shut").chmod(0o755)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "shut: the folder cannot be read: Permission denied",
        "6 coloured, 1 failed, 0 skipped",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted in another unit")
def test_the_memory_of_a_24_megapixel_photograph(here, command):
    """The whole process, start-up included, however many processors there are."""
    from photochrom.evaluation.synthetic import write_photograph

    write_photograph(Path("s.jpg"), width=6000, height=4000, bands=3)
    # From a small process: what starts one is counted too, and the tests hold much by now.
    measure = (
        "import os, subprocess, sys\n"
        "process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "_, status, usage = os.wait4(process.pid, 0)\n"
        "print(status, usage.ru_maxrss)"
    )
    words = [sys.executable, "-c", measure, *command("s.jpg", "-q")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    status, kilobytes = map(int, done.stdout.split())
    assert status == 0
    assert kilobytes < 400_000
