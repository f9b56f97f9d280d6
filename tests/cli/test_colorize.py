"""`photochrom colorize`: each promise of its help page, with a Colorizer that colours nothing."""

import json
import os
from pathlib import Path

import pytest

from photochrom.batch.plan import Job
from photochrom.errors import BadModel


def last_line(done):
    return done.stderr.splitlines()[-1]


def test_results_lie_beside_their_pictures_and_their_paths_come_on_stdout(call, photos):
    done = call("f")
    assert done.exit_code == 0
    assert done.stdout == "f/a.color.jpg\nf/b.color.png\n"
    assert done.stderr == "2 coloured, 0 failed, 0 skipped\n"
    assert Path("f/a.color.jpg").read_bytes() == b"coloured f/a.jpg"
    assert Path("f/a.jpg").read_bytes() == b"f/a.jpg"


def test_a_tree_below_out(call, photos):
    assert call("f", "--recursive", "-o", "out").exit_code == 0
    found = sorted(path.as_posix() for path in Path("out").rglob("*.*"))
    assert found == ["out/a.color.jpg", "out/b.color.png", "out/s/c.gif.color.png"]
    assert not list(Path("f").rglob("*.color.*"))


def test_a_second_walk_does_not_colour_results(call, photos):
    call("f", "-r", "--compare")
    done = call("f", "-r", "--compare", "--skip-existing")
    assert done.stderr == "0 coloured, 0 failed, 3 skipped\n"
    assert done.exit_code == 0


def test_existing_results(call, photos):
    Path("f/a.color.jpg").write_bytes(b"kept")
    done = call("f")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "f/a.color.jpg: exists; --overwrite replaces such results, --skip-existing passes over them",
        "1 coloured, 1 failed, 0 skipped",
    ]
    assert Path("f/a.color.jpg").read_bytes() == b"kept"
    assert last_line(call("f", "--skip-existing")) == "0 coloured, 0 failed, 2 skipped"
    assert last_line(call("f", "--overwrite")) == "2 coloured, 0 failed, 0 skipped"
    assert Path("f/a.color.jpg").read_bytes() == b"coloured f/a.jpg"


def test_contradicting_options(call, photos):
    assert call("f", "--overwrite", "--skip-existing").exit_code == 2
    assert call("f", "-q", "-v").exit_code == 2
    assert call("f", "--quality", "101").exit_code == 2
    assert call("f", "--format", "gif").exit_code == 2
    assert call("-", "f").exit_code == 2
    assert call("f", "").exit_code == 2
    assert call("f", "-o", "").exit_code == 2
    assert call("f", "-o", "-").exit_code == 1


def test_the_picture_itself_is_never_replaced(call, photos):
    done = call("f/a.jpg", "-o", "f/a.jpg", "--overwrite")
    assert done.exit_code == 1
    assert "is the picture being read" in done.stderr
    assert Path("f/a.jpg").read_bytes() == b"f/a.jpg"


def test_no_failure_ends_the_rest_and_each_is_one_line(call, photos):
    for name, text in (("bad", b"bad"), ("bug", b"bug"), ("huge", b"huge")):
        Path(f"f/{name}.jpg").write_bytes(text)
    done = call("f", "none.jpg")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == ["f/a.color.jpg", "f/b.color.png"]
    assert done.stderr.splitlines() == [
        "f/bad.jpg: premature end of file",
        "f/bug.jpg: unexpected ZeroDivisionError: a bug; -v shows where",
        "f/huge.jpg: not enough memory",
        "none.jpg: no such file or folder",
        "2 coloured, 4 failed, 0 skipped",
    ]


def test_verbose_and_quiet(call, photos):
    Path("f/bug.jpg").write_bytes(b"bug")
    loud = call("f", "-v").stderr
    assert "Traceback" in loud
    assert "f/a.jpg → f/a.color.jpg (4×3, " in loud
    assert last_line(call("f", "-v", "--skip-existing")).startswith("0 coloured, 1 failed")
    calm = call("f", "-q", "--overwrite")
    assert calm.stderr == "f/bug.jpg: unexpected ZeroDivisionError: a bug; -v shows where\n"


def test_warnings_are_a_line_each(call, here, fake):
    Path("a.tif").write_bytes(b"pages")
    assert call("a.tif").stderr.splitlines()[0] == "a.tif: only the first of its 2 pages was taken"
    assert "first" not in call("a.tif", "-q", "--overwrite").stderr


def test_comparisons(call, photos):
    assert call("f/s/c.gif", "--compare").stdout == "f/s/c.gif.color.png\nf/s/c.gif.compare.png\n"
    Path("f/s/c.gif.compare.png").unlink()
    done = call("f/s/c.gif", "--compare", "--skip-existing")
    assert done.stdout == "f/s/c.gif.compare.png\n"
    assert call("f/a.jpg", "-o", "x.png", "--compare").stdout == "x.png\nx.compare.png\n"


def test_maps_of_confidence_go_where_results_would(call, photos):
    assert call("f/a.jpg", "--confidence", "map.png").stdout == "f/a.color.jpg\nmap.png\n"
    assert Path("map.png").read_bytes() == b"how sure f/a.jpg"
    assert call("f/b.png", "-o", "b/", "--confidence", "m/").stdout == "b/b.color.png\nm/b.confidence.png\n"
    done = call("f", "-r", "-o", "out", "--confidence", "maps")
    assert done.exit_code == 0
    found = sorted(path.as_posix() for path in Path("maps").rglob("*.*"))
    assert found == ["maps/a.jpg.confidence.png", "maps/b.confidence.png", "maps/s/c.gif.confidence.png"]


def test_maps_of_confidence_replace_nothing_and_are_no_pictures(call, photos):
    call("f", "--confidence", "f")
    assert last_line(call("f", "--skip-existing", "--confidence", "f")) == "0 coloured, 0 failed, 2 skipped"
    Path("f/b.confidence.png").unlink()
    assert call("f", "--skip-existing", "--confidence", "f").stdout == "f/b.confidence.png\n"
    done = call("f/b.png", "-o", "c.png", "--confidence", "f/b.confidence.png")
    assert done.exit_code == 1
    assert "f/b.confidence.png: exists" in done.stderr and not Path("c.png").exists()
    done = call("f/b.png", "--confidence", "f/b.png", "--overwrite")
    assert "is the picture being read" in done.stderr
    done = call("f/b.png", "-o", "d.png", "--confidence", "d.png")
    assert "confidence: d.png is where the coloured picture goes" in done.stderr


def test_what_a_map_of_confidence_cannot_be(call, photos):
    done = call("f/a.jpg", "--confidence", "map.gif")
    assert done.exit_code == 2 and "confidence" in done.stderr
    Path("file").write_bytes(b"")
    assert "several pictures" in call("f", "--confidence", "file").stderr
    assert call("f/a.jpg", "--confidence", "").exit_code == 2
    assert call("-", "--confidence", "a.png", stdin=b"x").exit_code == 2
    assert call("-", "-o", "b.png", "--confidence", "a.png", stdin=b"x").stdout == "b.png\na.png\n"


def test_suggestions_follow_the_result(call, photos):
    done = call("f/a.jpg", "--suggest", "2")
    assert done.stdout.splitlines() == [
        "f/a.color.jpg",
        "0,0  ΔE 12.3  helps 6%  #8c2f2f 75%, #555555 25%",
        "1,2  ΔE 12.3  helps 6%  #8c2f2f 75%, #555555 25%",
    ]
    record = json.loads(call("f/a.jpg", "--suggest", "1", "--json", "--overwrite").stdout)
    (one,) = record["suggestions"]
    assert (one["x"], one["y"], one["difference"], one["area"]) == (0, 0, 12.34, 0.055)
    assert one["colors"][0] == {"color": "#8c2f2f", "ab": [40.0, 20.0], "probability": 0.75}
    assert "suggestions" not in json.loads(call("f/a.jpg", "--json", "--overwrite").stdout)


def test_alternatives_are_numbered_and_stand_on_a_sheet(call, photos):
    done = call("f/a.jpg", "f/b.png", "--alternatives", "2")
    assert done.stdout.splitlines() == [
        *("f/a.color.1.jpg", "f/a.color.2.jpg", "f/a.jpg.alternatives.png"),
        *("f/b.color.1.png", "f/b.color.2.png", "f/b.alternatives.png"),
    ]
    assert Path("f/a.color.2.jpg").read_bytes() == b"coloured f/a.jpg 2"
    assert Path("f/b.alternatives.png").read_bytes() == b"sheet of 2"
    assert not Path("f/a.color.jpg").exists()
    assert last_line(call("f", "--dry-run")) == "2 to colour, 0 failed, 0 skipped"
    done = call("f/a.jpg", "-o", "x.png", "--alternatives", "1", "--compare", "--confidence", "c.png")
    assert done.stdout.split() == ["x.1.png", "x.alternatives.png", "x.compare.png", "c.png"]
    assert Path("c.png").read_bytes() == b"how sure f/a.jpg 1"


def test_alternatives_replace_nothing_unasked(call, photos):
    Path("f/a.color.2.jpg").write_bytes(b"kept")
    done = call("f/a.jpg", "--alternatives", "3")
    assert done.exit_code == 1
    assert done.stderr.startswith("f/a.color.2.jpg: exists;")
    assert not Path("f/a.color.1.jpg").exists()
    assert call("f/a.jpg", "--alternatives", "3", "--skip-existing").stdout.split() == [
        *("f/a.color.1.jpg", "f/a.color.3.jpg", "f/a.jpg.alternatives.png")
    ]
    assert Path("f/a.color.2.jpg").read_bytes() == b"kept"
    call("f/a.jpg", "--alternatives", "3", "--overwrite")
    assert Path("f/a.color.2.jpg").read_bytes() == b"coloured f/a.jpg 2"


def test_fewer_alternatives_than_asked_for(call, photos):
    Path("f/few.jpg").write_bytes(b"few")
    done = call("f/few.jpg", "--alternatives", "4")
    assert done.stdout.split() == ["f/few.color.1.jpg", "f/few.color.2.jpg", "f/few.jpg.alternatives.png"]
    assert "f/few.jpg: 2 of 4 colourings differ visibly" in done.stderr
    done = call("f/few.jpg", "--alternatives", "4", "--skip-existing")
    assert last_line(done) == "0 coloured, 0 failed, 1 skipped"


def test_numbers_of_suggestions_and_alternatives(call, photos):
    for words in (["--suggest", "0"], ["--suggest", "51"], ["--alternatives", "0"], ["--alternatives", "13"]):
        assert call("f/a.jpg", *words).exit_code == 2
    for words in (["--suggest", "2"], ["--alternatives", "2"]):
        assert call("-", *words, stdin=b"x").exit_code == 2


def test_dry_run_writes_nothing_and_needs_no_model(call, photos, fake):
    done = call("f", "-r", "-o", "out", "--dry-run")
    assert done.stdout.splitlines() == ["out/a.color.jpg", "out/b.color.png", "out/s/c.gif.color.png"]
    assert done.stderr == "3 to colour, 0 failed, 0 skipped\n"
    assert not Path("out").exists()
    assert fake.made == 0


def test_the_model_is_loaded_once_and_only_if_needed(call, photos, fake):
    call("f", "-r")
    assert fake.made == 1
    call("f", "-r", "--skip-existing")
    assert fake.made == 1


def test_json_is_one_object_a_line(call, photos):
    Path("f/bad.jpg").write_bytes(b"bad")
    Path("f/b.color.png").write_bytes(b"")
    done = call("f", "--json", "--skip-existing")
    a, b, bad = map(json.loads, done.stdout.splitlines())
    assert a.pop("seconds") >= 0
    size = {"width": 4, "height": 3}
    assert a == {"status": "done", "input": "f/a.jpg", "outputs": ["f/a.color.jpg"], "model": "fake"} | size
    assert b == {"status": "skipped", "input": "f/b.png", "outputs": ["f/b.color.png"]}
    assert bad == {"status": "failed", "input": "f/bad.jpg", "reason": "premature end of file"}
    planned = json.loads(call("f/a.jpg", "--json", "--dry-run", "--overwrite").stdout)
    assert planned["status"] == "planned"


def test_a_model_that_fails_ends_the_run_at_once(call, photos, monkeypatch):
    def failing(*_, **__):
        raise BadModel("flagship.json", "damaged")

    monkeypatch.setattr("photochrom.cli.work.Colorizer", failing)
    done = call("f")
    assert (done.exit_code, done.stderr) == (1, "flagship.json: damaged\n")


def test_an_unknown_model_is_wrong_usage(call, here):
    Path("a.jpg").write_bytes(b"x")
    done = call("a.jpg", "--model", "nope")
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: --model: ")


def test_ctrl_c_sums_up_and_says_how_to_go_on(call, photos):
    Path("f/aa.jpg").write_bytes(b"stop")
    done = call("f")
    assert done.exit_code == 130
    assert done.stdout == "f/a.color.jpg\n"
    assert done.stderr.splitlines() == [
        "Interrupted; the same command with --skip-existing does the rest.",
        "1 coloured, 0 failed, 0 skipped",
    ]
    Path("f/aa.jpg").write_bytes(b"fine")
    assert last_line(call("f", "--skip-existing")) == "2 coloured, 0 failed, 1 skipped"


def test_a_result_that_was_written_when_ctrl_c_came_is_counted(call, photos):
    Path("f/a.jpg").write_bytes(b"late")
    done = call("f")
    assert (done.exit_code, done.stdout) == (130, "f/a.color.jpg\n")
    assert last_line(done) == "1 coloured, 0 failed, 0 skipped"


def test_names_that_are_no_text(call, here, fake):
    name = "gr\udcfcn\n.jpg"
    try:
        Path(name).write_bytes(b"bad")
    except OSError:
        pytest.skip("this file system has no such names")
    done = call(".", "--json")
    assert json.loads(done.stdout)["input"] == name
    assert done.stderr.splitlines()[0] == "gr\N{REPLACEMENT CHARACTER}n .jpg: premature end of file"
    Path(name).write_bytes(b"fine")
    assert os.fsencode("gr\udcfcn\n.color.jpg\n") == call(".").stdout_bytes


def test_a_folder_that_cannot_be_made(call, photos):
    Path("file").write_bytes(b"")
    done = call("f/a.jpg", "-o", "file/out/")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0].startswith("file/out: ")


def test_from_a_pipe_to_a_pipe(call, here, fake):
    done = call("-", stdin=b"\x89pixels")
    assert (done.exit_code, done.stdout_bytes) == (0, b".jpg \x89pixels")
    assert done.stderr == "1 coloured, 0 failed, 0 skipped\n"
    assert call("-", "--format", "png", stdin=b"x").stdout == ".png x"
    assert call("-", "--dry-run").stdout == ""


def test_a_pipe_with_a_bad_picture_gives_not_a_byte(call, here, fake):
    done = call("-", stdin=b"bad")
    assert (done.exit_code, done.stdout_bytes) == (1, b"")
    assert done.stderr.splitlines()[0] == "standard input: premature end of file"


def test_between_pipe_and_file(call, here, fake):
    Path("a.png").write_bytes(b"x")
    assert call("a.png", "-o", "-").stdout == ".jpg x"
    assert call("-", "-o", "new/b.png", stdin=b"y").stdout == "new/b.png\n"
    assert Path("new/b.png").read_bytes() == b"coloured y"
    assert call("-", "-o", "b", stdin=b"y").exit_code == 2
    assert call("-", "-o", "new/", stdin=b"y").exit_code == 2
    assert call("-", "-o", "b.png", "--format", "jpg", stdin=b"y").exit_code == 2


def test_a_pipe_takes_one_picture_and_no_json(call, here, fake):
    for words in (["-", "--json"], ["-", "--compare"], ["a.jpg", "b.jpg", "-o", "-"]):
        assert call(*words, stdin=b"x").exit_code == 2


def test_pictures_do_not_go_to_terminals(call, here, fake, monkeypatch):
    import photochrom.cli.colorize

    class Terminal:
        isatty = staticmethod(lambda: True)

    class Sys:
        stdout = Terminal

    monkeypatch.setattr(photochrom.cli.colorize, "sys", Sys)
    done = call("-", stdin=b"x")
    assert done.exit_code == 2
    assert "terminal" in done.stderr


def test_threads_reach_libvips_and_the_network(call, photos, monkeypatch):
    seen = []
    monkeypatch.setattr("photochrom.cli.work.set_threads", seen.append)
    assert call("f/a.jpg", "--threads", "3").exit_code == 0
    assert seen == [3]
    assert call("f/a.jpg", "--threads", "0").exit_code == 2


def test_pictures_are_coloured_while_the_plan_is_still_made(here, fake, call, monkeypatch):
    def planned(*_, **__):
        for name in ("a", "b"):
            assert name == "a" or Path("a.color.jpg").exists()
            Path(f"{name}.jpg").write_bytes(b"x")
            yield Job(Path(f"{name}.jpg"), Path(f"{name}.color.jpg"))

    monkeypatch.setattr("photochrom.batch.plan.plan", planned)
    assert last_line(call("folder")) == "2 coloured, 0 failed, 0 skipped"


def test_the_second_look_and_restored_tones_reach_the_colorizer(call, photos, fake):
    assert call("f/a.jpg", "--best", "--restore-tones").exit_code == 0
    assert fake.best and fake.options.restore_tones
    assert call("f/a.jpg", "--overwrite").exit_code == 0
    assert not fake.best and not fake.options.restore_tones
