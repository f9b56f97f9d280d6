"""Cards, finding models, loading them, and the model that ships."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import BadModel, BadOption, ModelNotFound
from photochrom.inference.card import PLAIN_ANCHORS, ModelCard
from photochrom.inference.pipeline import Colorizer
from photochrom.inference.session import PROVIDERS, available_providers, choose_threads
from photochrom.inference.vividness import ColorRule, rule_at
from photochrom.inference.weights import find_model, list_models


def test_a_card_is_read_whole(toy: Path) -> None:
    card = find_model(toy)
    assert (card.name, card.stride, card.hint_stride, len(card.bins)) == ("toy", 32, 4, 3)
    assert card.rule(1) == ColorRule()
    assert card.graph("encoder") == (toy / "toy.encoder.onnx").read_bytes()
    assert find_model(str(toy / "toy.json")).name == "toy"


@pytest.mark.parametrize("missing", ["encoder", "bins", "prior", "sha256", "stride"])
def test_a_card_without_a_part_is_refused(toy_copy: Path, missing: str) -> None:
    path = toy_copy / "toy.json"
    values = json.loads(path.read_text("utf8"))
    del values[missing]
    path.write_text(json.dumps(values), "utf8")
    with pytest.raises(BadModel, match=rf"toy\.json.*{missing}"):
        ModelCard.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', "\x00"])
def test_what_is_no_card_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text, "utf8")
    with pytest.raises(BadModel, match=r"card\.json"):
        ModelCard.load(path)


def test_a_damaged_graph_is_refused_before_it_runs(toy_copy: Path) -> None:
    graph = toy_copy / "toy.decoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-7])
    with pytest.raises(BadModel, match=r"toy\.decoder\.onnx.*checksum"):
        Colorizer(toy_copy)
    graph.unlink()
    with pytest.raises(BadModel, match=r"toy\.decoder\.onnx"):
        Colorizer(toy_copy)


def test_a_graph_that_is_no_graph_is_refused(toy_copy: Path) -> None:
    import hashlib

    (toy_copy / "toy.encoder.onnx").write_bytes(b"not a graph")
    path = toy_copy / "toy.json"
    values = json.loads(path.read_text("utf8"))
    values["sha256"]["toy.encoder.onnx"] = hashlib.sha256(b"not a graph").hexdigest()
    path.write_text(json.dumps(values), "utf8")
    with pytest.raises(BadModel, match="encoder does not load"):
        Colorizer(toy_copy)


def test_an_unknown_model_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="did you mean flagship"):
        find_model("flagshp")
    with pytest.raises(ModelNotFound):
        find_model(tmp_path / "none.json")
    with pytest.raises(ModelNotFound, match="0 model cards"):
        find_model(tmp_path)


def test_provider_and_threads_are_checked(toy: Path) -> None:
    assert "cpu" in available_providers() and set(available_providers()) <= set(PROVIDERS)
    assert 1 <= choose_threads() <= 8 and choose_threads(3) == 3
    for bad in (0, -1, 1000):
        with pytest.raises(BadOption, match="threads"):
            choose_threads(bad)
    with pytest.raises(BadOption, match="provider"):
        Colorizer(toy, provider="abacus")


@given(v=st.floats(0, 2))
def test_rules_lie_between_their_anchors(v: float) -> None:
    rule = rule_at(v, PLAIN_ANCHORS)
    assert 0 <= rule.tau <= 0.4 and 0 <= rule.chroma <= 1
    assert rule_at(1, PLAIN_ANCHORS) == ColorRule()


@given(a=st.floats(1e-300, 10), b=st.floats(1e-300, 10), v=st.floats(0, 2))
def test_rounding_leads_no_rule_out_of_its_anchors(a: float, b: float, v: float) -> None:
    rule = rule_at(v, [(0.0, ColorRule(temperature=a)), (2.0, ColorRule(temperature=b, chroma=2))])
    assert min(a, b) <= rule.temperature <= max(a, b) and 1 <= rule.chroma <= 2


@pytest.mark.parametrize("bad", [{"tau": -1}, {"temperature": 0}, {"chroma": 3}])
def test_rules_out_of_range_are_named(bad: dict[str, float]) -> None:
    with pytest.raises(BadOption, match=next(iter(bad))):
        ColorRule(**bad)


def test_the_shipped_model_keeps_its_promises() -> None:
    (card,) = list_models()
    assert card.name == "flagship"
    files = [card.path.with_name(name) for name in card.graphs.values()]
    assert sum(file.stat().st_size for file in files) == card.size <= 25_000_000
    assert card.parameters <= 12_000_000
    assert np.isclose(card.prior.sum(), 1, atol=1e-3) and len(card.prior) == len(card.bins)
    for key in ("data", "licences", "limits", "figures", "trained"):
        assert card.about[key], key


def test_the_shipped_model_colours_the_demo_picture() -> None:
    from photochrom.color.srgb import srgb_to_lab
    from photochrom.images.read import read_picture

    colorizer = Colorizer(threads=1, provider="cpu")
    demo = Path(__file__).parents[2] / "examples" / "migrant_mother_1936.jpg"
    picture = read_picture(demo)
    result = colorizer(demo)
    pixels = result.to_array()
    lab = srgb_to_lab(pixels[::4, ::4] / 255)
    assert pixels.shape == (picture.height, picture.width, 3)
    assert np.hypot(lab[..., 1], lab[..., 2]).mean() > 4
    # Skin and sackcloth are warm.
    assert lab[..., 2].mean() > 2
