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
from photochrom.networks import NETWORKS
from photochrom.training.config import Recipe, Sampling, Stage, load_recipe, recipe_file, to_values
from photochrom.training.loop import Budget, Machine
from photochrom.training.run import build
from photochrom.training.values import from_values

CONFIGS = Path(__file__).parents[2] / "configs"
# What a model's card says lies beside its recipe as NAME.card.toml.
RECIPES = sorted(file for file in CONFIGS.glob("*.toml") if not file.stem.endswith(".card"))
# The least that a recipe can say, for mistakes to be made in.
LEAST = 'network = "flagship"\nlosses = {cross_entropy = 1}\n'


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_parses(file):
    recipe = load_recipe(file)
    assert from_values(Recipe, json.loads(json.dumps(to_values(recipe)))) == recipe


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_its_recipe(name):
    recipe = load_recipe(recipe_file(name))
    assert recipe.network == name
    system = build(recipe)
    for stage in recipe.stages:
        assert not any(side % system.multiple for size in stage.sizes for side in size)


def test_recipes_that_are_not_there():
    with pytest.raises(BadConfig, match=r"recipe: 'pix2pics' is not one of .*; did you mean pix2pix\?"):
        recipe_file("pix2pics")


def field_help(kind):
    """Field → the docstring below it."""
    body = ast.parse(inspect.getsource(kind)).body[0].body
    return {
        line.target.id: after.value.value
        for line, after in itertools.pairwise(body)
        if isinstance(line, ast.AnnAssign) and isinstance(after, ast.Expr)
    }


@pytest.mark.parametrize("kind", [Recipe, Stage, Sampling, Budget, Machine])
def test_every_setting_has_its_help(kind):
    assert set(field_help(kind)) == {field.name for field in dataclasses.fields(kind)}


def test_files_then_words(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        LEAST + "rate = 1\nbetas = [0, 0.9]\noptions = {dim = 64, widths = [64, 32]}\n"
        "[[stages]]\nsizes = [[32, 64]]\nweights = {a = 2}\n"
    )
    words = ["options.dim=96", "backbone=/a/b.pth", 'network="flagship"', "losses.rebalanced=0.5"]
    recipe = load_recipe(file, overrides=words)
    assert recipe.options == {"dim": 96, "widths": [64, 32]}
    assert recipe.losses == {"cross_entropy": 1.0, "rebalanced": 0.5}
    assert recipe.backbone == "/a/b.pth"
    assert recipe.rate == 1.0
    assert isinstance(recipe.rate, float)
    assert recipe.betas == (0.0, 0.9)
    assert build(recipe).decoder.merge.out_channels == 96
    assert recipe.stages == (Stage(sizes=((32, 64),), weights={"a": 2.0}),)
    least = load_recipe(overrides=["network=flagship", "losses.cross_entropy=1"])
    assert least == Recipe(network="flagship", losses={"cross_entropy": 1.0})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rates = 64", r"r\.toml: rates: unknown setting; did you mean rate\?"),
        ("colour = 1", r"r\.toml: colour: unknown setting$"),
        ("[[stages]]\nbatches = 3", r"batches: unknown setting; did you mean batch\?"),
        ("options = {dims = 64}", r"r\.toml: options\.dims: unknown option; did you mean dim\?"),
        ("options = {dim = 'wide'}", r"r\.toml: options\.dim: 'wide' is not of the kind"),
        ("options = {dim = 64.0}", r"options\.dim: 64.0 is not of the kind"),
        ("options = {dim = true}", r"options\.dim: True is not of the kind"),
        ("options = {widths = [1, 2, 3]}", r"options\.widths: expected 2 values, not 3"),
        ("critic_options = {filter = 8}", r"options\.filter: unknown option; did you mean filters\?"),
        ("rate = true", "rate: True is not of the kind"),
        ("encoder_rate = -1", "encoder_rate: must be 0 or more"),
        ("adversarial = 'vanila'", r"adversarial: 'vanila' is not one of .*; did you mean vanilla\?"),
        ("critic = 'patchgen'", r"critic: 'patchgen' is not one of .*; did you mean patchgan\?"),
        ("critic_turns = 0", "critic_turns: must be at least 1"),
        ("critic_init = 'normals'", r"critic_init: 'normals' is not one of .*; did you mean normal\?"),
        ("detail = 8", "detail: must be at least 16"),
        ("penalties = {gradients = 1}", r"penalties: 'gradients' is not one of .*; did you mean gradient\?"),
        ("penalties = {r1 = -1}", "penalties: r1: must be 0 or more"),
        ("optimizer = 'sgd'", "optimizer: 'sgd' is not one of adam, adamw"),
        ("schedule = 'cosin'", r"schedule: .*; did you mean cosine\?"),
        ("init = 'zero'", "init: 'zero' is not one of default, normal"),
        ("betas = [0.5, 1.0]", "betas: must be at least 0 and below 1"),
        ("sampling = {framing = 'squish'}", r"framing: 'squish' is not one of .*; did you mean squash\?"),
        ("seed = -1", "seed: must be 0 or more"),
        ("rate = nan", "rate: must be 0 or more, not nan"),
        ("clip = -1.0", "clip: must be 0 or more"),
        ("ema = 1.0", "ema: must be at least 0 and below 1"),
        ("sampling = {hinted = 1.5}", "hinted: must lie in 0…1"),
        ("stages = []", "stages: shares must sum to 1, not 0"),
        ("[[stages]]\nshare = 0.5", "stages: shares must sum to 1, not 0.5"),
        ("[[stages]]\nshare = 0.0", "share: must lie in 0…1"),
        ("[[stages]]\nbatch = 0", "batch: must be at least 1"),
        ("[[stages]]\nsizes = []", "sizes: name at least one"),
        ("[[stages]]\nsizes = [[32, 42]]", "sizes: 32×42: sides must be multiples of 8"),
        ("[[stages]]\nweights = {a = -1}", "weights: a: must be 0 or more"),
        ("[[stages]]\nlosses = {l3 = 1}", "losses: 'l3' is not one of l1"),
        ("[[stages]]\nlosses = {l1 = -1}", "losses: l1: must be 0 or more"),
        ("[[stages]]\nrate = -1", "rate: must be 0 or more"),
        ("rate = ", r"r\.toml: Invalid value"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    file = tmp_path / "r.toml"
    file.write_text(LEAST + text)
    with pytest.raises(BadConfig, match=message):
        load_recipe(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('losses = {l1 = 1}', "network: must be set"),
        ('network = "flagship"', "losses: must be set"),
        ('network = "flagship"\nlosses = {}', "losses: name at least one that validation can measure"),
        ('network = "flagship"\nlosses = {adversarial = 1}', "losses: name at least one that validation"),
        ('network = "flagshop"\nlosses = {l1 = 1}', r"network: .*; did you mean flagship\?"),
    ],
)  # fmt: skip
def test_what_a_recipe_cannot_do_without(tmp_path, text, message):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(BadConfig, match=message):
        load_recipe(tmp_path / "r.toml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 40}, "dim: must be a multiple of 32, not 40"),
        ({"dim": 0}, "dim: must be a multiple of 32, not 0"),
        ({"widths": [20, 8]}, "widths: must be multiples of 8, not 20"),
        ({"blocks": -1}, "blocks: must be 0 or more"),
    ],
)
def test_options_out_of_range_are_named_by_the_network(options, message):
    with pytest.raises(BadConfig, match=message):
        build(Recipe(network="flagship", losses={"cross_entropy": 1.0}, options=options))


def test_mistakes_in_words_are_named(tmp_path):
    with pytest.raises(BadConfig, match="rates: unknown setting; did you mean rate"):
        load_recipe(overrides=["rates=64"])
    with pytest.raises(BadConfig, match="rate: expected key=value"):
        load_recipe(overrides=["rate"])
    with pytest.raises(BadConfig, match=r"rate\.x: rate is no table that this could reach into"):
        load_recipe(overrides=["rate=1", "rate.x=1"])
    with pytest.raises(BadConfig, match=r"none\.toml: No such file"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfig, match=r"bytes\.toml: "):
        load_recipe(tmp_path / "bytes.toml")


@given(st.floats(0, 1))
def test_stages_follow_each_other(progress):
    first, second = Stage(share=0.25), Stage(share=0.75, batch=3)
    recipe = Recipe(network="flagship", losses={"cross_entropy": 1.0}, stages=(first, second))
    assert recipe.stage_at(progress) is (first if progress < 0.25 else second)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "budget: give epochs, minutes or steps"),
        ({"minutes": 0}, "minutes: must be above 0"),
        ({"minutes": math.nan}, "minutes: must be above 0"),
        ({"steps": 0}, "steps: must be above 0"),
        ({"steps": 1, "save_every": -1}, "save_every: must be 0 or more"),
        ({"steps": 1, "log_every": 0}, "log_every: must be above 0"),
        ({"epochs": 0}, "epochs: must be above 0"),
        ({"steps": 1, "looks": 0}, "looks: must be above 0"),
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
    assert Budget(steps=100, epochs=4).progress(50, 0, 3) == 0.75
