"""Who colours: words become specs, specs become models and folders of results."""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from photochrom.errors import BadModel, BadOption, ModelNotFound, UnreadableImage
from photochrom.evaluation.contestants import ModelSpec, find_contestants, split_word
from photochrom.evaluation.pictures import find_pictures, named
from photochrom.evaluation.protocol import protocol_named
from photochrom.evaluation.results import ResultsSpec
from photochrom.evaluation.setting import Setting, rules_of
from photochrom.inference import session
from photochrom.inference.card import ModelCard
from photochrom.inference.pipeline import ColorizeOptions, Colorizer


def write_model(folder: Path, name: str, *, warmth: float = 0.5, size: Any = None) -> Path:
    """A card and its graph: a and b are L − 50 times so much, at a quarter of the size."""
    folder.mkdir(exist_ok=True)
    sides = size or ["H", "W"]
    ports = [
        helper.make_tensor_value_info(port, TensorProto.FLOAT, shape)
        for port, shape in (("lightness", [1, 1, *sides]), ("ab", [1, 2, "h", "w"]))
    ]
    weights = [
        numpy_helper.from_array(np.full((2, 1, 1, 1), warmth, np.float32), "kernel"),
        numpy_helper.from_array(np.full(2, -50 * warmth, np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("AveragePool", ["lightness"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["mean", "kernel", "bias"], ["ab"]),
    ]
    graph = helper.make_graph(nodes, "warm", ports[:1], ports[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    (folder / f"{name}.onnx").write_bytes(data)
    card = {
        "format": 1,
        "name": name,
        "network": f"{name}.onnx",
        "sha256": {f"{name}.onnx": hashlib.sha256(data).hexdigest()},
        "gives": "ab",
        "stride": 8,
        "parameters": 4,
        "bytes": len(data),
        **({"input": size} if size else {}),
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(card), "utf8")
    return path


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return write_model(tmp_path / "warm", "warm")


def slider(*places: float) -> Any:
    return lambda card: [Setting(f"vividness {place:g}", card.rule(place), place) for place in places]


def find(photographs: Path, *words: object, settings: Any = None, **others: Any) -> list:
    pictures = named(find_pictures([photographs]), [photographs])
    chosen = settings or slider(1)
    return find_contestants([str(word) for word in words], pictures, settings=chosen, **others)


def test_each_kind_of_word_is_understood(photographs: Path, card: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    Image.new("RGB", (48, 36)).save(theirs / "a.png")
    specs = find(
        photographs, "flagship", card, f"mine={card}", f"folder={card.parent}", theirs, f"b={theirs}"
    )
    assert [spec.name for spec in specs] == ["flagship", "warm", "mine", "folder", "theirs", "b"]
    assert [type(spec) for spec in specs] == [ModelSpec] * 4 + [ResultsSpec] * 2
    assert pickle.loads(pickle.dumps(specs)) == specs


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("flagship", (None, "flagship")),
        ("mine=flagship", ("mine", "flagship")),
        ("two words=a=b", ("two words", "a=b")),
        (" mine = x", ("mine", " x")),
    ],
)
def test_a_word_is_a_name_and_what_it_stands_for(word: str, expected: tuple[str | None, str]) -> None:
    assert split_word(word) == expected


def test_a_path_that_exists_is_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rate=0.1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert split_word("rate=0.1") == (None, "rate=0.1")
    assert split_word("rate=0.2") == ("rate", "0.2")


@pytest.mark.parametrize("word", ["=flagship", "mine=", " =flagship", "a\nb=flagship"])
def test_half_a_word_is_refused(word: str) -> None:
    with pytest.raises(BadOption, match=r"model: .* NAME=WHAT"):
        split_word(word)


def test_a_name_given_twice_is_refused(photographs: Path, card: Path) -> None:
    with pytest.raises(BadOption, match="model: two of them are called 'warm'; call one otherwise"):
        find(photographs, card, card)
    assert len(find(photographs, card, f"again={card}")) == 2


def test_what_is_not_there_is_named(photographs: Path, card: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="did you mean flagship"):
        find(photographs, "flagshp")
    with pytest.raises(ModelNotFound, match=r"none\.json"):
        find(photographs, f"a={tmp_path / 'none.json'}")
    (card.parent / "warm.onnx").write_bytes(b"other")
    (spec,) = find(photographs, card)
    with pytest.raises(BadModel, match=r"warm\.onnx: checksum"):
        spec.open(1)


@pytest.mark.parametrize("pictures", [False, True])
def test_a_model_that_is_not_whole_is_no_folder_of_results(
    photographs: Path, card: Path, pictures: bool
) -> None:
    """A card alone, then a broken one, with or without an example picture beside it."""
    folder = card.parent
    (folder / "warm.onnx").unlink()
    if pictures:
        Image.new("RGB", (48, 36)).save(folder / "a.png")
    (spec,) = find(photographs, folder)
    with pytest.raises(BadModel, match=r"warm\.onnx: No such file"):
        spec.open(1)
    whole = card.read_text("utf8")
    card.write_text(whole[:-30], "utf8")
    with pytest.raises(BadModel, match=r"warm\.json: not a model card: (Expecting|Unterminated)"):
        find(photographs, folder)
    card.write_text(whole.replace('"stride"', '"strides"'), "utf8")
    with pytest.raises(BadModel, match=r"warm\.json: not a model card: 'stride' is missing"):
        find(photographs, folder)


def test_a_folder_of_json_and_no_pictures_is_told_what_a_card_lacks(
    photographs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.json").write_text("{}", "utf8")
    with pytest.raises(BadModel, match=r"mine\.json: not a model card: 'format' is missing"):
        find(photographs, folder)
    (folder / "mine.json").unlink()
    with pytest.raises(UnreadableImage, match="holds no pictures"):
        find(photographs, folder)


def test_results_may_have_their_own_json_beside_them(photographs: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "more").mkdir(parents=True)
    Image.new("RGB", (48, 36)).save(theirs / "more" / "e.png")
    (theirs / "options.json").write_text('{"format": "png", "network": "unet", "psnr": NaN', "utf8")
    (spec,) = find(photographs, theirs)
    assert isinstance(spec, ResultsSpec)
    assert [len(results) for results in spec.matches.values()] == [1]


def test_the_caller_may_know_more_kinds(photographs: Path, card: Path) -> None:
    known = {"run": card}
    specs = find(photographs, "run", "mine=run", resolve=lambda what: known.get(what, what))
    assert [(spec.name, spec.model) for spec in specs] == [("warm", card), ("mine", card)]


@pytest.mark.parametrize("protocol", ["crop256", "native"])
def test_a_model_colours_as_it_does_elsewhere(photographs: Path, card: Path, protocol: str) -> None:
    (spec,) = find(photographs, card, settings=slider(0.5, 1.5))
    model, colorizer = spec.open(1), Colorizer(card, threads=1)
    assert model.rows == ("warm, vividness 0.5", "warm, vividness 1.5")
    for file in find_pictures([photographs]):
        scene = protocol_named(protocol).prepare(file)
        pictures = model.color(file, scene)
        assert tuple(pictures) == model.rows
        for place, picture in zip((0.5, 1.5), pictures.values(), strict=True):
            expected = colorizer(scene.source, options=ColorizeOptions(vividness=place)).to_array()
            np.testing.assert_array_equal(picture.rgb, expected)
            assert picture.rgb.shape == scene.truth.rgb.shape


def test_a_single_setting_needs_no_name_in_the_row(photographs: Path, card: Path) -> None:
    (spec,) = find(photographs, f"mine={card}")
    model = spec.open(1)
    assert (model.name, model.kind, model.rows) == ("mine", "model", ("mine",))
    assert model.settings == spec.settings
    assert model.colorizer.card.name == "warm"


def test_a_report_hears_what_a_model_is(photographs: Path, card: Path) -> None:
    (spec,) = find(photographs, card)
    about = spec.open(1).about
    assert json.loads(json.dumps(about)) == about
    assert about["parameters"] == 4
    assert about["bytes"] == (card.parent / "warm.onnx").stat().st_size
    assert about["sha256"] == dict(ModelCard.load(card).sha256)
    assert about["card"] == hashlib.sha256(card.read_bytes()).hexdigest()
    assert about["detail"] == 256


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_figures_do_not_depend_on_the_graphics_card(
    photographs: Path, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = photographs / "a.png"
    (spec,) = find(photographs, card)
    without = spec.open(1)
    started = []
    real = session.onnxruntime.InferenceSession

    def start(*arguments: Any, providers: list[str], **others: Any) -> Any:
        started.append(providers)
        return real(*arguments, providers=providers, **others)

    monkeypatch.setattr(session, "available_providers", lambda: ["cuda", "cpu"])
    monkeypatch.setattr(session.onnxruntime, "InferenceSession", start)
    model = spec.open(1)
    assert started == [["CPUExecutionProvider"]]
    assert (model.about["provider"], model.key_of(file)) == ("cpu", without.key_of(file))
    with pytest.raises(BadOption, match="provider: 'cuda'"):
        replace(spec, provider="cuda").open(1)


def test_a_key_follows_all_that_decides_the_colours(photographs: Path, card: Path, tmp_path: Path) -> None:
    file = photographs / "a.png"

    def key(*words: object, **others: Any) -> str:
        (spec,) = find(photographs, *words, **others)
        return spec.open(1).key_of(file)

    keys = [
        key(card),
        key(f"mine={card}"),
        key(card, settings=slider(0.5)),
        key(card, settings=slider(0.5, 1)),
        key(card, detail=128),
        key(write_model(tmp_path / "other", "warm", warmth=0.6)),
    ]
    assert len(set(keys)) == len(keys)
    assert key(card) == keys[0]


def test_what_a_model_cannot_do_is_refused_when_it_is_opened(photographs: Path, tmp_path: Path) -> None:
    fixed = write_model(tmp_path / "fixed", "fixed", size=[64, 64])
    (spec,) = find(photographs, fixed, detail=128)
    with pytest.raises(BadOption, match="detail: fixed looks at 64×64 alone"):
        spec.open(1)
    (spec,) = find(photographs, fixed, settings=lambda _: rules_of((0.3,), (1.0,)))
    with pytest.raises(BadOption, match="fixed gives ab"):
        spec.open(1)


def test_a_picture_at_fault_is_named(photographs: Path, card: Path) -> None:
    (spec,) = find(photographs, card)
    file = photographs / "a.png"
    scene = protocol_named("native").prepare(file)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(UnreadableImage, match=r"a\.png"):
        spec.open(1).color(file, scene)
