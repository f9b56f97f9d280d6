"""`photochrom recipes`: what is printed can be trained."""

from pathlib import Path

from photochrom.training.config import load_recipe, recipe_file
from photochrom.training.described import recipes


def test_without_a_name_all_are_listed(call, here):
    done = call("recipes")
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == list(recipes())


def test_one_is_printed_with_what_is_set(call, here):
    done = call("recipes", "pix2pix-small", "--set", "rate=0.5", "--set", "options.filters=8")
    Path("mine.toml").write_text(done.stdout, "utf8")
    mine, whole = load_recipe(Path("mine.toml")), load_recipe(recipe_file("pix2pix-small"))
    assert (mine.rate, mine.options["filters"]) == (0.5, 8)
    assert (mine.losses, mine.stages) == (whole.losses, whole.stages)
    again = call("recipes", "--recipe", "mine.toml")
    assert again.stdout == done.stdout


def test_a_name_that_is_none_is_one_line(call, here):
    done = call("recipes", "pix2pics")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "did you mean pix2pix?" in done.stderr
