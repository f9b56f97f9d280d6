"""Damaged and malicious files end in one clear line, never in half a picture or a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.errors import ImageTooLarge, InputError, UnreadableImage
from photochrom.images import Limits, compose, read_picture, to_array
from photochrom.images.door import reading, reason_of, set_threads
from photochrom.images.formats import sniff

FORMS = ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "AVIF"]


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 255, (90, 130), np.uint8)


def whole(source):
    """Everything a result needs."""
    picture = read_picture(source)
    picture.thumbnail(32, multiple=16)
    return to_array(compose(picture, np.zeros((2, 2, 4), np.float32)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", [0.02, 0.1, 0.5, 0.9])
def test_truncated(noise, pil_bytes, form, part):
    data = pil_bytes(noise, form)
    assert whole(data).shape == (90, 130, 3)
    with pytest.raises(UnreadableImage) as caught:
        whole(data[: int(len(data) * part)])
    message = str(caught.value)
    assert message.startswith("bytes: ")
    assert len(message) > len("bytes: ")
    assert "\n" not in message


@pytest.mark.parametrize("options", [
    {"form": "JPEG", "progressive": True}, {"form": "TIFF", "compression": "tiff_lzw"},
    {"form": "TIFF", "compression": "tiff_adobe_deflate"}, {"form": "WEBP", "lossless": True},
])  # fmt: skip
def test_truncated_in_other_ways(noise, pil_bytes, options):
    data = pil_bytes(noise, **options)
    with pytest.raises(UnreadableImage):
        whole(data[: len(data) // 2])


def test_truncated_while_streaming(pil_bytes):
    """The header and the thumbnail's first rows are fine; the end is not there."""
    noise = np.random.default_rng(0).integers(0, 255, (2000, 1500), np.uint8)
    for form in ("JPEG", "PNG", "TIFF"):
        data = pil_bytes(noise, form)
        picture = read_picture(data[:-2000])
        assert picture.height == 2000
        with pytest.raises(UnreadableImage):
            picture.thumbnail(64, multiple=16)
        with pytest.raises(UnreadableImage):
            to_array(compose(picture, np.zeros((2, 2, 4), np.float32)))


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "is empty"), (b"\0" * 5000, "is not a picture"), (b"Dear Sir,\n" * 99, "is not a picture"),
    (b"%PDF-1.7\n", "is not a picture"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    (b"\xff\xd8\xff", ""), (b"\x89PNG\r\n\x1a\n", ""), (b"II*\0", ""), (b"MM\0+" + bytes(20), ""),
    (b"GIF89a", ""), (b"BM", ""), (b"BM" + bytes(60), ""), (b"P6 ", ""), (b"P5 -3 4 255\n", ""),
    (b"P6\n99999999 9\n255\n", ""), (b"P7\nWIDTH 3\nENDHDR\n", "HEIGHT"), (b"P7\n", "cut off"),
    (b"RIFF\0\0\0\0WEBP", ""), (b"\0\0\0\x1cftypavif", ""), (b"P5 x y z\n", ""), (b"P2 2 2 255 1 a 3 4", ""),
])  # fmt: skip
def test_what_is_no_picture(data, reason, written):
    for source in (data, written(data, "grandmother.jpg")):
        with pytest.raises(InputError) as caught:
            whole(source)
        assert isinstance(caught.value, (UnreadableImage, ImageTooLarge))
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path):
    for path, reason in ((tmp_path, "is a folder"), (tmp_path / "none.jpg", "no such file")):
        with pytest.raises(UnreadableImage) as caught:
            read_picture(path)
        assert str(caught.value) == f"{path}: {reason}"
    with pytest.raises(UnreadableImage):
        read_picture("nul\0.jpg")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes and modes")
def test_files_that_cannot_be_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(UnreadableImage, match="regular"):
        read_picture(tmp_path / "pipe.jpg")
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"\xff\xd8\xff")
    secret.chmod(0)
    if not os.access(secret, os.R_OK):
        with pytest.raises(UnreadableImage, match="Permission"):
            read_picture(secret)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_a_name_that_is_not_utf8(noise, pil_bytes, tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/Gro\xdfmutter.jpg")
    for data in (pil_bytes(noise, "JPEG"), pil_bytes(noise, "TIFF")):
        Path(name).write_bytes(data)
        assert whole(name).shape == (90, 130, 3)
        Path(name).write_bytes(data[:2000])
        with pytest.raises(UnreadableImage):
            whole(name)


@given(at=st.integers(0, 5000), flips=st.binary(min_size=1, max_size=40), form=st.sampled_from(FORMS[:7]))
def test_damaged_bytes_give_a_picture_or_one_error(at, flips, form):
    data = bytearray(SOUND[form])
    place = at % len(data)
    data[place : place + len(flips)] = flips
    with suppress(InputError):
        assert whole_within(bytes(data)).dtype in (np.uint8, np.uint16)


def whole_within(data):
    """As `whole`, but a header that was changed may not ask for much."""
    picture = read_picture(data, limits=Limits(max_pixels=1_000_000, max_side=5000))
    return to_array(compose(picture, np.zeros((2, 2, 4), np.float32)))


def _sound():
    import io

    y, x = np.mgrid[0:40, 0:60]
    image = Image.fromarray(((x * 4 + y * 2) % 256).astype(np.uint8))
    files = {}
    for form in FORMS[:7]:
        file = io.BytesIO()
        image.save(file, form)
        files[form] = file.getvalue()
    return files


SOUND = _sound()


@given(head=st.binary(max_size=300))
def test_sniffing_takes_anything(head):
    sniff(head)
    sniff(b"\0\0\0\x20ftyp" + head)


def test_reasons_are_one_line_without_internal_names():
    error = pyvips.Error("unable to call", "VipsJpeg: premature end of JPEG image\nVipsJpeg: again\n")
    assert reason_of(error) == "premature end of JPEG image"
    assert reason_of(pyvips.Error("unable to load", "\n")) != ""
    assert reason_of(EOFError()) == "EOFError"


def test_foreign_errors_are_translated_and_ours_are_not():
    for foreign in (pyvips.Error("a", "b: c"), OSError(5, "x"), ValueError("x"), EOFError()):
        with pytest.raises(UnreadableImage), reading("x"):
            raise foreign
    with pytest.raises(ImageTooLarge), reading("x"):
        raise ImageTooLarge("x")
    with pytest.raises(KeyError), reading("x"):
        raise KeyError("a mistake of ours")


def test_libvips_is_silent(tmp_path, noise, pil_bytes):
    """Its complaints are in the exception; a command's own stderr stays clean."""
    path = tmp_path / "a.tif"
    path.write_bytes(pil_bytes(noise, "TIFF", compression="tiff_lzw")[:5000])
    code = (
        "from photochrom.images import *\n"
        f"try: to_array(compose(read_picture({str(path)!r}), __import__('numpy').zeros((1, 1, 4))))\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("UnreadableImage\n", "")


def test_libvips_is_silent_at_the_end_too(tmp_path, noise, pil_bytes):
    """A picture with a blemish that is still open when Python shuts down."""
    data = pil_bytes(noise, "JPEG")
    at = data.index(b"\xff\xda")
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:at] + b"junk" + data[at:])
    code = (
        "from photochrom.images import *; import os\n"
        f"picture = read_picture({str(path)!r})\n"
        "image = compose(picture, __import__('numpy').zeros((1, 1, 4)))\n"
        "to_array(image)\n"
        "print('VIPS_WARNING' in os.environ)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_threads():
    before = pyvips.concurrency_get()
    try:
        assert before <= 3 or "VIPS_CONCURRENCY" in os.environ
        set_threads(1)
        assert pyvips.concurrency_get() == 1
        with pytest.raises(InputError):
            set_threads(0)
    finally:
        pyvips.concurrency_set(before)
