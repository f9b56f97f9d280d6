"""What a card describes, loaded: a pair of graphs or a single one, asked in the same two steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadModel
from photochrom.inference.card import BLEND, ModelCard
from photochrom.inference.guess import KINSHIP, Blend
from photochrom.inference.session import Graph, Shape

Arrays = Mapping[str, NDArray[np.float32]]

_HINT_PLANES: Final = 3
# Beside a share for each bin: whether they are given, a colourfulness, whether that is given.
_WISHES_BESIDE_BINS: Final = 3


class Network(Protocol):
    """A loaded model: `encode` runs once a picture, `decode` once for each thing asked of it."""

    @property
    def provider(self) -> str:
        """What the graph that looks at the picture runs on, a key of `session.PROVIDERS`."""

    @property
    def blend(self) -> Blend | None:
        """Of a model that blends the ways in which hints are led. Raises BadModel if it is damaged."""

    def encode(self, lightness: NDArray[np.float32]) -> Arrays:
        """lightness: (H, W), 0…100 → what `decode` is fed, with nothing asked for."""

    def decode(self, feed: Arrays) -> NDArray[np.float32]:
        """feed: of `encode`, some of it replaced by what is asked for → (planes, h, w)."""


def load_network(card: ModelCard, *, threads: int | None = None, provider: str = "auto") -> Network:
    """Load the graphs of a card. threads, provider: as `Graph` takes them.

    Raises BadModel if one is damaged or does not take and give what the card says, BadOption.
    """

    def load(part: str) -> Graph:
        data, name = card.graph(part), str(card.path)
        return Graph(data, name=name, part=part, threads=threads, provider=provider)

    if "network" in card.graphs:
        return Single(card, load("network"))
    return Pair(card, load("encoder"), load("decoder"), lambda: load(BLEND))


class Pair:
    """An encoder, which looks at the picture, and a decoder, which can be told hints and wishes.

    The names of the encoder's outputs, but for `KINSHIP`, are those of the decoder's inputs, beside
    which it is fed hints (1, 3, h, w), see `Colorizer.hinted`, and wishes (1, K + 3), see
    `networks.flagship.Decoder`. blending: loads what blends hints, of a card that has it; not before
    there are any.
    """

    def __init__(
        self, card: ModelCard, encoder: Graph, decoder: Graph, blending: Callable[[], Graph]
    ) -> None:
        self._card = card
        self._encoder = encoder
        self._decoder = decoder
        self.provider = encoder.provider
        self._wishes = card.planes + _WISHES_BESIDE_BINS
        asked: dict[str, Shape] = {"hints": (1, _HINT_PLANES, None, None), "wishes": (1, self._wishes)}
        _check_inputs(card, encoder, {card.takes: (1, 1, None, None)})
        self._answer = _answer(card, decoder)
        seen = {name: shape for name, shape in encoder.outputs.items() if name != KINSHIP}
        _check_inputs(card, decoder, seen | asked)
        self._fed = frozenset(decoder.inputs)
        self._blending = blending

    @cached_property
    def blend(self) -> Blend | None:
        """See `Network`."""
        if BLEND not in self._card.graphs:
            return None
        graph = self._blending()
        _check_inputs(self._card, graph, dict.fromkeys(("look", "told"), (1, None, None, None)))

        def blended(look: NDArray[np.float32], told: NDArray[np.float32]) -> NDArray[np.float32]:
            answer: NDArray[np.float32] = graph.run({"look": look[None], "told": told[None]})[0][0]
            return answer

        return blended

    def encode(self, lightness: NDArray[np.float32]) -> Arrays:
        """The encoder's features by name, no hints and no wishes."""
        features = self._encoder.run({self._card.takes: lightness[None, None]})
        height, width = (side // self._card.hint_stride for side in lightness.shape)
        return {
            **dict(zip(self._encoder.outputs, features, strict=True)),
            "hints": np.zeros((1, _HINT_PLANES, height, width), np.float32),
            "wishes": np.zeros((1, self._wishes), np.float32),
        }

    def decode(self, feed: Arrays) -> NDArray[np.float32]:
        """feed: of `encode`, with other hints or wishes → (K, h, w)."""
        told = {name: array for name, array in feed.items() if name in self._fed}
        logits: NDArray[np.float32] = self._decoder.run(told)[self._answer][0]
        return logits


class Single:
    """One graph, which has done all it can after its look: the answer is what is kept of it."""

    blend: Blend | None = None

    def __init__(self, card: ModelCard, network: Graph) -> None:
        self._card = card
        self._network = network
        self.provider = network.provider
        _check_inputs(card, network, {card.takes: (1, 1, *(card.input or (None, None)))})
        if card.input is None and any(network.inputs[card.takes][2:]):
            only = _words(network.inputs[card.takes])
            raise BadModel(card.path, f'the network takes {only} alone: "input": [height, width] is wanted')
        self._answer = _answer(card, network)

    def encode(self, lightness: NDArray[np.float32]) -> Arrays:
        """The answer, by the name of what it is: "logits" or "ab"."""
        outputs = self._network.run({self._card.takes: lightness[None, None]})
        return {self._card.gives: outputs[self._answer]}

    def decode(self, feed: Arrays) -> NDArray[np.float32]:
        """feed: of `encode` → (planes, h, w)."""
        answer: NDArray[np.float32] = feed[self._card.gives][0]
        return answer


def _check_inputs(card: ModelCard, graph: Graph, wanted: Mapping[str, Shape]) -> None:
    """Raise BadModel unless a graph is fed these, by name and by what is known of their shapes."""
    found = graph.inputs
    if found.keys() != wanted.keys():
        reason = f"takes {', '.join(sorted(found))}, where {', '.join(sorted(wanted))} would be fed"
        raise BadModel(card.path, f"the {graph.part} {reason}")
    for name, shape in wanted.items():
        _check_shape(card, graph, name, found[name], shape)


def _answer(card: ModelCard, graph: Graph) -> int:
    """Which of its outputs is the answer: the only one, or the one called "logits" or "ab"."""
    found = graph.outputs
    names = list(found)
    if len(names) > 1 and card.gives not in names:
        raise BadModel(card.path, f"the {graph.part} gives {', '.join(names)}, and no {card.gives}")
    name = card.gives if card.gives in names else names[0]
    _check_shape(card, graph, name, found[name], (1, card.planes, None, None))
    return names.index(name)


def _check_shape(card: ModelCard, graph: Graph, name: str, found: Shape, wanted: Shape) -> None:
    # A graph need not say how many sides there are.
    if found and (
        len(found) != len(wanted)
        or any(None not in sides and sides[0] != sides[1] for sides in zip(found, wanted, strict=True))
    ):
        reason = f"has {name} of shape {_words(found)}, where the card wants {_words(wanted)}"
        raise BadModel(card.path, f"the {graph.part} {reason}")


def _words(shape: Shape) -> str:
    return "×".join("?" if side is None else str(side) for side in shape)
