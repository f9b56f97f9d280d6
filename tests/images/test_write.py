"""A result is whole or absent, keeps what it should, and replaces nothing by accident."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import pyvips

from photochrom.color.srgb import srgb_to_lab
from photochrom.errors import (
    BadOption,
    OutputExists,
    UnreadableImage,
    UnsupportedFormat,
    UnwritableOutput,
)
from photochrom.images import (
    FORMATS,
    compose,
    encode_picture,
    output_suffix,
    read_picture,
    to_array,
    write_picture,
)
from photochrom.images.formats import writable

WRITTEN = [row for row in FORMATS.values() if row.saver]


def decoded(data):
    return pyvips.Image.new_from_buffer(bytes(data), "").numpy()


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.name)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("alpha", [False, True])
def test_round_trip_of_every_format_and_depth(photo, plain, tmp_path, row, bits, alpha):
    samples = photo if bits == 8 else photo.astype(np.uint16) * 257 + 100
    if alpha:
        samples = np.dstack([samples, np.roll(samples, 40, axis=1)])
    picture = read_picture(samples)
    image = compose(picture, plain(12, 20))
    target = tmp_path / f"result{row.suffixes[0]}"
    write_picture(image, picture, target, quality=None if row.quality is None else 100)
    made = decoded(target.read_bytes())
    assert made.dtype == (np.uint16 if bits in row.depths and bits == 16 else np.uint8)
    assert made.shape == (120, 160, 4 if alpha and row.alpha else 3)
    full = np.iinfo(made.dtype).max
    wanted = to_array(image) / np.iinfo(to_array(image).dtype).max
    if alpha and not row.alpha:
        wanted = wanted[..., :3] * wanted[..., 3:] + (1 - wanted[..., 3:])
    atol = 1.01 / full if row.quality is None else 0.06
    assert np.abs(made / full - wanted).max() <= (atol if row.alpha or not alpha else 0.06)
    if row.quality is not None and not alpha:
        shift = srgb_to_lab(made / full)[..., 0] - srgb_to_lab(wanted)[..., 0]
        assert np.abs(shift).mean() < 0.4
    assert encode_picture(image, picture, row.name, quality=None if row.quality is None else 100)


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.name)
def test_lightness_is_kept_at_the_quality_that_nobody_asked_for(plain, row):
    """In the mean over all pixels of the examples: each format's own loss is in it."""
    shifts = []
    for path in sorted((Path(__file__).parents[2] / "examples").glob("*.jpg")):
        picture = read_picture(path)
        before = picture.lightness.numpy().reshape(picture.height, picture.width)
        made = decoded(encode_picture(compose(picture, plain(12, 20)), picture, row.name))
        shifts.append(np.abs(srgb_to_lab(made[..., :3] / 255)[..., 0] - before).ravel())
    assert len(shifts) >= 5
    assert np.concatenate(shifts).mean() < 0.3


@pytest.mark.parametrize(("source", "suffix"), [
    ("a.jpg", ".jpg"), ("a.JPEG", ".JPEG"), (".TIF", ".TIF"), ("png", ".png"), ("a/b.bmp", ".png"),
    ("a.gif", ".png"), ("a.pgm", ".png"), ("a.heic", ".avif"), ("a.jp2", ".tif"),
])  # fmt: skip
def test_suffix_of_the_result(source, suffix):
    assert output_suffix(Path(source) if "a" in source else source) == suffix


@pytest.mark.parametrize("name", ["jpeg", ".jpg", "jpg", "JPG", ".JPEG"])
def test_formats_by_name_and_by_suffix_with_and_without_its_dot(name):
    assert writable(name) is FORMATS["jpeg"]
    for word in ("", ".", "..jpg", "jp"):
        with pytest.raises(UnsupportedFormat):
            writable(word)


def test_suffixes_are_of_one_format_each():
    known = [suffix for row in FORMATS.values() for suffix in row.suffixes]
    assert len(known) == len(set(known))
    assert all(FORMATS[row.written_as].saver for row in FORMATS.values())


@pytest.mark.parametrize("name", ["x.gif", "x.bmp", "x.txt", "x", "x.heic"])
def test_formats_that_are_not_written(gray, plain, tmp_path, name):
    picture = read_picture(gray)
    with pytest.raises(UnsupportedFormat):
        write_picture(compose(picture, plain()), picture, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_out_of_range(gray, plain, tmp_path, quality):
    picture = read_picture(gray)
    with pytest.raises(BadOption, match="quality"):
        write_picture(compose(picture, plain()), picture, tmp_path / "x.jpg", quality=quality)


def test_sides_that_a_format_cannot_hold(plain, tmp_path):
    picture = read_picture(np.zeros((1, 17_000), np.uint8))
    with pytest.raises(UnsupportedFormat, match="WEBP"):
        write_picture(compose(picture, plain()), picture, tmp_path / "x.webp")


def test_nothing_is_overwritten_unless_asked(gray, plain, tmp_path):
    picture = read_picture(gray)
    target = tmp_path / "x.png"
    target.write_bytes(b"precious")
    with pytest.raises(OutputExists):
        write_picture(compose(picture, plain()), picture, target)
    assert target.read_bytes() == b"precious"
    write_picture(compose(picture, plain()), picture, target, overwrite=True)
    assert decoded(target.read_bytes()).shape == (48, 64, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


def test_a_name_taken_meanwhile_is_not_overwritten(gray, plain, tmp_path, monkeypatch):
    """Between the check and the renaming somebody else writes the same name."""
    picture = read_picture(gray)
    target = tmp_path / "x.png"
    fsync = os.fsync

    def busy(descriptor):
        target.write_bytes(b"precious")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", busy)
    with pytest.raises(OutputExists):
        write_picture(compose(picture, plain()), picture, target)
    assert target.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


@pytest.mark.parametrize("taken", [False, True])
def test_file_systems_without_links(gray, plain, tmp_path, monkeypatch, taken):
    picture = read_picture(gray)
    target = tmp_path / "x.png"

    def refuse(*_):
        if taken:
            target.write_bytes(b"precious")
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    if taken:
        with pytest.raises(OutputExists):
            write_picture(compose(picture, plain()), picture, target)
        assert target.read_bytes() == b"precious"
    else:
        write_picture(compose(picture, plain()), picture, target)
        assert decoded(target.read_bytes()).shape == (48, 64, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_the_source_is_never_replaced(photo, plain, pil_bytes, written, form):
    data = pil_bytes(photo, form)
    path = written(data, "a.png")
    other = path.with_name("link.png")
    other.symlink_to(path)
    picture = read_picture(path)
    for target in (path, other, path.parent / "." / "a.png"):
        with pytest.raises(UnwritableOutput, match="being read"):
            write_picture(compose(picture, plain()), picture, target, overwrite=True)
    assert path.read_bytes() == data


def test_folders_that_are_not_there_or_in_the_way(gray, plain, tmp_path):
    picture = read_picture(gray)
    with pytest.raises(UnwritableOutput, match="No such file"):
        write_picture(compose(picture, plain()), picture, tmp_path / "none" / "x.png")
    (tmp_path / "x.png").mkdir()
    with pytest.raises(UnwritableOutput):
        write_picture(compose(picture, plain()), picture, tmp_path / "x.png", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_mode_of_a_new_file(gray, plain, tmp_path):
    picture = read_picture(gray)
    before = os.umask(0o027)
    try:
        write_picture(compose(picture, plain()), picture, tmp_path / "x.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.png").stat().st_mode) == 0o640


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_source_that_proves_truncated(photo, plain, pil_bytes, written, form, tmp_path):
    """Also where the damage shows only while the result is written."""
    noise = np.random.default_rng(0).integers(0, 255, (400, 400), np.uint8)
    data = pil_bytes(noise, form)
    path = written(data[: len(data) * 2 // 3], "a.bin")
    target = tmp_path / "x.png"

    def color():
        picture = read_picture(path)
        write_picture(compose(picture, plain()), picture, target)

    with pytest.raises(UnreadableImage, match=r"a\.bin: ") as caught:
        color()
    assert "\n" not in str(caught.value)
    assert [found.name for found in tmp_path.iterdir()] == ["a.bin"]


def python(code, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=60, check=False, **options,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
@pytest.mark.parametrize("suffix", [row.suffixes[0] for row in WRITTEN])
def test_disk_full(tmp_path, suffix):
    """A limit on the size of files fails like a full disk, in the middle of writing."""
    code = f"""
        import resource, numpy as np
        from pathlib import Path
        from photochrom.errors import UnwritableOutput
        from photochrom.images import compose, read_picture, write_picture
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        picture = read_picture(np.random.default_rng(0).integers(0, 255, (400, 400), np.uint8))
        image = compose(picture, np.zeros((2, 2, 4), np.float32))
        try:
            write_picture(image, picture, Path({str(tmp_path / "x")!r} + {suffix!r}))
        except UnwritableOutput as error:
            print(error)
    """
    done = python(code)
    assert done.stdout.startswith(f"{tmp_path / 'x'}{suffix}: "), done.stderr
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupted_writing_leaves_nothing(tmp_path):
    code = f"""
        import os, signal, threading, time, numpy as np
        from pathlib import Path
        from photochrom.images import compose, read_picture, write_picture
        noise = np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8)
        picture = read_picture(np.kron(noise, np.ones((30, 30), np.uint8)))
        image = compose(picture, np.zeros((2, 2, 4), np.float32))
        folder = Path({str(tmp_path)!r})
        def interrupt():
            while not sum(path.stat().st_size for path in folder.iterdir()):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt, daemon=True).start()
        try:
            write_picture(image, picture, folder / "x.tif")
        except KeyboardInterrupt:
            print("interrupted")
    """
    done = python(code)
    assert done.stdout == "interrupted\n", done.stderr
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_the_same_bytes_each_time(photo, plain, pil_bytes):
    data = pil_bytes(photo, "JPEG")
    for row in WRITTEN:
        first, second = (
            encode_picture(compose(picture, plain(9, 9)), picture, row.name)
            for picture in (read_picture(data), read_picture(data))
        )
        assert first == second, row.name
