"""What `photochrom colorize` is told of colours: palettes, references and hints."""

from pathlib import Path

import pytest

from photochrom.errors import BadOption


def last_line(done):
    return done.stderr.splitlines()[-1]


def test_a_palette_is_read_once_and_told_of_every_picture(call, photos, fake):
    assert call("f").exit_code == 0
    assert fake.told == {}
    assert (
        call("f", "--overwrite", "--palette", "#8c2f2f,#d8c9a3", "--palette-strength", "0.5").exit_code == 0
    )
    palette = fake.told["palette"]
    assert len(palette.colors) == 2 and palette.strength == 0.5


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["--palette", ""], 2, "--palette: is empty"),
        (["--palette", "#8c2f2f,rde"], 2, "--palette: 'rde' is not a colour; did you mean red?"),
        (["--palette", "#8c2f2f", "--palette-strength", "3"], 2, "--palette-strength: must lie in 0…2"),
        (["--palette", "f/a.jpg"], 1, "f/a.jpg: is not a picture"),
        (["--palette", "none.jpg"], 1, "none.jpg: no such file"),
    ],
)
def test_what_is_no_palette_ends_it_before_the_first_picture(call, photos, fake, words, code, line):
    done = call("f", *words)
    assert done.exit_code == code and fake.made == 0
    assert line in last_line(done) and not done.stdout


def test_a_reference_is_looked_at_once_and_a_grey_one_ends_it(call, photos, fake):
    assert call("f", "--reference", "colour.jpg", "--detail", "256").exit_code == 0
    assert fake.told == {"reference": ("looked at", "colour.jpg", 256)} and fake.made == 1
    done = call("f", "--overwrite", "--reference", "grey.jpg")
    assert done.exit_code == 2 and not done.stdout
    assert "--reference: grey.jpg is grey" in last_line(done)


def test_hints_are_saved_beside_the_picture_and_never_over_others(call, photos, fake, told):
    words = ("f/a.jpg", "--hint", "1,1,#8c2f2f", "--hint", "30%,2,grey", "--save-hints")
    done = call(*words)
    assert done.exit_code == 0 and "f/a.hints.json" in done.stdout
    assert call("f/a.jpg", "--hints", "auto", "--overwrite").exit_code == 0
    assert told[0][1] == told[1][1]
    before = Path("f/a.hints.json").read_bytes()
    done = call("f/a.jpg", "--hint", "2,2,red", "--save-hints", "-o", "elsewhere.jpg")
    assert done.exit_code == 1 and "a.hints.json: exists" in done.stderr
    assert Path("f/a.hints.json").read_bytes() == before and not Path("elsewhere.jpg").exists()


@pytest.mark.parametrize("words", [["f/a.jpg"], ["f/a.jpg", "--hints", "auto"], ["-", "--hint", "1,1,red"]])
def test_what_cannot_be_saved_is_refused(call, photos, fake, words):
    done = call(*words, "--save-hints")
    assert done.exit_code == 2 and "--save-hints writes" in last_line(done)


def test_hints_that_were_not_saved_would_tell_of_another_result(call, photos, fake):
    done = call("f/a.jpg", "--hint", "1,1,red", "--save-hints", "--skip-existing")
    assert done.exit_code == 2 and "contradict" in last_line(done) and fake.made == 0


@pytest.fixture
def told(photos, fake, monkeypatch):
    """The hints that each picture was coloured with, in a list."""
    seen = []
    plain = fake.__call__

    def call(self, source, *, options=None, name=None, hints=None):
        seen.append((name, hints))
        return plain(self, source, options=options, name=name)

    monkeypatch.setattr(fake, "__call__", call)
    return seen


def test_hints_in_words(call, told):
    from photochrom.hints import Hints

    assert call("f/a.jpg", "--hint", "2,1,#8c2f2f", "--hint", "30%,62%,grey,5%").exit_code == 0
    hints = Hints().point(2, 1, "#8c2f2f").point("30%", "62%", "grey", radius="5%")
    assert told == [("f/a.jpg", hints)]


def test_hints_from_a_file_and_in_words_on_top(call, told):
    from photochrom.hints import Hints

    Hints().point(2, 1, "#8c2f2f").save("x.json")
    assert call("f/a.jpg", "--hints", "x.json", "--hint", "0,0,navy").exit_code == 0
    assert told == [("f/a.jpg", Hints().point(2, 1, "#8c2f2f").point(0, 0, "navy"))]
    assert call("-", "--hints", "x.json", stdin=b"x").exit_code == 0
    assert told[1][1] == Hints.load("x.json")


def test_hints_beside_each_picture(call, told):
    from photochrom.hints import Hints

    Hints().point(2, 1, "#8c2f2f").save("f/b.hints.json")
    assert call("f").exit_code == 0
    assert call("f", "--hints", "auto", "--overwrite").exit_code == 0
    none = [("f/a.jpg", None), ("f/b.png", None)]
    assert told == [*none, none[0], ("f/b.png", Hints.load("f/b.hints.json"))]


def test_a_damaged_sidecar_fails_its_own_picture(call, told):
    Path("f/a.hints.json").write_text("{}")
    done = call("f", "--hints", "auto")
    assert done.exit_code == 1
    assert done.stdout == "f/b.color.png\n"
    assert done.stderr.splitlines()[0].startswith("f/a.hints.json: not a file of hints")


def test_hints_tell_of_one_picture(call, told):
    for words in (["--hint", "1,1,red"], ["--hints", "auto", "--hint", "1,1,red"]):
        done = call("f", *words)
        assert done.exit_code == 2
        assert "tell of one picture" in done.stderr
    assert told == []
    assert call("f/s", "--hint", "1,1,red").exit_code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--hint", "1,red"], "--hint: '1,red' is not X,Y,COLOUR"),
        (["--hint", "1,1,rde"], "--hint: '1,1,rde': 'rde' is not a colour; did you mean red?"),
        (["--hint", "1,1,red,0"], "--hint: '1,1,red,0': radius must be above 0"),
        (["--hints", "none.json"], "--hints: none.json: no such file"),
        (["--hints", "f/a.jpg"], "--hints: f/a.jpg: is not a picture"),
    ],
)
def test_malformed_hints_are_wrong_usage(call, told, words, reason):
    done = call("f/a.jpg", *words)
    assert done.exit_code == 2
    assert f"Error: {reason}" in done.stderr
    assert told == []


def test_what_the_colorizer_says_of_hints_is_one_line(call, photos, fake, monkeypatch):
    def refuse(self, source, *, options=None, name=None, hints=None):
        raise BadOption("hint 1 (point)", "x 9 is outside the picture of 4×3")

    monkeypatch.setattr(fake, "__call__", refuse)
    done = call("f/a.jpg", "--hint", "9,1,red")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "f/a.jpg: hint 1 (point): x 9 is outside the picture of 4×3"


def test_colours_that_cannot_be_met_are_a_line_each(call, photos, fake, monkeypatch):
    from photochrom.hints import Unmet

    plain = fake.__call__

    def unmet(self, source, *, options=None, name=None, hints=None):
        result = plain(self, source, name=name)
        result.unmet = (Unmet(1, "point", "#0000ff", "#8155ff", 6.3),)
        return result

    monkeypatch.setattr(fake, "__call__", unmet)
    done = call("f/a.jpg", "--hint", "1,1,blue")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[0] == (
        "f/a.jpg: hint 1 (point): #0000ff does not exist at the lightness of its place: "
        "the nearest is #8155ff, ΔE2000 6"
    )
