"""From a checkpoint to two graphs and a card."""

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import photochrom
from photochrom.errors import BadConfig, TrainingError
from photochrom.inference.card import ModelCard
from photochrom.inference.network import load_network
from photochrom.networks.flagship import Features
from photochrom.training import checkpoint, graphs
from photochrom.training import export as exporter
from photochrom.training.config import Recipe, Stage
from photochrom.training.loop import Budget, Machine, train
from photochrom.training.run import build
from photochrom.training.values import from_values

PARTS = ("encoder", "decoder", "blend")


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("model")
    return exporter.export(trained, out, name="tiny", about={"summary": "Random.", "detail": 192})


@pytest.fixture(scope="module")
def network(trained):
    state = checkpoint.load(trained)
    network = build(from_values(Recipe, state["recipe"]))
    network.load_state_dict(state["average"])
    return network.eval()


@pytest.fixture(scope="module")
def sessions(exported):
    files = [exported.card.with_name(f"tiny.{part}.onnx") for part in ("encoder", "decoder")]
    return [onnxruntime.InferenceSession(str(f), providers=["CPUExecutionProvider"]) for f in files]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("size", [(32, 32), (96, 160), (224, 64)])
def test_the_graphs_agree_with_torch(exported, network, sessions, size, count):
    height, width = size
    generator = torch.Generator().manual_seed(1)
    lightness = torch.rand((count, 1, height, width), generator=generator) * 100
    hints = torch.rand((count, 3, height // 4, width // 4), generator=generator)
    hints = hints * torch.tensor([60.0, -60.0, 1.0]).view(1, 3, 1, 1)
    wishes = torch.rand((count, len(ModelCard.load(exported.card).bins) + 3), generator=generator)
    with torch.no_grad():
        there = network(lightness, hints, wishes).numpy()
    features = sessions[0].run(None, {"lightness": lightness.numpy()})
    feed = dict(zip(Features._fields, features[:-1], strict=True))
    here = sessions[1].run(["logits"], {**feed, "hints": hints.numpy(), "wishes": wishes.numpy()})[0]
    assert here.shape == there.shape == (count, 309, height // 4, width // 4)
    # The stated figure is for its own pictures; others may round a little worse.
    assert np.abs(here - there).max() < max(3 * exported.worst, 0.01)
    assert there.std() > 10 * exported.worst


def test_what_is_stated_is_what_was_found(exported, network):
    assert 0 < exported.worst < exporter.MOST_DIFFERENCE
    assert graphs.difference(network, exported.card) == exported.worst
    card = json.loads(exported.card.read_text("utf8"))
    assert card["worst_difference"] == pytest.approx(exported.worst, abs=1e-5)


def test_the_card_loads_and_says_what_it_is(exported, network):
    card = ModelCard.load(exported.card)
    assert card.name == "tiny"
    assert card.summary == "Random."
    assert card.detail == 192
    assert card.stride == 32
    assert card.hint_stride == 4
    assert card.parameters == sum(p.numel() for p in network.parameters())
    assert len(card.bins) == 309
    assert card.prior.shape == (309,)
    assert card.prior.sum() == pytest.approx(1, abs=1e-3)
    assert card.prior[-1] / card.prior[0] > 30
    for part in PARTS:
        assert hashlib.sha256(card.graph(part)).hexdigest() == card.sha256[f"tiny.{part}.onnx"]
    files = [exported.card.with_name(name) for name in card.sha256]
    assert exported.bytes == card.size == sum(file.stat().st_size for file in files)
    assert card.about["trained"]["steps"] == 70
    assert card.about["trained"]["hours"] == 1.5
    load_network(card, threads=1, provider="cpu")


def test_nothing_private_gets_out(exported):
    for file in exported.card.parent.iterdir():
        assert b"somewhere" not in file.read_bytes()
    assert json.loads(exported.card.read_text("utf8"))["trained"]["recipe"]["backbone"] == "lite2.pth"


def test_only_the_model_is_left_in_the_folder(exported):
    names = {file.name for file in exported.card.parent.iterdir()}
    assert names == {"tiny.encoder.onnx", "tiny.decoder.onnx", "tiny.blend.onnx", "tiny.json"}


def test_large_weights_are_stored_in_half(exported):
    for part in PARTS:
        graph = onnx.load(exported.card.with_name(f"tiny.{part}.onnx")).graph
        kinds = {weight.data_type for weight in graph.initializer if np.prod(weight.dims) >= 1024}
        assert kinds == {onnx.TensorProto.FLOAT16}
        # Height and width are free; nothing pads at run time, and normalisation is folded.
        operations = {node.op_type for node in graph.node}
        assert "BatchNormalization" not in operations
        free = [dim.dim_param for dim in graph.input[0].type.tensor_type.shape.dim if dim.dim_param]
        assert len(free) == 3


def test_the_largest_weights_may_be_stored_in_bytes(trained, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(graphs, "SMALLEST_BYTES", 2048)
    small = exporter.export(trained, tmp_path, name="tiny", in_bytes=True)
    assert small.bytes < 0.65 * exported.bytes
    assert exported.worst < small.worst < exporter.MOST_DIFFERENCE_IN_BYTES
    for part in PARTS:
        weights = onnx.load(tmp_path / f"tiny.{part}.onnx").graph.initializer
        kinds = {weight.data_type for weight in weights if np.prod(weight.dims) >= 2048}
        assert onnx.TensorProto.INT8 in kinds
        assert {weight.name for weight in weights if weight.data_type == onnx.TensorProto.FLOAT16} >= (
            {"decoder.head.weight.half"} if part == "decoder" else set()
        )
    load_network(ModelCard.load(small.card), threads=1, provider="cpu")


def test_a_temperature_divides_the_logits(trained, exported, tmp_path):
    cards = [exported.card, exporter.export(trained, tmp_path, name="tiny", temperature=1.25).card]
    networks = [load_network(ModelCard.load(card), threads=1, provider="cpu") for card in cards]
    lightness = np.random.default_rng(2).uniform(0, 100, (64, 96)).astype(np.float32)
    plain, softer = (network.decode(network.encode(lightness)) for network in networks)
    assert np.ptp(plain) > 1
    np.testing.assert_allclose(softer * 1.25, plain, atol=0.01)
    assert ModelCard.load(cards[1]).about["temperature"] == 1.25


def test_the_same_checkpoint_gives_the_same_files(trained, exported, tmp_path):
    about = {"summary": "Random.", "detail": 192}
    again = exporter.export(trained, tmp_path, name="tiny", about=about)
    for file in exported.card.parent.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    assert again.worst == exported.worst


def test_graphs_that_differ_are_refused(trained, tmp_path, monkeypatch):
    halved = graphs.halved

    def damaged(model):
        for weight in model.graph.initializer:
            if weight.name == "decoder.head.bias":
                values = onnx.numpy_helper.to_array(weight) + 1
                weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
        return halved(model)

    (tmp_path / "tiny.json").write_text("the model before")
    monkeypatch.setattr(graphs, "halved", damaged)
    with pytest.raises(TrainingError, match=r"last\.safetensors: exported graphs differ from torch by 1"):
        exporter.export(trained, tmp_path, name="tiny")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"tiny.json": "the model before"}


def test_answers_that_are_no_numbers_are_refused(trained, tmp_path, monkeypatch):
    load = graphs.load_network

    def broken(card, **words):
        network = load(card, **words)
        return SimpleNamespace(
            blend=network.blend,
            encode=network.encode,
            decode=lambda feed: np.full_like(network.decode(feed), np.nan),
        )

    monkeypatch.setattr(graphs, "load_network", broken)
    with pytest.raises(TrainingError, match="differ from torch by inf"):
        exporter.export(trained, tmp_path, name="tiny")
    assert not list(tmp_path.iterdir())


def test_weights_too_large_for_half_stay_whole():
    values = np.full((64, 64), 70_000, np.float32)
    kept = onnx.numpy_helper.from_array(values, "large")
    made = onnx.helper.make_graph([], "one", [], [], [kept])
    (left,) = graphs.halved(onnx.helper.make_model(made)).graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(left), values)


@pytest.mark.parametrize(
    "words",
    [{"temperature": float("nan")}, {"temperature": 0}, {"name": "a/b"}, {"name": ""}, {"name": ".."}],
)
def test_a_temperature_and_a_name_that_cannot_be(trained, tmp_path, words):
    with pytest.raises(BadConfig, match=next(iter(words))):
        exporter.export(trained, tmp_path / "out", **words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("fault", ["recipe", "average", "network"])
def test_a_checkpoint_of_something_else_is_refused(trained, tmp_path, fault):
    state = checkpoint.load(trained)
    if fault == "average":
        del state["average"]["decoder.head.weight"]
    else:
        state["recipe"] |= {"options": {"dim": 64}} if fault == "recipe" else {"network": "unknown"}
    checkpoint.save(tmp_path / "other.safetensors", state)
    with pytest.raises(TrainingError, match=r"other\.safetensors: holds no such network"):
        exporter.export(tmp_path / "other.safetensors", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_checkpoints_of_a_run_are_averaged(trained, network, tmp_path):
    state = checkpoint.load(trained)
    state.pop("version")
    shifted = {
        key: value + 0.5 if key == "decoder.head.bias" else value for key, value in state["average"].items()
    }
    checkpoint.save(tmp_path / "later.safetensors", {**state, "average": shifted})
    mixed = exporter._mixed(trained, [tmp_path / "later.safetensors"])["average"]
    torch.testing.assert_close(mixed["decoder.head.bias"], state["average"]["decoder.head.bias"] + 0.25)
    torch.testing.assert_close(mixed["decoder.head.weight"], state["average"]["decoder.head.weight"])
    exporter.export(trained, tmp_path / "out", others=[tmp_path / "later.safetensors"], name="tiny")

    other = {**state, "average": {"decoder.head.bias": state["average"]["decoder.head.bias"]}}
    checkpoint.save(tmp_path / "other.safetensors", other)
    with pytest.raises(TrainingError, match=r"other\.safetensors: holds another network"):
        exporter.export(trained, tmp_path / "none", others=[tmp_path / "other.safetensors"])
    assert not (tmp_path / "none").exists()


@pytest.fixture
def regressor(pictures, tmp_path):
    """The last checkpoint of a small pix2pix, trained for two steps."""
    recipe = Recipe(
        network="pix2pix", losses={"l1": 100.0}, options={"filters": 4, "levels": 5}, ema=0.5, detail=64,
        stages=(Stage(sizes=((32, 32),), batch=2),), backbone="", features="somewhere/private/vgg16.pth",
    )  # fmt: skip
    budget, machine = Budget(steps=2), Machine(device="cpu", precision="32-true")
    return train(recipe, pictures, tmp_path / "run", budget=budget, machine=machine)


def test_a_regressor_becomes_one_graph(regressor, tmp_path):
    out = tmp_path / "model"
    done = exporter.export(regressor, out, name="unet", about={"summary": "A small one."})
    assert {file.name for file in out.iterdir()} == {"unet.network.onnx", "unet.json"}
    assert done.worst < exporter.MOST_SHARE
    card = ModelCard.load(done.card)
    assert (card.gives, card.stride, card.bins, card.planes) == ("ab", 32, None, 2)
    assert card.detail == 64
    values = json.loads(done.card.read_text("utf8"))
    assert values["network"] == "unet.network.onnx"
    assert values["trained"]["recipe"]["features"] == "vgg16.pth"
    state = checkpoint.load(regressor)
    network = build(from_values(Recipe, state["recipe"]))
    network.load_state_dict(state["average"])
    network.eval()
    graph = load_network(card, threads=1, provider="cpu")
    lightness = torch.rand((64, 96), generator=torch.Generator().manual_seed(1)) * 100
    with torch.no_grad():
        there = network(lightness[None, None])[0].numpy()
    here = graph.decode(graph.encode(lightness.numpy()))
    assert here.shape == there.shape == (2, 64, 96)
    assert np.abs(here - there).max() <= 1e-4 * max(1, np.abs(there).max())


def test_a_regressor_has_no_temperature(regressor, tmp_path):
    with pytest.raises(TrainingError, match=r"last\.safetensors: no temperature can be set of Pix2Pix"):
        exporter.export(regressor, tmp_path / "model", temperature=1.1)
    assert not (tmp_path / "model").exists()


def test_a_run_colours_a_photograph(regressor, tmp_path):
    done = exporter.export(regressor, tmp_path / "model", name="unet")
    grey = np.random.default_rng(0).integers(0, 256, (70, 90), np.uint8)
    assert photochrom.colorize(grey, model=done.card).shape == (70, 90, 3)
