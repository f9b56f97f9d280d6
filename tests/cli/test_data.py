"""`photochrom data`."""

import gzip
import json
import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def album(here):
    """Eight pictures in two classes, a copy, and a damaged one."""
    for i in range(8):
        place = here / "album" / ("lake" if i % 2 else "wood")
        place.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(np.random.default_rng(i).integers(0, 256, (5, 6, 3), np.uint8))
        small.resize((90, 70), Image.Resampling.BICUBIC).save(place / f"p{i}.png")
    copy = here / "album" / "lake" / "copy.png"
    copy.write_bytes((here / "album" / "wood" / "p0.png").read_bytes())
    (here / "album" / "wood" / "cut.png").write_bytes(copy.read_bytes()[:500])
    return here / "album"


def test_inspect_says_what_there_is(call, album):
    done = call("data", "inspect", "album", "--out", "about")
    assert done.exit_code == 0, done.output
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["pictures"].startswith("9, ")
    assert lines["classes"] == "2, of 4 (wood) to 5 (lake) pictures"
    assert lines["sizes"] == "90×70 9"
    assert lines["identical"] == "1 in 1 groups, beside one each"
    assert lines["identical:"].replace("\\", "/") == "album/lake/copy.png = album/wood/p0.png"
    assert lines["damaged:"].replace("\\", "/").startswith("album/wood/cut.png: ")
    files = sorted(file.name for file in (album.parent / "about").iterdir())
    assert files == ["ab-histogram.png", "contact-sheet.png", "inspection.json"]
    again = call("data", "inspect", "album", "--out", "about")
    assert again.exit_code == 1
    assert "inspection.json: exists; --overwrite replaces it" in again.stderr
    assert call("data", "inspect", "album", "--out", "about", "--overwrite", "-q").exit_code == 0


def test_inspect_as_json(call, album):
    done = call("data", "inspect", "album", "--json")
    values = json.loads(done.stdout)
    assert values["pictures"] == 9
    assert values["classes"] == {"lake": 5, "wood": 4}
    assert len(values["damaged"]) == 1


def test_split_writes_lists_that_are_places(call, album):
    before = sorted(album.rglob("*"))
    done = call("data", "split", "album", "--out", "lists")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == ["lists/train.txt", "lists/val.txt"]
    assert "cut.png" in done.stderr
    assert "8 to learn from, 1 to measure with; 1 stand beside their like" in done.stderr
    assert sorted(album.rglob("*")) == before
    counts = [
        json.loads(call("data", "inspect", f"lists/{name}", "--json").stdout)
        for name in ("train.txt", "val.txt")
    ]
    assert [count["pictures"] for count in counts] == [8, 1]
    assert set(counts[0]["classes"]) == {"lake", "wood"}
    assert call("data", "split", "album", "--out", "lists").exit_code == 1
    assert call("data", "split", "album", "--out", "lists", "--share", "1").exit_code == 2


def test_shards_keep_classes(call, album):
    done = call("data", "shard", "album", "--out", "packed/album")
    assert done.exit_code == 0, done.output
    values = json.loads(call("data", "inspect", "packed", "--json").stdout)
    assert values["classes"] == {"lake": 5, "wood": 4}
    assert values["sources"] == {"album": 9}


def test_unpack_makes_pictures_of_fashion_mnist(call, here):
    pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    head = bytes([0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 28, 0, 0, 0, 28])
    (here / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + pictures.tobytes()))
    done = call("data", "unpack", "t10k-images-idx3-ubyte.gz", "--out", "fashion", "--limit", "2")
    assert done.stdout.splitlines() == ["fashion/00000000.png", "fashion/00000001.png"]
    with Image.open(here / "fashion" / "00000001.png") as image:
        assert image.size == (28, 28)
        np.testing.assert_array_equal(np.asarray(image), pictures[1])


@pytest.mark.parametrize("command", ["inspect", "split", "unpack"])
def test_what_is_no_set_is_one_line(call, here, command):
    (here / "empty").mkdir()
    for place, reason in (("nowhere", "no such folder, tar shard or list"), ("empty", "holds no pictures")):
        options = [] if command == "inspect" else ["--out", "out"]
        done = call("data", command, place, *options)
        assert done.exit_code == 1
        assert done.stderr.startswith(f"{place}: {reason}")
        assert len(done.stderr.splitlines()) == 1


def test_without_the_extra_the_command_is_named(call, album, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("photochrom.datasets")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    done = call("data", "inspect", "album")
    assert done.exit_code == 1
    assert 'pip install "photochrom[train]"' in done.stderr
