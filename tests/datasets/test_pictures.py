"""Where pictures come from."""

import io
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


def test_files_of_a_folder_are_read_when_they_are_shown(folder):
    picture = load_pictures([folder])[0]
    (folder / "more" / "p05.jpg").write_bytes(b"another")
    assert picture.data == b"another"
    (folder / "more" / "p05.jpg").unlink()
    with pytest.raises(FileNotFoundError):
        _ = picture.data


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("train2017/000000000009.jpg", ""),
        ("coco_sample/train_sample/000000000009.jpg", "train_sample"),
        ("train_sample/000000000009.jpg", ""),
        ("a/abbey/00000001.jpg", "abbey"),
        ("data_256/s/subway_station/platform/00000001.jpg", "subway_station-platform"),
        ("val_large/s/stage/indoor/1.jpg", "stage-indoor"),
        ("testSet_resize/class/x.jpg", ""),
        ("train/n01440764/n01440764_10026.JPEG", "n01440764"),
        ("animals/dogs/rex.jpg", "dogs"),
        ("a/b/rex.jpg", "b"),
        ("beach.00000012.jpg", "beach"),
        ("images/beach.00000012.jpg", "beach"),
        ("00000012.000.jpg", ""),
        ("photo.jpg", ""),
    ],
)
def test_the_class_is_the_folder_unless_that_names_a_part(tmp_path, encode, paint, file, label):
    target = tmp_path / "set" / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(encode(paint(1)))
    (picture,) = load_pictures([tmp_path / "set"])
    assert picture.label == label
    assert picture.source == "set"


@pytest.mark.parametrize("name", ["._p01.jpg", ".thumbnails/p.jpg", "__MACOSX/._p.jpg"])
def test_hidden_files_are_no_pictures(folder, name):
    target = folder / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(b"\0")
    assert len(load_pictures([folder])) == 12


def test_one_picture_is_a_set(folder):
    (picture,) = load_pictures([folder / "p01.jpg"])
    assert picture.source == "holiday"
    assert picture.data == (folder / "p01.jpg").read_bytes()


def test_a_cut_shard_gives_what_is_whole_and_says_so(folder, tmp_path):
    files = sorted(folder.glob("*.png"))
    whole, cut = packed(tmp_path / "a-000000.tar", files), packed(tmp_path / "b-000000.tar", files)
    there = {p.data for p in load_pictures([whole])}
    damaged = []
    for end in range(1500, cut.stat().st_size - 1024, 3331):
        cut.write_bytes(whole.read_bytes()[:end])
        damaged.clear()
        pictures = load_pictures([whole, whole], damaged=damaged.append)
        assert not damaged
        try:
            pictures = load_pictures([cut], damaged=damaged.append)
        except NoPictures:
            continue
        assert {p.data for p in pictures} < there
        assert [damage.name for damage in damaged] == [str(cut)]
        assert f"after {len(pictures)} files" in damaged[0].reason


def test_rubbish_in_the_middle_of_a_shard_is_told(folder, tmp_path):
    shard = packed(tmp_path / "a-000000.tar", sorted(folder.glob("*.png")))
    with tarfile.open(shard) as tar:
        third = tar.getmembers()[2]
    data = bytearray(shard.read_bytes())
    data[third.offset : third.offset + 512] = b"\x07" * 512
    shard.write_bytes(data)
    damaged = []
    assert len(load_pictures([shard], damaged=damaged.append)) == 2
    assert "damaged or cut after 2 files" in damaged[0].reason


def test_a_damaged_shard_among_others_is_passed_over(folder, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    packed(shards / "a-000000.tar", sorted(folder.glob("*.png")))
    (shards / "b-000000.tar").write_bytes(b"no tar at all" * 100)
    damaged = []
    assert {p.source for p in load_pictures([shards], damaged=damaged.append)} == {"a"}
    assert [damage.name for damage in damaged] == [str(shards / "b-000000.tar")]


def test_classes_of_a_shard(tmp_path, paint, encode):
    data = encode(paint(1))
    files = {
        "beach.00000001.jpg": data,
        "0001.jpg": data,
        "0001.cls": b"7\n",
        "x/0001.jpg": data,
        "._0001.jpg": b"\0",
        "0001.json": b"{}",
        "0002.jpg": data,
    }
    with tarfile.open(tmp_path / "s-000000.tar", "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    pictures = load_pictures([tmp_path])
    assert [(p.name.rpartition(":")[2], p.label) for p in pictures] == [
        ("beach.00000001.jpg", "beach"),
        ("0001.jpg", "7"),
        ("x/0001.jpg", ""),
        ("0002.jpg", ""),
    ]
