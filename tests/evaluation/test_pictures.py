from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.errors import UnreadableImage
from photochrom.evaluation.pictures import digest_of, find_pictures, named, sha256_of
from photochrom.evaluation.scene import Box


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_pictures_are_found_below_folders_in_order(photographs: Path) -> None:
    assert names(find_pictures([photographs])) == ["a.png", "b.png", "c.jpg", "d.tif", "e.png"]
    assert find_pictures([photographs / "b.png", photographs / "a.png"])[0].name == "a.png"
    assert len(find_pictures([photographs, photographs / "b.png"])) == 5


def test_a_limit_draws_the_same_pictures_for_the_same_seed(photographs: Path) -> None:
    draws = {seed: find_pictures([photographs], limit=3, seed=seed) for seed in range(8)}
    assert all(len(draw) == 3 and draw == sorted(draw) for draw in draws.values())
    assert draws[1] == find_pictures([photographs], limit=3, seed=1)
    assert len({tuple(draw) for draw in draws.values()}) > 1
    assert len(find_pictures([photographs], limit=99)) == 5


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="holds no pictures"):
        find_pictures([tmp_path])


def test_names_are_paths_below_the_folder(photographs: Path) -> None:
    files = find_pictures([photographs])
    assert [picture.name for picture in named(files, [photographs])] == [
        "a.png",
        "b.png",
        "c.jpg",
        "d.tif",
        "more/e.png",
    ]
    assert [picture.name for picture in named(files[:1], files[:1])] == ["a.png"]


def test_several_folders_stand_in_the_names(photographs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.png").write_bytes((photographs / "a.png").read_bytes())
    places = [photographs, other]
    found = [picture.name for picture in named(find_pictures(places), places)]
    assert found[0] == "other/a.png"
    assert "photographs/more/e.png" in found


def test_files_that_would_be_called_the_same_keep_their_paths(photographs: Path) -> None:
    files = [photographs / "a.png", photographs / "more" / "e.png"]
    files[1] = files[1].rename(photographs / "more" / "a.png")
    assert [picture.name for picture in named(files, files)] == [file.as_posix() for file in files]


def test_faces_go_by_names(photographs: Path) -> None:
    faces = {"more/e.png": (Box(1, 2, 3, 4),), "e.png": ()}
    marked = named(find_pictures([photographs]), [photographs], faces=faces)
    assert [picture.faces for picture in marked] == [None] * 4 + [(Box(1, 2, 3, 4),)]


def test_a_checksum_is_that_of_the_bytes(photographs: Path) -> None:
    file = photographs / "a.png"
    assert sha256_of(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(UnreadableImage, match=r"none\.png: No such file"):
        sha256_of(photographs / "none.png")


def test_the_digest_is_what_sha256sum_says_of_its_own_list(photographs: Path) -> None:
    """A worked example for the command line: sha256sum * | sort -k2 | sha256sum."""
    checksums = {name: sha256_of(photographs / name) for name in ["c.jpg", "a.png", "b.png"]}
    words = "cd {} && sha256sum a.png b.png c.jpg | sha256sum"
    try:
        said = subprocess.run(
            words.format(photographs), shell=True, capture_output=True, text=True, check=True
        ).stdout
    except subprocess.CalledProcessError:
        pytest.skip("needs sha256sum")
    assert digest_of(checksums) == said.split()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_escaped(photographs: Path) -> None:
    odd = (photographs / "a.png").rename(photographs / os.fsdecode(b"caf\xe9.png"))
    (picture,) = named([odd], [photographs])
    assert picture.file == odd
    assert picture.name == "caf\\udce9.png"
    assert len(digest_of({picture.name: "0"})) == 64
