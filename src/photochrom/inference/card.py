"""The model card: what a pair of ONNX files is, what it takes and gives, and how good it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.errors import BadModel, ModelNotFound
from photochrom.inference.vividness import ColorRule, rule_at

FORMAT = 1
# A model exported without anchors of its own: grey, the plain mean, and rarer colours from there.
PLAIN_ANCHORS = (
    (0.0, ColorRule(chroma=0.0)),
    (1.0, ColorRule()),
    (2.0, ColorRule(tau=0.4)),
)


@dataclass(frozen=True)
class ModelCard:
    """The JSON file beside the graphs. Everything the runtime needs to know of a network is in it."""

    path: Path
    """The card itself; the graphs lie beside it."""
    name: str
    """What a person types after --model."""
    summary: str
    """One sentence."""
    encoder: str
    """File name: lightness (N, 1, H, W), 0…100 → features."""
    decoder: str
    """File name: features, hints, wishes → logits (N, bins, H/4, W/4)."""
    sha256: Mapping[str, str]
    """File name → checksum."""
    parameters: int
    """Learnable numbers of both graphs."""
    size: int
    """Bytes of both graphs."""
    stride: int
    """Sides of the input are multiples of it."""
    hint_stride: int
    """Pixels of input to one place of hints and logits."""
    bins: AbBins
    """a and b of each logit."""
    prior: NDArray[np.float64]
    """(K,): how common each bin was in training, mixed with a uniform share."""
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
            rows = values.pop("vividness", ())
            anchors = tuple((float(place), ColorRule(*map(float, rule))) for place, *rule in rows)
            return cls(
                path=path,
                name=str(values.pop("name")),
                summary=str(values.pop("summary", "")),
                encoder=str(values.pop("encoder")),
                decoder=str(values.pop("decoder")),
                sha256=dict(values.pop("sha256")),
                parameters=int(values.pop("parameters")),
                size=int(values.pop("bytes")),
                stride=int(values.pop("stride")),
                hint_stride=int(values.pop("hint_stride")),
                bins=AbBins(np.asarray(values.pop("bins"), np.float32)),
                prior=np.asarray(values.pop("prior"), np.float64),
                detail=int(values.pop("detail", 256)),
                anchors=anchors or PLAIN_ANCHORS,
                about=values,
            )
        except BadModel:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadModel(path, f"not a model card: {error!r}") from error

    def rule(self, vividness: float) -> ColorRule:
        """The colour rule at a place of the vividness slider. Raises BadOption outside 0…2."""
        return rule_at(vividness, self.anchors)

    def graph(self, part: str) -> bytes:
        """The bytes of the "encoder" or "decoder" graph, checked against the card's checksum."""
        name = self.encoder if part == "encoder" else self.decoder
        file = self.path.with_name(name)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise BadModel(file, error.strerror or str(error)) from error
        if hashlib.sha256(data).hexdigest() != self.sha256.get(name):
            raise BadModel(file, f"checksum differs from the one in {self.path.name}: damaged or replaced")
        return data
