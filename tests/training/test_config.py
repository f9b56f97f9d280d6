"""Recipes: read, checked, written, explained."""

import ast
import dataclasses
import inspect
import itertools
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import BadConfig
from photochrom.training.config import Recipe, Stage, from_values, load_recipe, to_values
from photochrom.training.loop import Budget

CONFIGS = Path(__file__).parents[2] / "configs"
# What a model's card says lies beside its recipe as NAME.card.toml.
RECIPES = sorted(file for file in CONFIGS.glob("*.toml") if not file.stem.endswith(".card"))


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_parses(file):
    recipe = load_recipe(file)
    assert from_values(Recipe, json.loads(json.dumps(to_values(recipe)))) == recipe


def test_there_are_recipes():
    assert "flagship" in [file.stem for file in RECIPES]


def field_help(kind):
    """Field → the docstring below it."""
    body = ast.parse(inspect.getsource(kind)).body[0].body
    return {
        line.target.id: after.value.value
        for line, after in itertools.pairwise(body)
        if isinstance(line, ast.AnnAssign) and isinstance(after, ast.Expr)
    }


@pytest.mark.parametrize("kind", [Recipe, Stage, Budget])
def test_every_setting_has_its_help(kind):
    assert set(field_help(kind)) == {field.name for field in dataclasses.fields(kind)}


def test_files_then_words(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        "dim = 64\nrate = 1\nwidths = [64, 32]\n[[stages]]\nsizes = [[32, 64]]\nweights = {a = 2}\n"
    )
    recipe = load_recipe(file, overrides=["dim=96", "encoder_weights=/a/b.pth", 'network="flagship"'])
    assert recipe.dim == 96
    assert recipe.encoder_weights == "/a/b.pth"
    assert recipe.rate == 1.0
    assert isinstance(recipe.rate, float)
    assert recipe.widths == (64, 32)
    assert recipe.stages == (Stage(sizes=((32, 64),), weights={"a": 2.0}),)
    assert load_recipe() == Recipe()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dims = 64", r"r\.toml: dims: unknown setting; did you mean dim\?"),
        ("colour = 1", r"r\.toml: colour: unknown setting$"),
        ("[[stages]]\nbatches = 3", r"batches: unknown setting; did you mean batch\?"),
        ("dim = 'wide'", r"r\.toml: dim: 'wide' is not of the kind"),
        ("dim = 64.0", "dim: 64.0 is not of the kind"),
        ("dim = true", "dim: True is not of the kind"),
        ("rate = true", "rate: True is not of the kind"),
        ("widths = [1, 2, 3]", "widths: expected 2 values, not 3"),
        ("dim = 40", "dim: must be a multiple of 32, not 40"),
        ("dim = 0", "dim: must be a multiple of 32, not 0"),
        ("widths = [20, 8]", "widths: must be multiples of 8, not 20"),
        ("blocks = -1", "blocks: must be 0 or more"),
        ("seed = -1", "seed: must be 0 or more"),
        ("rate = nan", "rate: must be 0 or more, not nan"),
        ("clip = 0.0", "clip: must be above 0"),
        ("ema = 1.0", "ema: must be at least 0 and below 1"),
        ("hinted = 1.5", "hinted: must lie in 0…1"),
        ("stages = []", "stages: shares must sum to 1, not 0"),
        ("[[stages]]\nshare = 0.5", "stages: shares must sum to 1, not 0.5"),
        ("[[stages]]\nshare = 0.0", "share: must lie in 0…1"),
        ("[[stages]]\nbatch = 0", "batch: must be at least 1"),
        ("[[stages]]\nsizes = []", "sizes: name at least one"),
        ("[[stages]]\nsizes = [[32, 40]]", "sizes: 32×40: sides must be multiples of 32"),
        ("[[stages]]\nweights = {a = -1}", "weights: a: must be 0 or more"),
        ("dim = ", r"r\.toml: Invalid value"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    file = tmp_path / "r.toml"
    file.write_text(text)
    with pytest.raises(BadConfig, match=message):
        load_recipe(file)


def test_mistakes_in_words_are_named(tmp_path):
    with pytest.raises(BadConfig, match="dims: unknown setting; did you mean dim"):
        load_recipe(overrides=["dims=64"])
    with pytest.raises(BadConfig, match="dim: expected key=value"):
        load_recipe(overrides=["dim"])
    with pytest.raises(BadConfig, match=r"none\.toml: No such file"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfig, match=r"bytes\.toml: "):
        load_recipe(tmp_path / "bytes.toml")


@given(st.floats(0, 1))
def test_stages_follow_each_other(progress):
    first, second = Stage(share=0.25), Stage(share=0.75, batch=3)
    recipe = Recipe(stages=(first, second))
    assert recipe.stage_at(progress) is (first if progress < 0.25 else second)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "budget: give minutes or steps"),
        ({"minutes": 0}, "minutes: must be above 0"),
        ({"minutes": math.nan}, "minutes: must be above 0"),
        ({"steps": 0}, "steps: must be above 0"),
        ({"steps": 1, "save_every": -1}, "save_every: must be 0 or more"),
        ({"steps": 1, "log_every": 0}, "log_every: must be above 0"),
    ],
)
def test_budgets_that_make_no_sense(settings, message):
    with pytest.raises(BadConfig, match=message):
        Budget(**settings)


def test_progress_is_whichever_is_further_on():
    assert Budget(minutes=10, steps=100).progress(50, 60) == 0.5
    assert Budget(minutes=10, steps=100).progress(5, 300) == 0.5
    assert Budget(minutes=10).progress(10**9, 60) == pytest.approx(0.1)
    assert Budget(steps=10).progress(11, 0) == 1
