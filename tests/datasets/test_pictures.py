"""Where pictures come from."""

import tarfile

import pytest

from photochrom.datasets.pictures import load_pictures
from photochrom.errors import NoPictures


def packed(target, files):
    with tarfile.open(target, "w") as tar:
        for file in files:
            tar.add(file, file.name)
    return target


def test_a_folder_is_read_whole_and_in_order(folder):
    (folder / "notes.txt").write_text("no picture")
    pictures = load_pictures([folder])
    assert [p.name for p in pictures] == sorted(p.name for p in pictures)
    assert len(pictures) == 12
    assert {p.source for p in pictures} == {"holiday"}
    assert pictures[0].data == (folder / "more" / "p05.jpg").read_bytes()


@pytest.mark.parametrize(
    ("shard", "source"),
    [("mini-imagenet-000003", "mini-imagenet"), ("lakes", "lakes"), ("old-town", "old-town")],
)
def test_a_shard_is_named_after_its_source(folder, tmp_path, shard, source):
    file = packed(tmp_path / f"{shard}.tar", sorted(folder.glob("*.jpg")))
    pictures = load_pictures([file])
    assert {p.source for p in pictures} == {source}
    assert pictures[0].name == f"{file}:p01.jpg"
    assert pictures[0].data == (folder / "p01.jpg").read_bytes()


def test_a_folder_of_shards_is_read_as_its_shards(folder, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    files = sorted(folder.glob("*.png"))
    packed(shards / "a-000000.tar", files[:3])
    packed(shards / "b-000000.tar", files[3:])
    assert [p.source for p in load_pictures([shards])] == ["a"] * 3 + ["b"] * 3


def test_several_places(folder, tmp_path):
    shard = packed(tmp_path / "x-000000.tar", sorted(folder.glob("*.jpg"))[:2])
    assert len(load_pictures([folder, shard])) == 14


@pytest.mark.parametrize("fault", ["missing", "empty", "damaged", "cut"])
def test_what_cannot_be_read_is_named(folder, tmp_path, fault):
    place = tmp_path / {"missing": "nowhere", "empty": "empty"}.get(fault, "x-000000.tar")
    if fault == "empty":
        place.mkdir()
    elif fault == "damaged":
        place.write_bytes(b"no tar at all" * 100)
    elif fault == "cut":
        packed(place, sorted(folder.glob("*.png")))
        place.write_bytes(place.read_bytes()[:3000])
    with pytest.raises(NoPictures) as caught:
        load_pictures([folder, place])
    assert str(caught.value).startswith(f"{place}: ")
