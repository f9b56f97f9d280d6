"""The model card: what an ONNX file or a pair of them is, what it takes and gives, how good it is.

`docs/models.md` has the format in a table, and how to write a card for a network of one's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PureWindowsPath
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import AbBins
from photochrom.color.constants import AB_GRID
from photochrom.errors import BadModel, BadOption, ModelNotFound
from photochrom.inference.confidence import Curve, checked_curve
from photochrom.inference.vividness import MOST_VIVID, ColorRule, rule_at

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
BLEND: Final = "blend"
"""The part of a pair that blends the ways in which hints are led; it may be missing."""
# No network is shown more on a side, and what is shown is rounded up to a whole stride.
_MOST_PIXELS: Final = 4096
# Bins times places of the grid round them, which `AbBins` compares: half a gigabyte.
_MOST_COMPARED: Final = 2**25


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
    """Part → file name: "encoder" and "decoder", beside which "blend" may be, or "network"."""
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
    confidence: Curve = ()
    """(raw, ΔE2000): see `inference.confidence.calibrated`; () takes what the network expects as it is."""
    full_contrast: bool = False
    """Whether a faded picture is shown to it with its tones stretched to those of a sound one."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Everything else: data, recipe, hours, figures, limits, licences."""

    @classmethod
    def load(cls, path: Path) -> ModelCard:
        """Read a card. Raises ModelNotFound if there is none, BadModel naming what is wrong with it."""
        try:
            values = json.loads(path.read_text("utf8"))
        except FileNotFoundError as error:
            raise ModelNotFound(path) from error
        except (OSError, ValueError, RecursionError) as error:
            raise BadModel(path, f"not a model card: {error}") from error
        try:
            if values.pop("format") != FORMAT:
                raise BadModel(path, "made for another version of Photochrom")
            return cls(path=path, **_graphs(path, values), **_answer(path, values), **_rest(values))
        except BadModel:
            raise
        except KeyError as error:
            raise BadModel(path, f"not a model card: {error} is missing") from error
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise BadModel(path, f"not a model card: {error}") from error

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

    def check_able(self, option: str) -> None:
        """Raise BadOption if it cannot do what an option of `WANTS` asks for."""
        able, lack = WANTS[option]
        if not able(self):
            raise BadOption(option, f"{self.name} {lack}")

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
        if hashlib.sha256(data).hexdigest() != self.sha256[name]:
            raise BadModel(file, f"checksum differs from the one in {self.path.name}: damaged or replaced")
        return data


def _takes_hints(card: ModelCard) -> bool:
    return card.takes_hints


def _gives_shares(card: ModelCard) -> bool:
    return card.gives == "logits"


WANTS: Final[Mapping[str, tuple[Callable[[ModelCard], bool], str]]] = {
    "hints": (_takes_hints, "takes none"),
    "suggest": (_takes_hints, "takes no hints"),
    "reference": (_takes_hints, "cannot compare pictures"),
    "palette": (_gives_shares, "gives one colour a place, and cannot be led"),
    "confidence": (_gives_shares, "gives one colour a place, and not how sure it is"),
    "alternatives": (_gives_shares, "gives one colour a place, and no others"),
}
"""Option → what a model must be able to, and what is said of one that is not."""


def _graphs(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The fields on graphs and what they take, out of `values`; these alone differ between the kinds."""
    named = [part for part in (*_PAIR, *_SINGLE) if part in values]
    if named not in (list(_PAIR), list(_SINGLE)):
        raise BadModel(path, 'not a model card: "encoder" and "decoder" are wanted, or "network" alone')
    pair = named == list(_PAIR)
    if pair and values.get("gives", "logits") != "logits":
        raise BadModel(path, "not a model card: a decoder gives logits")
    beside = [BLEND] if pair and BLEND in values else []
    graphs = {part: _file_name(values.pop(part)) for part in (*named, *beside)}
    sha256 = values.pop("sha256")
    if not isinstance(sha256, dict) or not all(isinstance(sha256.get(name), str) for name in graphs.values()):
        raise BadModel(path, "not a model card: sha256 wants a checksum for each graph, by its file name")
    size = None
    if not pair and "input" in values:
        height, width = map(_pixels, values.pop("input"))
        size = (height, width)
    # A size that never changes needs no stride beside it.
    stride = _pixels(values.pop("stride") if size is None else values.pop("stride", 1))
    detail = _pixels(values.pop("detail", _DETAIL if size is None else min(size)))
    if size is None and detail < stride:
        raise BadModel(path, f"detail {detail} is less than one stride of {stride} pixels")
    return {
        "graphs": graphs,
        "sha256": sha256,
        "takes": "lightness" if pair else str(values.pop("takes", "lightness")),
        "input": size,
        "stride": stride,
        "hint_stride": _pixels(values.pop("hint_stride")) if pair else 0,
        "detail": detail,
    }


def _file_name(value: Any) -> str:
    """Refuse what is not the name of a file beside the card, on whatever system."""
    if not _is_word(value) or value == ".." or PureWindowsPath(value).name != value:
        raise ValueError(f"{value!r} is not the name of a file beside the card")
    return str(value)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _pixels(value: Any) -> int:
    pixels = int(value)
    if pixels != value or not 1 <= pixels <= _MOST_PIXELS:
        raise ValueError(f"{value} pixels, where a whole number in 1…{_MOST_PIXELS} is wanted")
    return pixels


def _answer(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The fields on what comes out and how a colour is chosen of it, out of `values`."""
    gives = values.pop("gives", "logits")
    anchors = _anchors(path, values.pop("vividness")) if "vividness" in values else ()
    if gives == "ab":
        if any(rule != ColorRule(chroma=rule.chroma) for _, rule in anchors):
            raise BadModel(path, "of a model that gives ab, vividness can change the chroma only")
        return {"gives": gives, "bins": None, "prior": None, "anchors": anchors or PLAIN_ANCHORS_AB}
    if gives != "logits":
        raise BadModel(path, f'not a model card: it gives "logits" or "ab", not {gives!r}')
    bins = _bins(path, values)
    prior = np.asarray(values.pop("prior"), np.float64)
    if prior.shape != (len(bins),) or not ((prior > 0) & np.isfinite(prior)).all():
        raise BadModel(path, f"{len(bins)} bins want as many finite shares above 0 in prior")
    return {"gives": gives, "bins": bins, "prior": prior, "anchors": anchors or PLAIN_ANCHORS}


def _anchors(path: Path, rows: Any) -> tuple[tuple[float, ColorRule], ...]:
    """rows: of place, tau, temperature, chroma and, if they are not 0, boost and balance."""
    if any(not 4 <= len(row) <= 6 for row in rows):
        raise BadModel(
            path, "a row of vividness wants place, tau, temperature, chroma; boost and balance if any"
        )
    anchors = tuple((float(row[0]), ColorRule(*map(float, row[1:]))) for row in rows)
    places = [place for place, _ in anchors]
    rises = all(low < high for low, high in pairwise(places))
    if not rises or places[:1] != [0.0] or places[-1:] != [MOST_VIVID]:
        raise BadModel(path, f"the places of vividness must rise from 0 to {MOST_VIVID:g}")
    return anchors


def _bins(path: Path, values: dict[str, Any]) -> AbBins:
    """The bins, out of `values`; refuses what would take more memory than there is."""
    centers = np.asarray(values.pop("bins"), np.float64)
    grid = float(values.pop("grid", AB_GRID))
    if not 0 < grid < np.inf or not np.isfinite(centers).all():
        raise BadModel(path, "bins must be finite, on a grid wider than 0")
    # What becomes infinite on the way is refused for it, and not worth a warning.
    with np.errstate(all="ignore"):
        if centers.ndim == 2 and len(centers):
            places = np.prod(np.ptp(centers, axis=0) / grid + 3)
            if not places * len(centers) <= _MOST_COMPARED:
                raise BadModel(path, f"bins lie too far apart for a grid of {grid:g}")
        return AbBins(centers.astype(np.float32), grid)


def _flag(value: Any) -> bool:
    if value not in (True, False):
        raise ValueError(f"{value!r} is neither true nor false")
    return bool(value)


def _rest(values: dict[str, Any]) -> dict[str, Any]:
    """The other fields, out of `values`; whatever stands there still is `about`."""
    name = values.pop("name")
    if not _is_word(name):
        raise ValueError(f"{name!r} is not a name")
    return {
        "name": name,
        "summary": str(values.pop("summary", "")),
        "parameters": int(values.pop("parameters", 0)),
        "size": int(values.pop("bytes", 0)),
        "confidence": checked_curve(values.pop("confidence", ())),
        "full_contrast": _flag(values.pop("full_contrast", False)),
        "about": values,
    }
