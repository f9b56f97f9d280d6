"""The model card: what an ONNX file or a pair of them is, what it takes and gives, how good it is.

`docs/models.md` has the format in a table, and how to write a card for a network of one's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.color.constants import AB_GRID
from photochrom.errors import BadModel, BadOption, ModelNotFound
from photochrom.inference.vividness import ColorRule, rule_at

FORMAT = 1
# A model without anchors of its own: grey, the plain mean, and rarer colours from there.
PLAIN_ANCHORS = (
    (0.0, ColorRule(chroma=0.0)),
    (1.0, ColorRule()),
    (2.0, ColorRule(tau=0.4)),
)
# The same for one that gives a colour and no distribution: its chroma is all there is to choose.
PLAIN_ANCHORS_AB = (
    (0.0, ColorRule(chroma=0.0)),
    (1.0, ColorRule()),
    (2.0, ColorRule(chroma=1.5)),
)
_DETAIL: Final = 256
_PAIR: Final = ("encoder", "decoder")
_SINGLE: Final = ("network",)


@dataclass(frozen=True)
class ModelCard:
    """The JSON file beside the graphs. Everything the runtime needs to know of a network is in it.

    A network is a pair of graphs, an encoder and a decoder that takes hints and gives logits, or a
    single one, which takes lightness alone and gives logits or ab.
    """

    path: Path
    """The card itself; the graphs lie beside it."""
    name: str
    """What a person types after --model."""
    summary: str
    """One sentence."""
    graphs: Mapping[str, str]
    """Part → file name: "encoder" and "decoder", or "network"."""
    sha256: Mapping[str, str]
    """File name → checksum."""
    parameters: int
    """Learnable numbers of its graphs; 0 if the card does not say."""
    size: int
    """Bytes of its graphs; 0 if the card does not say."""
    takes: str
    """Name of the input that is lightness: (N, 1, H, W), 0…100."""
    input: tuple[int, int] | None
    """H and W, where the graph takes but one size; a picture of another shape is squeezed into it."""
    stride: int
    """Sides of the input are multiples of it."""
    hint_stride: int
    """Pixels of input to one place of the hints; 0 if it takes none."""
    gives: Literal["logits", "ab"]
    """A distribution over the bins (N, K, h, w), or colours (N, 2, h, w) in units of Lab."""
    bins: AbBins | None
    """a and b of each logit; None if it gives ab."""
    prior: NDArray[np.float64] | None
    """(K,): how common each bin was in training, mixed with a uniform share; None if it gives ab."""
    detail: int
    """Short side at which the network looks unless told otherwise."""
    anchors: tuple[tuple[float, ColorRule], ...]
    """Vividness → rule."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Everything else: data, recipe, hours, figures, limits, licences."""

    @classmethod
    def load(cls, path: Path) -> ModelCard:
        """Read a card. Raises ModelNotFound if there is none, BadModel naming what is wrong with it."""
        try:
            values = json.loads(path.read_text("utf8"))
        except FileNotFoundError as error:
            raise ModelNotFound(path) from error
        except (OSError, ValueError) as error:
            raise BadModel(path, f"not a model card: {error}") from error
        try:
            if values.pop("format") != FORMAT:
                raise BadModel(path, "made for another version of Photochrom")
            return cls(path=path, **_graphs(path, values), **_answer(path, values), **_rest(values))
        except BadModel:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadModel(path, f"not a model card: {error!r}") from error

    @property
    def takes_hints(self) -> bool:
        """Whether it can be told colours; see `Colorizer.hinted`."""
        return self.hint_stride > 0

    @property
    def planes(self) -> int:
        """Channels of its answer: K or 2."""
        return 2 if self.bins is None else len(self.bins)

    def rule(self, vividness: float) -> ColorRule:
        """The colour rule at a place of the vividness slider. Raises BadOption outside 0…2."""
        return rule_at(vividness, self.anchors)

    def check_detail(self, detail: int | None) -> None:
        """Raise BadOption if it cannot look so: it looks at one size alone, and is told another."""
        if detail is not None and self.input is not None:
            height, width = self.input
            raise BadOption("detail", f"{self.name} looks at {width}×{height} alone")

    def check_rule(self, rule: ColorRule) -> None:
        """Raise BadOption if colours cannot be chosen so: it gives one, and no distribution."""
        if self.gives == "ab" and rule != ColorRule(chroma=rule.chroma):
            raise BadOption("tau, temperature", f"{self.name} gives ab: only chroma can be chosen")

    def graph(self, part: str) -> bytes:
        """The bytes of one of `graphs`, checked against the card's checksum."""
        name = self.graphs[part]
        file = self.path.with_name(name)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise BadModel(file, error.strerror or str(error)) from error
        if hashlib.sha256(data).hexdigest() != self.sha256.get(name):
            raise BadModel(file, f"checksum differs from the one in {self.path.name}: damaged or replaced")
        return data


def _graphs(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The fields on graphs and what they take, out of `values`; these alone differ between the kinds."""
    named = [part for part in (*_PAIR, *_SINGLE) if part in values]
    if named not in (list(_PAIR), list(_SINGLE)):
        raise BadModel(path, 'not a model card: "encoder" and "decoder" are wanted, or "network" alone')
    pair = named == list(_PAIR)
    if pair and values.get("gives", "logits") != "logits":
        raise BadModel(path, "not a model card: a decoder gives logits")
    size = None
    if not pair and "input" in values:
        height, width = map(_pixels, values.pop("input"))
        size = (height, width)
    return {
        "graphs": {part: str(values.pop(part)) for part in named},
        "takes": "lightness" if pair else str(values.pop("takes", "lightness")),
        "input": size,
        # A size that never changes needs no stride beside it.
        "stride": _pixels(values.pop("stride") if size is None else values.pop("stride", 1)),
        "hint_stride": _pixels(values.pop("hint_stride")) if pair else 0,
        "detail": _pixels(values.pop("detail", _DETAIL if size is None else min(size))),
    }


def _pixels(value: Any) -> int:
    pixels = int(value)
    if pixels < 1:
        raise ValueError(f"{pixels} pixels")
    return pixels


def _answer(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The fields on what comes out and how a colour is chosen of it, out of `values`."""
    gives = values.pop("gives", "logits")
    rows = values.pop("vividness", ())
    anchors = tuple((float(place), ColorRule(*map(float, rule))) for place, *rule in rows)
    if gives == "ab":
        if any(rule != ColorRule(chroma=rule.chroma) for _, rule in anchors):
            raise BadModel(path, "of a model that gives ab, vividness can change the chroma only")
        return {"gives": gives, "bins": None, "prior": None, "anchors": anchors or PLAIN_ANCHORS_AB}
    if gives != "logits":
        raise BadModel(path, f'not a model card: it gives "logits" or "ab", not {gives!r}')
    grid = float(values.pop("grid", AB_GRID))
    bins = AbBins(np.asarray(values.pop("bins"), np.float32), grid)
    prior = np.asarray(values.pop("prior"), np.float64)
    if prior.shape != (len(bins),) or not (prior > 0).all():
        raise BadModel(path, f"{len(bins)} bins want as many shares above 0 in prior")
    return {"gives": gives, "bins": bins, "prior": prior, "anchors": anchors or PLAIN_ANCHORS}


def _rest(values: dict[str, Any]) -> dict[str, Any]:
    """The other fields, out of `values`; whatever stands there still is `about`."""
    return {
        "name": str(values.pop("name")),
        "summary": str(values.pop("summary", "")),
        "sha256": dict(values.pop("sha256")),
        "parameters": int(values.pop("parameters", 0)),
        "size": int(values.pop("bytes", 0)),
        "about": values,
    }
