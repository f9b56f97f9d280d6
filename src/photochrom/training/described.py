"""Recipes in words: which there are, and each as a TOML file in which every setting says what it is."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from photochrom.networks import NETWORKS
from photochrom.networks.adversarial import GAMES, PENALTIES
from photochrom.networks.critics import CRITICS
from photochrom.networks.losses import LOSSES
from photochrom.training.config import ADVERSARIAL, CONFIGS, Recipe, load_recipe

WIDTH = 100
# Settings that name rows of a table.
NAMES: dict[str, Iterable[str]] = {
    "network": NETWORKS,
    "losses": (*LOSSES, ADVERSARIAL),
    "adversarial": GAMES,
    "critic": CRITICS,
    "penalties": PENALTIES,
}


def recipes() -> dict[str, tuple[str, str]]:
    """Recipes that come with Photochrom: name → (network, what its file says of it first)."""
    found: dict[str, tuple[str, str]] = {}
    for folder in CONFIGS:
        for file in sorted(folder.glob("*.toml")):
            # flagship.card.toml and the like are no recipes.
            if "." not in file.stem and file.stem not in found:
                found[file.stem] = (load_recipe(file).network, _opening(file))
    return found


def as_toml(recipe: Recipe) -> str:
    """The whole recipe as a file that `--recipe` takes; settings without a value are commented out."""
    row = NETWORKS[recipe.network]
    about = inspect.getdoc(row.build) or ""
    lines = [f"# {row.summary}", f"# {row.source}", *_commented(about), ""]
    tables = {"sampling": [recipe.sampling], "stages": recipe.stages}
    lines += _settings(recipe, left_out=tables)
    lines += ["", "[sampling]", *_settings(recipe.sampling)]
    for i, stage in enumerate(recipe.stages):
        lines += ["", "[[stages]]", *_settings(stage, told=i == 0)]
    return "\n".join(lines) + "\n"


def _settings(holder: Any, *, left_out: Mapping[str, Any] = {}, told: bool = True) -> Iterator[str]:
    """key = value for each field, under what its docstring says."""
    said = _docstrings(type(holder))
    for field in dataclasses.fields(holder):
        if field.name in left_out:
            continue
        if told:
            yield from _commented(said[field.name])
            if field.name in NAMES:
                yield from _commented(f"There are: {', '.join(NAMES[field.name])}.")
        value = getattr(holder, field.name)
        yield f"# {field.name} =" if value is None else f"{field.name} = {_toml(value)}"


def _docstrings(kind: type) -> dict[str, str]:
    """Field → the string below it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        ast.unparse(field.target): inspect.cleandoc(below.value.value)
        for field, below in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _commented(text: str) -> list[str]:
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return [f"# {line}" for part in paragraphs for line in textwrap.wrap(part, WIDTH)]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_toml(part)}" for key, part in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else json.dumps(name, ensure_ascii=False)


def _opening(file: Path) -> str:
    """The first sentence of the comment that a file begins with."""
    lines = []
    for line in file.read_text("utf8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    sentence, stop, _ = " ".join(lines).partition(". ")
    return sentence + "." if stop else sentence
