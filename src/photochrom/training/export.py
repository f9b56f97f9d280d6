"""A checkpoint becomes a model: ONNX graphs and their card.

The flagship's weights are stored as float16, or the largest as int8, and widened when a graph is loaded:
a half or a quarter of the file for a rounding that `Exported.worst` states. Batch normalisation is folded by
the exporter.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import torch
from torch import Tensor

from photochrom.color.bins import mix_prior
from photochrom.errors import BadConfig, TrainingError
from photochrom.inference.card import FORMAT
from photochrom.networks.batch import System
from photochrom.networks.flagship import HINT_STRIDE, Flagship
from photochrom.training import checkpoint, graphs
from photochrom.training.config import Recipe
from photochrom.training.run import build
from photochrom.training.values import from_values

# Of the pair, in logits, which span some 20: a difference this large moves no colour by a visible step.
MOST_DIFFERENCE = 0.05
# With int8: two tenths of a unit of a and b in the mean, and nothing in PSNR (`docs/flagship.md`).
MOST_DIFFERENCE_IN_BYTES = 0.5
# Of a single graph, whose weights stay float32, as a share of the largest answer.
MOST_SHARE = 1e-4


@dataclass(frozen=True)
class Exported:
    """What export wrote."""

    card: Path
    """The card; the graphs lie beside it."""
    worst: float
    """Largest difference between torch in float32 and the graphs as the runtime loads them; its unit is
    that of `graphs.difference`."""
    bytes: int
    """Size of the graphs."""


def export(
    source: Path,
    out: Path,
    *,
    others: Sequence[Path] = (),
    name: str = "flagship",
    about: Mapping[str, Any] | None = None,
    in_bytes: bool = False,
    temperature: float = 1.0,
) -> Exported:
    """Write the graphs of a network and NAME.json into the folder `out`.

    source: a checkpoint of `training.loop`; the weights that were judged are taken. others: earlier ones
    of the same run, whose weights count as much (Wortsman et al. 2022, "Model soups", arXiv 2203.05482).
    `about` adds to the card (summary, data, licences, figures). in_bytes: as `graphs.write_graph` takes it.
    temperature: above 0, what the logits are divided by; above 1 where the network is too sure of itself.
    Raises BadConfig for a temperature or a name that cannot be, and TrainingError if the graphs disagree with
    torch or a checkpoint does not hold such a network; a model that is there then stays.
    """
    if not 0 < temperature < math.inf:
        raise BadConfig("temperature", f"must be above 0, not {temperature}")
    if not name or name in (".", "..") or PurePath(name).name != name:
        raise BadConfig("name", f"{name!r} is not the name of a file")
    state = _mixed(source, others)
    network = _restored(source, state)
    most = MOST_SHARE
    if isinstance(network, Flagship):
        network.soften(temperature)
        most = MOST_DIFFERENCE_IN_BYTES if in_bytes else MOST_DIFFERENCE
    elif temperature != 1:
        raise TrainingError(source, f"no temperature can be set of {type(network).__name__}")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{name}-") as folder:
        files = {}
        for graph in graphs.graphs_of(network):
            files[graph.part] = Path(folder, f"{name}.{graph.part}.onnx")
            graphs.write_graph(graph, files[graph.part], in_bytes=in_bytes)
        card = Path(folder, f"{name}.json")
        size = sum(file.stat().st_size for file in files.values())
        values = {
            "format": FORMAT,
            "name": name,
            **{part: file.name for part, file in files.items()},
            "sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files.values()},
            "bytes": size,
            "parameters": sum(p.numel() for p in network.parameters()),
            "detail": from_values(Recipe, state["recipe"]).detail,
            "worst_difference": 0.0,
            "temperature": temperature,
            **_history(state),
            **(about or {}),
            **_answer(network, state),
        }
        _write_card(card, values)
        worst = graphs.difference(network, card)
        if not worst < most:
            raise TrainingError(source, f"exported graphs differ from torch by {worst:.3g}")
        _write_card(card, {**values, "worst_difference": float(f"{worst:.4g}")})
        for file in (*files.values(), card):
            file.replace(out / file.name)
    return Exported(out / card.name, worst, size)


def network_of(source: Path) -> str:
    """The name of the network that a checkpoint holds. Raises TrainingError if it is none."""
    return str(checkpoint.header(source)["recipe"]["network"])


def _mixed(source: Path, others: Sequence[Path]) -> dict[str, Any]:
    """The checkpoint `source`, its judged weights replaced by their mean with those of `others`."""
    state = checkpoint.load(source)
    states = [state, *map(checkpoint.load, others)]
    own: dict[str, Tensor] = checkpoint.weights(state)
    for file, other in zip(others, states[1:], strict=True):
        theirs = checkpoint.weights(other)
        alike = theirs.keys() == own.keys() and all(theirs[k].shape == v.shape for k, v in own.items())
        if not alike or not torch.equal(other["centers"], state["centers"]):
            raise TrainingError(file, f"holds another network than {source}")
    state["average"] = {
        key: torch.stack([checkpoint.weights(s)[key].double() for s in states]).mean(0).to(value.dtype)
        if value.is_floating_point()
        else value
        for key, value in own.items()
    }
    return state


def _restored(source: Path, state: dict[str, Any]) -> System:
    """The checkpoint's network with the weights that were judged, ready to be asked."""
    try:
        network = build(from_values(Recipe, state["recipe"]), centers=state["centers"])
        network.load_state_dict(checkpoint.weights(state))
    except (KeyError, RuntimeError, TrainingError) as error:
        raise TrainingError(source, f"holds no such network: {error}") from error
    return network.eval()


def _answer(network: System, state: Mapping[str, Any]) -> dict[str, Any]:
    """What the network takes and gives, for the card."""
    values: dict[str, Any] = {"stride": network.multiple}
    if isinstance(network, Flagship):
        values["hint_stride"] = HINT_STRIDE
    else:
        values["gives"] = graphs.gives(network)
        if network.vividness:
            values["vividness"] = network.vividness
    if network.centers is not None:
        values["bins"] = network.centers.int().tolist()
        values["prior"] = [float(f"{p:.4g}") for p in mix_prior(state["prior"].double().numpy())]
    return values


def _history(state: Mapping[str, Any]) -> dict[str, Any]:
    """How the weights came about, for the card. Of the files they began from, their names alone."""
    recipe = dict(state["recipe"])
    for key in ("backbone", "start", "features"):
        recipe[key] = Path(recipe[key]).name
    hours = round(state["seconds"] / 3600, 2)
    return {"trained": {"steps": state["step"], "hours": hours, "recipe": recipe}}


def _write_card(card: Path, values: Mapping[str, Any]) -> None:
    card.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", "utf8")
