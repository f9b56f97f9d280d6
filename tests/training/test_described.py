"""Every recipe as a file that says what it means, and means what the recipe says."""

import dataclasses

import pytest

from photochrom.networks.losses import LOSSES
from photochrom.training.config import Recipe, Sampling, Stage, load_recipe, recipe_file
from photochrom.training.described import as_toml, recipes


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_printed_is_that_recipe(name, tmp_path):
    recipe = load_recipe(recipe_file(name))
    (tmp_path / "r.toml").write_text(as_toml(recipe), "utf8")
    assert load_recipe(tmp_path / "r.toml") == recipe


def test_names_that_toml_must_quote(tmp_path):
    stage = Stage(weights={"a b": 1.0, "häuser.2": 2.0, "": 3.0, 'say "so"': 4.0})
    recipe = Recipe(network="cnn4", losses={"l1": 1.0}, stages=(stage,), backbone='C:\\new "one"\n.pth')
    (tmp_path / "r.toml").write_text(as_toml(recipe), "utf8")
    assert load_recipe(tmp_path / "r.toml") == recipe


def test_every_setting_says_what_it_does():
    lines = as_toml(load_recipe(recipe_file("siggraph17"))).splitlines()
    for kind in (Recipe, Sampling, Stage):
        for field in dataclasses.fields(kind):
            if field.name in ("sampling", "stages"):
                continue
            starts = (f"{field.name} =", f"# {field.name} =")
            place = next(i for i, line in enumerate(lines) if line.startswith(starts))
            assert lines[place - 1].startswith("# "), field.name
            assert lines[place - 1].endswith("."), field.name
    assert any(all(name in line for name in list(LOSSES)[:3]) for line in lines)


def test_every_recipe_begins_with_a_sentence():
    for name, (network, words) in recipes().items():
        assert words.endswith("."), name
        assert recipe_file(name).is_file()
        assert network in name or name.startswith(network)
