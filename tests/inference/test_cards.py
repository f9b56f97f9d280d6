"""Cards of one graph: any ONNX file that leads from lightness to colour."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from photochrom.errors import BadModel, BadOption
from photochrom.images.read import read_picture
from photochrom.inference.card import PLAIN_ANCHORS, PLAIN_ANCHORS_AB, ModelCard
from photochrom.inference.pipeline import ColorizeOptions, Colorizer
from photochrom.inference.vividness import ColorRule
from single_graph import (
    AB,
    BINS,
    LOGITS,
    RAMP,
    channels_last,
    colorizer_of,
    single,
    three_of_four,
    write,
)


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_ab_of_any_whole_fraction_becomes_colour(tmp_path: Path, shrink: int) -> None:
    colorizer = colorizer_of(tmp_path, single(shrink=shrink), **AB)
    guess = colorizer.guess(read_picture(RAMP))
    assert guess.logits is None
    seen = guess.lightness
    mean = seen.reshape(seen.shape[0] // shrink, shrink, seen.shape[1] // shrink, shrink).mean(axis=(1, 3))
    np.testing.assert_allclose(guess.ab, np.stack([0.4 * (mean - 50), 0.8 * (mean - 50)]), atol=1e-3)
    chroma = colorizer.chroma(guess, ColorRule())
    inside = np.abs(mean - 50) < 20  # where nothing had to be fitted to the gamut
    np.testing.assert_allclose(chroma[:, inside], guess.ab[:, inside], atol=1e-3)
    pixels = colorizer(RAMP).to_array().astype(int)
    assert pixels.shape == (200, 300, 3)
    assert (pixels[:, -40:, 0] > pixels[:, -40:, 2] + 10).all()
    assert (pixels[:, :40, 2] > pixels[:, :40, 0] + 10).all()


def test_vividness_of_ab_scales_its_chroma(tmp_path: Path) -> None:
    colorizer = colorizer_of(tmp_path, single(), **AB)
    assert colorizer.card.anchors == PLAIN_ANCHORS_AB
    gray = colorizer(RAMP, options=ColorizeOptions(vividness=0)).to_array()
    np.testing.assert_array_equal(gray, np.repeat(RAMP[..., None], 3, axis=-1))
    guess = colorizer.guess(read_picture(RAMP))
    once, vivid = (colorizer.chroma(guess, colorizer.card.rule(place)) for place in (1, 2))
    middle = np.abs(once[0]) < 3
    np.testing.assert_allclose(vivid[:, middle], 1.5 * once[:, middle], atol=1e-3)


@pytest.mark.parametrize("rule", [ColorRule(tau=0.3), ColorRule(temperature=0.5)])
def test_ab_has_no_probabilities_to_choose_by(tmp_path: Path, rule: ColorRule) -> None:
    colorizer = colorizer_of(tmp_path, single(), **AB)
    guess = colorizer.guess(read_picture(RAMP))
    with pytest.raises(BadOption, match="mine gives ab"):
        colorizer.chroma(guess, rule)


def test_a_pair_in_one_graph_colours_as_the_pair_does(toy: Path, tmp_path: Path) -> None:
    """The toy's two graphs joined, its hints and wishes made constants."""
    first, second = (onnx.load(toy / f"toy.{part}.onnx") for part in ("encoder", "decoder"))
    joined = onnx.compose.merge_models(first, second, [("s4", "s4")])
    blank = [
        numpy_helper.from_array(np.zeros(shape, np.float32), name)
        for name, shape in (("hints", (1, 3, 1, 1)), ("wishes", (1, 6)))
    ]
    joined.graph.initializer.extend(blank)
    kept = [port for port in joined.graph.input if port.name == "lightness"]
    del joined.graph.input[:]
    joined.graph.input.extend(kept)
    values = json.loads((toy / "toy.json").read_text("utf8"))
    told = {key: values[key] for key in ("stride", "bins", "prior", "vividness", "detail")}
    one = colorizer_of(tmp_path, joined, **told)
    two = Colorizer(toy, threads=1, provider="cpu")
    for vividness in (0.5, 1, 1.7):
        options = ColorizeOptions(vividness=vividness)
        assert one(RAMP, options=options).encode(".png") == two(RAMP, options=options).encode(".png")


@settings(max_examples=12)
@given(height=st.integers(1, 90), width=st.integers(1, 300))
def test_one_size_fits_every_picture(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int
) -> None:
    folder = tmp_path_factory.mktemp("fixed")
    colorizer = colorizer_of(folder, single(shape=(1, 1, 64, 96)), gives="ab", input=[64, 96])
    pixels = np.random.default_rng((height, width)).integers(0, 256, (height, width), dtype=np.uint8)
    guess = colorizer.guess(read_picture(pixels))
    assert guess.lightness.shape == (64, 96)
    assert guess.ab is not None and guess.ab.shape == (2, 16, 24)
    assert colorizer(pixels).to_array().shape == (height, width, 3)


def test_a_look_of_one_size_cannot_be_told_another(tmp_path: Path) -> None:
    colorizer = colorizer_of(tmp_path, single(shape=(1, 1, 64, 96)), gives="ab", input=[64, 96])
    assert colorizer.card.detail == 64
    with pytest.raises(BadOption, match="detail: mine looks at 96×64 alone"):
        colorizer(RAMP, options=ColorizeOptions(detail=200))


def test_the_names_of_its_ports_may_be_its_own(tmp_path: Path) -> None:
    colorizer = colorizer_of(tmp_path, single(takes="data_l", gives=("class8_ab",)), takes="data_l", **AB)
    assert colorizer(RAMP).to_array().shape == (200, 300, 3)
    several = colorizer_of(tmp_path, single(gives=("large", "ab", "small")), **AB)
    guess = several.guess(read_picture(RAMP))
    assert guess.ab is not None
    np.testing.assert_allclose(guess.ab[0].max(), 0.2 * (guess.lightness[:, -4:].mean() - 50), rtol=1e-2)


def test_what_a_card_need_not_say(tmp_path: Path) -> None:
    card = ModelCard.load(write(tmp_path, single(), **AB))
    assert (card.parameters, card.size, card.takes, card.input) == (0, 0, "lightness", None)
    assert (card.takes_hints, card.gives, card.planes, card.detail) == (False, "ab", 2, 256)
    card = ModelCard.load(write(tmp_path, single(planes=3, gives=("logits",)), **LOGITS, licence="mine"))
    assert (card.takes_hints, card.gives, card.planes) == (False, "logits", 3)
    assert card.anchors == PLAIN_ANCHORS
    assert card.about == {"licence": "mine"}


def test_bins_may_be_finer_than_ours(tmp_path: Path) -> None:
    values = {**LOGITS, "bins": [[0, 0], [5, -5], [2.5, 0]], "grid": 2.5}
    card = ModelCard.load(write(tmp_path, single(planes=3, gives=("logits",)), **values))
    assert card.bins is not None and card.bins.grid == 2.5


@pytest.mark.parametrize(
    ("model", "values", "reason"),
    [
        (single(takes="x"), AB, "the network takes x, where lightness would be fed"),
        (single(), {**AB, "takes": "x"}, "the network takes lightness, where x would be fed"),
        (single(shape=(1, 3, "H", "W")), AB, r"has lightness of shape 1×3×\?×\?, .* wants 1×1×\?×\?"),
        (single(shape=(2, 1, "H", "W")), AB, r"has lightness of shape 2×1×\?×\?"),
        (single(shape=(1, 1, 64, 64)), AB, r'takes 1×1×64×64 alone: "input": \[height, width\]'),
        (single(shape=(1, 1, 64, 96)), {"gives": "ab", "input": [96, 64]}, "wants 1×1×96×64"),
        (single(gives=("x", "y")), AB, "gives x, y, and no ab"),
        (single(planes=4, gives=("logits",)), LOGITS, r"has logits of shape 1×4×\?×\?, .* wants 1×3×\?×\?"),
        (single(planes=3), AB, r"has ab of shape 1×3×\?×\?"),
    ],
)
def test_a_card_that_contradicts_its_graph_is_refused_on_loading(
    tmp_path: Path, model: onnx.ModelProto, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadModel, match=rf"mine\.json: .*{reason}"):
        colorizer_of(tmp_path, model, **values)


@pytest.mark.parametrize(
    ("model", "values", "reason"),
    [
        (three_of_four(), AB, "gives 3×64×96 for 256×384, not 2 planes"),
        (
            three_of_four(),
            {**LOGITS, "bins": BINS[:2], "prior": [0.5, 0.5]},
            "gives 3×64×96 .*, not 2 planes",
        ),
        (channels_last(), AB, "gives 64×96×2 for 256×384"),
        (single(shrink=3), AB, "gives 2×85×128 for 256×384, not .* whole fraction"),
        (single(shrink=200), AB, "gives 2×1×1 for 256×384, not .* whole fraction"),
    ],
)
def test_an_answer_that_the_card_does_not_promise_is_refused(
    tmp_path: Path, model: onnx.ModelProto, values: dict[str, Any], reason: str
) -> None:
    colorizer = colorizer_of(tmp_path, model, **{**values, "stride": 4})
    with pytest.raises(BadModel, match=rf"mine\.json: .*{reason}"):
        colorizer(RAMP)


def test_colours_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    model = single()
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.full(2, np.nan, np.float32), "bias"))
    with pytest.raises(BadModel, match=r"mine\.json: .*no numbers"):
        colorizer_of(tmp_path, model, **AB)(RAMP)


def test_a_graph_that_was_replaced_is_refused(tmp_path: Path) -> None:
    card = write(tmp_path, single(), **AB)
    (tmp_path / "mine.onnx").write_bytes(single(shrink=2).SerializeToString())
    with pytest.raises(BadModel, match=r"mine\.onnx: checksum"):
        Colorizer(card)


def test_a_pair_whose_graphs_do_not_meet_is_refused(toy_copy: Path) -> None:
    path = toy_copy / "toy.json"
    values = json.loads(path.read_text("utf8"))
    path.write_text(json.dumps({**values, "bins": BINS[:2], "prior": [0.5, 0.5]}), "utf8")
    with pytest.raises(
        BadModel, match=r"toy\.json: the decoder has logits of shape 1×3×\?×\?, .* wants 1×2×"
    ):
        Colorizer(toy_copy)
    swapped = {"encoder": values["decoder"], "decoder": values["encoder"]}
    path.write_text(json.dumps({**values, **swapped}), "utf8")
    with pytest.raises(BadModel, match=r"toy\.json: the encoder takes hints, s4, wishes, where lightness"):
        Colorizer(toy_copy)
    path.write_text(json.dumps({**values, "gives": "ab"}), "utf8")
    with pytest.raises(BadModel, match="a decoder gives logits"):
        Colorizer(toy_copy)


def test_one_graph_takes_no_hints(tmp_path: Path) -> None:
    colorizer = colorizer_of(tmp_path, single(), **AB)
    guess = colorizer.guess(read_picture(RAMP))
    with pytest.raises(BadOption, match="hints: mine takes none"):
        colorizer.hinted(guess, np.zeros((3, *guess.lightness.shape), np.float32))


def test_the_card_in_the_docs_is_written_as_they_say_and_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf8")
    _, _, below = page.partition("### A card for a network of one's own")
    code = below.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    Path("mine.onnx").write_bytes(single(takes="gray").SerializeToString())
    exec(compile(code, "models.md", "exec"), {})
    colorizer = Colorizer("mine.json", threads=1, provider="cpu")
    assert colorizer.card.name == "mine"
    assert np.ptp(colorizer(RAMP).to_array().astype(int), axis=-1).max() > 30


def test_the_docs_name_every_key_of_a_card(toy: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf8")
    _, _, table = page.partition("## Cards")
    known = {
        *json.loads((toy / "toy.json").read_text("utf8")),
        *AB,
        *LOGITS,
        "network",
        "takes",
        "input",
        "grid",
    }
    assert [key for key in sorted(known) if f"`{key}`" not in table] == []
