"""Packing pictures into shards."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from photochrom.datasets.pictures import load_pictures
from photochrom.datasets.screen import Resemblance
from photochrom.datasets.shards import pack


def opened(picture):
    return Image.open(io.BytesIO(picture.data))


@pytest.mark.parametrize("per_shard", [1, 5, 6, 12, 100])
def test_no_picture_is_lost_at_the_border_of_a_shard(folder, tmp_path, per_shard):
    files = sorted(folder.rglob("p*"))
    packed = pack(files, tmp_path / "out" / "set", per_shard=per_shard)
    assert packed.written == 12
    assert not packed.left_out
    assert len(packed.shards) == -(-12 // per_shard)
    assert [s.name for s in packed.shards][:1] == ["set-000000.tar"]
    pictures = load_pictures(packed.shards)
    assert [p.name.rpartition(":")[2] for p in pictures] == [
        f"{i:08d}.{file.stem}.jpg" for i, file in enumerate(files)
    ]
    assert {p.source for p in pictures} == {"set"}
    for picture, file in zip(pictures, files, strict=True):
        change = np.asarray(opened(picture), float) - np.asarray(Image.open(file).convert("RGB"), float)
        assert np.abs(change).mean() < 2.5


def test_large_pictures_are_reduced_and_small_ones_left(paint, tmp_path):
    paint(1, 600, 300).save(tmp_path / "large.png")
    paint(2, 90, 70).save(tmp_path / "small.png")
    packed = pack(sorted(tmp_path.glob("*.png")), tmp_path / "s", side=100)
    assert [opened(p).size for p in load_pictures(packed.shards)] == [(200, 100), (90, 70)]


def test_left_out_pictures_are_counted_by_reason(folder, paint, tmp_path):
    Image.new("RGB", (100, 100), "white").save(folder / "white.png")
    paint(70).convert("L").save(folder / "grey.png")
    paint(71, 63, 80).save(folder / "tiny.png")
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.jpg").write_bytes((folder / "p01.jpg").read_bytes()[:200])
    seen = []
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    packed = pack(files, tmp_path / "s", kept_apart=Resemblance([paint(4)]), progress=seen.append)
    assert seen == list(range(1, len(files) + 1))
    assert packed.written == 11
    assert packed.left_out == {
        "white ground": 1,
        "grey": 1,
        "too small": 1,
        "unreadable": 2,
        "resembles a picture kept apart": 1,
    }


def test_orientation_is_applied(paint, tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    paint(1, 100, 70).save(tmp_path / "turned.jpg", exif=exif)
    packed = pack([tmp_path / "turned.jpg"], tmp_path / "s")
    assert opened(load_pictures(packed.shards)[0]).size == (70, 100)


def test_nothing_usable_makes_no_shard(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    packed = pack([tmp_path / "text.jpg"], tmp_path / "s")
    assert packed.written == 0
    assert packed.shards == ()


def test_a_failure_leaves_whole_shards_only(folder, tmp_path, monkeypatch):
    add, count = tarfile.TarFile.addfile, 0

    def full_disk(self, info, data):
        nonlocal count
        count += 1
        if count == 7:
            raise OSError(28, "No space left on device")
        add(self, info, data)

    monkeypatch.setattr(tarfile.TarFile, "addfile", full_disk)
    out = tmp_path / "out"
    with pytest.raises(OSError, match="No space"):
        pack(sorted(folder.rglob("p*")), out / "s", per_shard=5)
    assert [file.name for file in out.iterdir()] == ["s-000000.tar"]
    assert len(load_pictures([out])) == 5


@pytest.mark.parametrize(
    ("label", "name", "read"),
    [
        ("beach", "beach.00000000.jpg", "beach"),
        ("stage-indoor", "stage-indoor.00000000.jpg", "stage-indoor"),
        ("st. mary's {x}", "st_ mary's _x_.00000000.jpg", "st_ mary's _x_"),
        ("", "00000000.p01.jpg", ""),
        ("7", "00000000.p01.jpg", ""),
    ],
)
def test_classes_are_kept_in_names(folder, tmp_path, label, name, read):
    packed = pack([folder / "p01.jpg"], tmp_path / "s", label=lambda _: label)
    (picture,) = load_pictures(packed.shards)
    assert picture.name.rpartition(":")[2] == name
    assert picture.label == read
