"""Films written by PyAV and read back through its one door."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from photochrom.errors import MissingExtra, UnreadableImage
from photochrom.video.frames import read_frames

RED, BLUE = (200, 40, 60), (30, 60, 180)


def flat(color: tuple[int, int, int], height: int = 32, width: int = 48) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def counted(count: int) -> list[np.ndarray]:
    """Frames that say their number by how light they are."""
    return [flat((20 * i, 20 * i, 20 * i)) for i in range(count)]


def numbers(frames) -> list[int]:
    return [round(frame.mean() / 20) for frame in frames]


@pytest.mark.parametrize("matrix", [Colorspace.ITU601, Colorspace.ITU709])
def test_colors_come_through_by_the_matrix_the_film_names(
    write_film, matrix: Colorspace, tmp_path: Path
) -> None:
    film = write_film(tmp_path / "f.mp4", [flat(RED), flat(BLUE)], matrix=matrix)
    red, blue = read_frames(film)
    assert (red.shape, red.dtype) == ((32, 48, 3), np.uint8)
    assert red[16, 24].tolist() == pytest.approx(RED, abs=2)
    assert blue[16, 24].tolist() == pytest.approx(BLUE, abs=2)


@pytest.mark.parametrize("name", ["f.mp4", "f.mkv", "f.mov", "f.avi", "Ein Film, 1.mp4", "50%20.mp4"])
def test_containers_and_names(write_film, name: str, tmp_path: Path) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    assert numbers(read_frames(write_film(tmp_path / name, counted(4), codec=codec))) == [0, 1, 2, 3]


def test_some_of_the_frames(write_film, tmp_path: Path) -> None:
    film = write_film(tmp_path / "f.mp4", counted(9))
    assert numbers(read_frames(film, most=3)) == [0, 1, 2]
    assert numbers(read_frames(film, step=4)) == [0, 4, 8]
    assert numbers(read_frames(film, most=2, step=3)) == [0, 3]
    assert numbers(read_frames(film, most=0)) == []


def test_a_film_taken_on_its_side_is_turned_upright(write_film, tmp_path: Path) -> None:
    marked = flat((128, 128, 128))
    marked[:8, :8] = 250
    film = write_film(tmp_path / "f.mp4", [marked, marked])
    data = bytearray(film.read_bytes())
    # ISO/IEC 14496-12, 8.3.2: in a track header of version 0 the matrix begins 44 bytes after its name.
    at = data.index(b"tkhd") + 44
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    film.write_bytes(data)
    turned = next(read_frames(film))
    assert turned.shape == (48, 32, 3)
    # A quarter turn clockwise takes the upper left corner to the upper right.
    assert turned[4, 28].mean() > 240
    assert turned[4, 4].mean() < 140


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"", "Invalid data"), (b"words, and no film" * 99, "Invalid data")],
)
def test_what_is_no_film_is_one_line_with_its_name(content, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "f.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=rf"f\.mp4: cannot be read as a film: {reason}"):
        next(read_frames(path))


def test_a_folder_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage):
        next(read_frames(tmp_path))


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "f.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UnreadableImage, match="holds no moving pictures"):
        next(read_frames(path))


def test_a_playlist_does_not_reach_the_network(tmp_path: Path) -> None:
    path = tmp_path / "f.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(UnreadableImage):
        next(read_frames(path))


def test_without_pyav_the_command_that_adds_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"reading films needs more packages: .*photochrom\[video\]"):
        next(read_frames(tmp_path / "f.mp4"))
