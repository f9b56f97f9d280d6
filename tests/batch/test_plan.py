"""Which pictures are coloured and where results go."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.batch import plan as planning
from photochrom.batch.plan import Job, Trouble, plan
from photochrom.errors import BadOption
from photochrom.images.formats import FORMATS, format_of
from photochrom.images.names import comparison_of, is_result, original_of, result_name

SUFFIXES = [suffix for row in FORMATS.values() for suffix in row.suffixes]
WRITABLE = [row for row in FORMATS.values() if row.saver]

stems = st.lists(
    st.sampled_from(["a", "B", ".jpg", ".png", ".gif", ".color", ".compare", "é"]), min_size=1
).map("".join)
names = st.builds(
    str.__add__, stems.map(lambda stem: "x" + stem), st.sampled_from([*SUFFIXES, ".JPG", ".Gif"])
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths):
    for name in paths:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def pairs(items):
    """Sources and targets as text; an item of trouble fails the test."""
    items = list(items)
    assert all(isinstance(item, Job) for item in items), items
    return [(item.source.as_posix(), item.target.as_posix()) for item in items]


def troubles(items):
    return [str(item.error) for item in items if isinstance(item, Trouble)]


@pytest.mark.parametrize(
    ("name", "form", "result"),
    [
        ("a.jpg", None, "a.color.jpg"),
        ("a.JPG", None, "a.color.JPG"),
        ("a.jpeg", "jpeg", "a.color.jpeg"),
        ("a.png", None, "a.color.png"),
        ("a.gif", None, "a.gif.color.png"),
        ("a.heic", None, "a.heic.color.avif"),
        ("a.png", "jpeg", "a.png.color.jpg"),
        ("a.b.tif", None, "a.b.color.tif"),
        ("a.gif.png", None, "a.gif.png.color.png"),
    ],
)
def test_names_of_results(name, form, result):
    kind = format_of(Path(name).suffix)
    assert result_name(name, kind, FORMATS[form] if form else None) == result


@given(names, names, st.sampled_from([None, *WRITABLE]))
def test_two_pictures_never_have_one_result(first, second, form):
    results = {result_name(name, format_of(Path(name).suffix), form) for name in (first, second)}
    assert len(results) == len({first, second})


@given(names, st.sampled_from([None, *WRITABLE]))
def test_the_name_of_a_result_leads_back_to_its_picture(name, form):
    result = result_name(name, format_of(Path(name).suffix), form)
    comparison = comparison_of(Path("folder") / result)
    assert is_result(result)
    assert is_result(comparison.name)
    assert comparison.name != result
    assert original_of(result) == original_of(comparison.name) == name


def test_other_names_are_no_results():
    for name in ("a.jpg", "color.jpg", ".color.jpg", "a.color.txt", "a.colour.jpg", "a.color"):
        assert not is_result(name)
        assert original_of(name) is None
    assert comparison_of(Path("out.png")) == Path("out.compare.png")


def test_a_folder_in_order_without_results_and_hidden_files(here):
    make(
        "f/b.jpg", "f/a.png", "f/a.color.png", "f/b.compare.jpg", "f/.hidden.jpg", "f/notes.txt", "f/.d/c.jpg"
    )
    make("f/sub/c.tif", "f/Z.jpg")
    assert pairs(plan(["f"])) == [
        ("f/Z.jpg", "f/Z.color.jpg"),
        ("f/a.png", "f/a.color.png"),
        ("f/b.jpg", "f/b.color.jpg"),
    ]
    assert pairs(plan(["f"], recursive=True))[3:] == [("f/sub/c.tif", "f/sub/c.color.tif")]


def test_a_folder_keeps_its_tree_below_out(here):
    make("f/a.jpg", "f/s/t/b.jpg")
    assert pairs(plan(["f"], recursive=True, out="out")) == [
        ("f/a.jpg", "out/a.color.jpg"),
        ("f/s/t/b.jpg", "out/s/t/b.color.jpg"),
    ]


def test_several_folders_lie_below_out_under_their_names(here):
    make("x/a.jpg", "deep/y/a.jpg", "b.jpg")
    assert pairs(plan(["x", "deep/y", "b.jpg"], out="out")) == [
        ("x/a.jpg", "out/x/a.color.jpg"),
        ("deep/y/a.jpg", "out/y/a.color.jpg"),
        ("b.jpg", "out/b.color.jpg"),
    ]


def test_the_current_folder_has_no_name_below_out(here):
    make("a.jpg", "f/b.jpg")
    assert ("a.jpg", "out/a.color.jpg") in pairs(plan([".", "f"], out="out"))


def test_where_one_picture_goes(here):
    make("a.jpg")
    Path("there").mkdir()
    assert pairs(plan(["a.jpg"], out="b.png")) == [("a.jpg", "b.png")]
    assert pairs(plan(["a.jpg"], out="new/")) == [("a.jpg", "new/a.color.jpg")]
    assert pairs(plan(["a.jpg"], out="there")) == [("a.jpg", "there/a.color.jpg")]
    assert pairs(plan(["a.jpg"], form=FORMATS["webp"])) == [("a.jpg", "a.jpg.color.webp")]


@pytest.mark.parametrize(
    ("words", "out", "form"),
    [
        (["a.jpg"], "noSuffix", None),
        (["a.jpg"], "b.gif", None),
        (["a.jpg"], "b.txt", None),
        (["a.jpg"], "b.png", FORMATS["jpeg"]),
        (["a.jpg", "b.jpg"], "a.jpg", None),
        (["."], "a.jpg", None),
    ],
)
def test_out_that_cannot_be_meant(here, words, out, form):
    make("a.jpg")
    with pytest.raises(BadOption) as caught:
        plan(words, out=out, form=form)
    assert caught.value.subject == "out"


def test_results_are_left_out_only_where_their_picture_is_named_too(here):
    make("a.jpg", "a.color.jpg", "a.compare.jpg", "g.gif", "g.gif.color.png")
    shell = sorted(path.name for path in Path().iterdir())
    assert [source for source, _ in pairs(plan(shell))] == ["a.jpg", "g.gif"]
    assert pairs(plan(["a.color.jpg"])) == [("a.color.jpg", "a.color.color.jpg")]


def test_a_picture_named_twice_is_coloured_once(here):
    make("f/a.jpg")
    assert len(pairs(plan(["f/a.jpg", "./f/a.jpg", "f", str(here / "f" / "a.jpg")]))) == 1


def test_results_that_would_meet_are_refused(here):
    make("x/a.jpg", "y/a.jpg")
    items = list(plan(["x/a.jpg", "y/a.jpg"], out="out/"))
    assert isinstance(items[0], Job)
    assert troubles(items) == [
        f"{Path('y/a.jpg')}: its result would take the place of another picture's, out/a.color.jpg"
    ]


def test_patterns(here):
    make("f/a.jpg", "f/b.png", "f/s/c.jpg", "f/a.color.jpg", "f/.h.jpg", "f/t.txt")
    assert pairs(plan(["f/*.jpg"])) == [("f/a.jpg", "f/a.color.jpg")]
    assert pairs(plan(["f/**/*.jpg"], out="out")) == [
        ("f/a.jpg", "out/a.color.jpg"),
        ("f/s/c.jpg", "out/s/c.color.jpg"),
    ]
    assert [source for source, _ in pairs(plan(["f/**"]))] == ["f/a.jpg", "f/b.png", "f/s/c.jpg"]
    assert [source for source, _ in pairs(plan(["f/[ab].???"]))] == ["f/a.jpg", "f/b.png"]
    assert [source for source, _ in pairs(plan(["f/*.color.*"]))] == ["f/a.color.jpg"]
    assert [source for source, _ in pairs(plan(["?"]))] == ["f/a.jpg", "f/b.png"]
    assert troubles(plan(["f/*.webp"])) == ["f/*.webp: no picture has such a name"]


def test_a_name_with_wildcards_is_a_name_first(here):
    make("scan [1].jpg", "scan 1.jpg")
    assert [source for source, _ in pairs(plan(["scan [1].jpg"]))] == ["scan [1].jpg"]


def test_a_file_of_unknown_suffix_is_judged_by_its_contents(here):
    Path("scan").write_bytes(b"\xff\xd8\xff\xe0")
    Path("scan.old").write_bytes(b"GIF89a")
    Path("letter.txt").write_bytes(b"Dear all")
    assert pairs(plan(["scan", "scan.old"])) == [
        ("scan", "scan.color.jpg"),
        ("scan.old", "scan.old.color.png"),
    ]
    assert troubles(plan(["letter.txt"])) == ["letter.txt: is not a picture in any format known here"]


def test_missing_files_and_empty_folders(here):
    Path("empty").mkdir()
    make("deep/s/a.jpg")
    assert troubles(plan(["no.jpg", "empty"])) == [
        "no.jpg: no such file or folder",
        "empty: holds no picture to colour; --recursive looks into the folders below",
    ]
    assert troubles(plan(["empty"], recursive=True)) == ["empty: holds no picture to colour"]


def test_links_in_rings_and_links_to_nothing_end_in_a_line_each(here):
    make("f/a.jpg", "f/s/b.jpg")
    Path("f/s/up").symlink_to("..")
    Path("f/self.jpg").symlink_to("self.jpg")
    Path("f/ring").symlink_to("ring")
    Path("f/gone.jpg").symlink_to("nowhere.jpg")
    Path("f/linked.jpg").symlink_to("a.jpg")
    items = list(plan(["f"], recursive=True))
    assert [item.source.as_posix() for item in items if isinstance(item, Job)] == [
        "f/a.jpg",
        "f/linked.jpg",
        "f/s/b.jpg",
    ]
    lines = troubles(items)
    assert [line.partition(":")[0] for line in lines] == ["f/gone.jpg", "f/self.jpg", "f/ring", "f/s/up"]
    assert lines[0].endswith("is a link to nothing")
    assert lines[3].endswith("is a link back to a folder that holds it")
    assert [source for source, _ in pairs(plan(["f/**/b.jpg"]))] == ["f/s/b.jpg"]


def test_an_unreadable_folder_is_a_line_and_the_rest_goes_on(here, monkeypatch):
    make("f/a.jpg", "f/locked/b.jpg", "f/open/c.jpg")
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    items = list(plan(["f"], recursive=True))
    assert [item.source.name for item in items if isinstance(item, Job)] == ["a.jpg", "c.jpg"]
    assert troubles(items) == ["f/locked: the folder cannot be read: Permission denied"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
def test_a_pipe_that_has_a_name_is_refused(here):
    os.mkfifo("pipe.jpg")
    assert "regular file" in troubles(plan(["pipe.jpg"]))[0]
    make("f/a.jpg")
    os.mkfifo("f/pipe.jpg")
    assert len(troubles(plan(["f"]))) == 1


def test_planning_is_lazy(here, monkeypatch):
    make("f/a.jpg", "f/s/b.jpg")
    read = []
    entries = planning._entries

    def noting(folder):
        read.append(folder.as_posix())
        return entries(folder)

    monkeypatch.setattr(planning, "_entries", noting)
    items = plan(["f"], recursive=True)
    assert read == []
    next(items)
    assert read == ["f"]


def test_what_a_file_is_its_first_bytes_say(here):
    make("f/gif.jpg", "f/what.png", "f/plain.jpg")
    Path("f/gif.jpg").write_bytes(b"GIF89a")
    Path("f/what.png").write_bytes(b"II*\0")
    expected = [
        ("f/gif.jpg", "f/gif.jpg.color.png"),
        ("f/plain.jpg", "f/plain.color.jpg"),
        ("f/what.png", "f/what.png.color.tif"),
    ]
    assert pairs(plan(["f"])) == expected
    assert pairs(plan([source for source, _ in expected])) == expected


def test_a_pattern_that_means_nothing_is_one_line(here):
    make("a.jpg")
    (said,) = troubles(plan(["x/**.jpg"]))
    assert said.startswith("x/**.jpg: ")
