"""Lists of pictures."""

import shutil
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.datasets.lists import Listed, listed, read_list, writable, write_list
from photochrom.datasets.pictures import load_pictures
from photochrom.errors import NoPictures

NAMES = st.text(
    st.characters(exclude_characters="/\0:\\", exclude_categories=["Cs"]), min_size=1, max_size=12
)


@given(st.lists(st.tuples(NAMES, NAMES, NAMES, NAMES), max_size=6))
def test_what_is_written_is_read(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("lists")
    rows = [
        Listed(folder / "pictures" / f"{name}.tar", f"{member}.jpg", source, label)
        for name, member, source, label in rows
        if writable(name + member + source + label)
    ]
    write_list(rows, folder / "train.txt", title="some")
    again = list(read_list(folder / "train.txt"))
    assert [row._replace(file=row.file.resolve()) for row in again] == [
        row._replace(file=row.file.resolve()) for row in rows
    ]


@pytest.mark.parametrize(
    ("name", "file", "member"),
    [
        ("a/b.jpg", "a/b.jpg", ""),
        ("a/s-000000.tar:beach.1.jpg", "a/s-000000.tar", "beach.1.jpg"),
        ("l/gray_scale.npy:00000001.png", "l/gray_scale.npy", "00000001.png"),
        ("t-images-idx3-ubyte.gz:7.png", "t-images-idx3-ubyte.gz", "7.png"),
        ("a/s.tar:b/c:d.tar:e.jpg", "a/s.tar", "b/c:d.tar:e.jpg"),
        ("C:/a/b.jpg", "C:/a/b.jpg", ""),
        ("C:/a/b.tar:x.jpg", "C:/a/b.tar", "x.jpg"),
    ],
)
def test_names(name, file, member):
    assert listed(name) == Listed(Path(file), member, "", "")


def test_a_list_by_hand(folder):
    """Paths alone, as anybody may write them, with what an editor on Windows leaves."""
    file = folder / "mine.txt"
    file.write_bytes(b"# the best\r\np01.jpg\r\n\r\nmore/p05.jpg\tholiday\tlake\r\n")
    first, second = load_pictures([file])
    assert (first.source, first.label) == ("mine", "")
    assert (second.source, second.label) == ("holiday", "lake")
    assert second.data == (folder / "more" / "p05.jpg").read_bytes()


def test_a_list_of_members_moves_with_its_set(folder, tmp_path):
    top = tmp_path / "project"
    (top / "sets").mkdir(parents=True)
    with tarfile.open(top / "sets" / "s-000000.tar", "w") as tar:
        for name in ("p01.jpg", "p03.jpg", "p07.jpg"):
            tar.add(folder / name, name)
    members = load_pictures([top / "sets"])
    rows = [listed(p.name, p.source, p.label) for p in (members[2], members[0])]
    (top / "lists").mkdir()
    write_list(rows, top / "lists" / "train.txt", title="two")
    shutil.move(top, tmp_path / "elsewhere")
    pictures = load_pictures([tmp_path / "elsewhere" / "lists" / "train.txt"])
    assert [p.data for p in pictures] == [members[2].data, members[0].data]
    assert {p.source for p in pictures} == {"s"}


def test_what_is_not_there_is_told(folder, tmp_path):
    file = tmp_path / "list.txt"
    file.write_text(f"{folder}/p01.jpg\n{folder}/gone.jpg\n{folder}/s.tar:x.jpg\n{folder}\n")
    damaged = []
    assert len(load_pictures([file], damaged=damaged.append)) == 1
    assert [damage.name for damage in damaged] == [f"{folder}/gone.jpg", f"{folder}/s.tar:x.jpg", str(folder)]
    file.write_text("gone.jpg\n")
    with pytest.raises(NoPictures, match=r"list\.txt: holds no pictures \(.*gone\.jpg: is listed in"):
        load_pictures([file])
