"""Cards that contradict themselves, are damaged, or hold anything at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.errors import BadModel, ModelError, ModelNotFound
from photochrom.images.read import read_picture
from photochrom.inference.card import ModelCard
from photochrom.inference.pipeline import Colorizer
from single_graph import AB, LOGITS, RAMP, single, write


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"stride": 8, "gives": "rgb"}, "not 'rgb'"),
        ({"gives": "ab"}, "'stride'"),
        ({"gives": "ab", "stride": 0}, "0 pixels"),
        ({"gives": "ab", "input": [256]}, "not a model card"),
        ({"gives": "ab", "input": [256, -1]}, "-1 pixels"),
        ({**AB, "encoder": "other.onnx"}, '"network" alone'),
        ({**AB, "network": None}, '"network" alone'),
        ({**AB, "sha256": None}, "'sha256'"),
        ({**AB, "vividness": [[0, 0, 1, 0], [2, 0.4, 1, 1]]}, "the chroma only"),
        ({**LOGITS, "bins": None}, "'bins'"),
        ({**LOGITS, "bins": [[0, 0], [7, 0], [0, 3]]}, "multiples of the grid"),
        ({**LOGITS, "prior": [0.5, 0.5]}, "3 bins want as many"),
        ({**LOGITS, "prior": [0.5, 0.5, 0]}, "above 0"),
        ({**LOGITS, "prior": [0.5, 0.5, float("inf")]}, "3 bins want as many finite shares"),
        ({**LOGITS, "prior": [0.5, 0.5, float("nan")]}, "3 bins want as many finite shares"),
        ({**LOGITS, "bins": [[0, 0], [10, 0], [0, 1e39]]}, "too far apart for a grid of 10"),
        ({**LOGITS, "bins": [[0, 0], [10, 0], [0, float("nan")]]}, "bins must be finite"),
        ({**LOGITS, "grid": 0.001}, "too far apart for a grid of 0.001"),
        ({**LOGITS, "grid": -10}, "a grid wider than 0"),
        ({**AB, "vividness": []}, "the places of vividness must rise from 0 to 2"),
        ({**AB, "vividness": [[1, 0, 1, 1]]}, "must rise from 0 to 2"),
        ({**AB, "vividness": [[2, 0, 1, 1], [0, 0, 1, 0]]}, "must rise from 0 to 2"),
        ({**AB, "vividness": [[0, 0, 1, 0], [1, 0, 1, 1], [1, 0, 1, 1], [2, 0, 1, 1]]}, "must rise"),
        ({**AB, "vividness": [[0, 0, 1, 0], [float("nan"), 0, 1, 1], [2, 0, 1, 1]]}, "must rise"),
        ({**AB, "vividness": [[0.5, 0, 1, 0], [2, 0, 1, 1]]}, "must rise from 0 to 2"),
        ({**AB, "vividness": [[0, 0, 1, 0], [1.5, 0, 1, 1]]}, "must rise from 0 to 2"),
        ({**AB, "vividness": [[0, 0, 1, 0], [2, 0, 1, 2.5]]}, "chroma: must lie in 0…2"),
        ({**AB, "vividness": [[0, 0, 1, 0], [2, 0, 1, 1, 3]]}, "boost: must lie in 0…2"),
        ({**AB, "vividness": [[0, 0, 1, 0], [2, 0, 1, 1, 0, 2]]}, "balance: must lie in 0…1"),
        (
            {**AB, "vividness": [[0, 0, 1], [2, 0, 1]]},
            "a row of vividness wants place, tau, temperature, chroma",
        ),
        ({**AB, "vividness": [[0, 0, 1, 0], [2, 0, 1, 1, 0.5]]}, "vividness can change the chroma only"),
        ({**AB, "network": "sub/mine.onnx"}, "'sub/mine.onnx' is not the name of a file beside"),
        ({**AB, "network": "sub\\mine.onnx"}, "is not the name of a file beside"),
        ({**AB, "network": "/mine.onnx"}, "is not the name of a file beside"),
        ({**AB, "network": ".."}, "is not the name of a file beside"),
        ({**AB, "network": "mine\0.onnx"}, "is not the name of a file beside"),
        ({**AB, "network": 3}, "3 is not the name of a file beside"),
        ({**AB, "sha256": {"other.onnx": "0"}}, "a checksum for each graph"),
        ({**AB, "sha256": ["mine.onnx"]}, "a checksum for each graph"),
        ({**AB, "stride": 8.5}, "8.5 pixels"),
        ({**AB, "stride": 10**9}, "1000000000 pixels"),
        ({**AB, "stride": float("inf")}, "not a model card"),
        ({**AB, "stride": 300}, "detail 256 is less than one stride of 300"),
        ({**AB, "detail": "large"}, "not a model card"),
        ({**AB, "parameters": float("inf")}, "not a model card"),
        ({**AB, "name": 5}, "5 is not a name"),
        ({**AB, "name": "\ud800"}, "is not a name"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(
    tmp_path: Path, values: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path, single(), **values)
    with pytest.raises(BadModel, match=rf"mine\.json: .*{reason}"):
        ModelCard.load(path)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 10**400, 1e-320, 1e308])
    | st.floats()
    | st.sampled_from(["", "..", "sub/x.onnx", "C:x", "\0", "\ud800", "ab", "logits", "toy.encoder.onnx"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON value: what holds it, and the key or index there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [pair for key in keys for pair in [(value, key), *places_in(value[key])]]


@pytest.fixture(scope="module")
def cards(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One of each kind. Beside them there is room for others."""
    paths = [tmp_path_factory.mktemp(name) for name in ("pair", "logits", "ab")]
    for file in toy.iterdir():
        (paths[0] / file.name).write_bytes(file.read_bytes())
    logits = single(planes=3, gives=("logits",))
    rows = [[0, 0, 1, 0], [1, 0, 1, 1], [2, 0.5, 0.5, 1.2]]
    return [
        paths[0] / "toy.json",
        write(paths[1], logits, **LOGITS, vividness=rows, grid=10, detail=128, parameters=4, bytes=400),
        write(paths[2], single(), **AB, vividness=[[0, 0, 1, 0], [2, 0, 1, 1.5]], takes="lightness"),
    ]


def use(text: str, beside: Path) -> None:
    """Load a card of this text and colour with it, all along the slider."""
    path = beside.with_name("changed.json")
    path.write_text(text, "utf8")
    refused: ModelError | None = None
    try:
        card = ModelCard.load(path)
    except (BadModel, ModelNotFound) as error:
        refused = error
    else:
        rules = [card.rule(place) for place in (0, 1e-300, 0.3, 1, 1.9, 2)]
        try:
            colorizer = Colorizer(path, threads=1, provider="cpu")
            guess = colorizer.guess(read_picture(RAMP[:20, :30]))
            for rule in rules:
                colorizer.chroma(guess, rule)
        except BadModel as error:
            refused = error
    assert refused is None or str(refused).startswith(str(path.parent))


@settings(max_examples=400)
@given(data=st.data())
def test_a_card_is_good_or_refused_whatever_is_written_in_it(cards: list[Path], data: st.DataObject) -> None:
    card = data.draw(st.sampled_from(cards))
    values = json.loads(card.read_text("utf8"))
    for _ in range(data.draw(st.integers(1, 3))):
        if places := places_in(values):
            # Half of all changes are made at the top, which is few among the many numbers.
            top = [pair for pair in places if pair[0] is values]
            holder, key = data.draw(st.sampled_from(top) | st.sampled_from(places))
            if data.draw(st.booleans()):
                holder[key] = data.draw(JUNK)
            else:
                del holder[key]
    use(json.dumps(values), card)


@settings(max_examples=100)
@given(data=st.data())
def test_a_damaged_card_is_good_or_refused(cards: list[Path], data: st.DataObject) -> None:
    card = data.draw(st.sampled_from(cards))
    text = card.read_text("utf8")
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    use(text[:start] + data.draw(st.sampled_from(["", "0", "9", "-", '"', "[[", "NaN"])) + text[stop:], card)


def test_a_card_without_an_end_of_brackets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000, "utf8")
    with pytest.raises(BadModel, match=r"deep\.json: not a model card"):
        ModelCard.load(path)
