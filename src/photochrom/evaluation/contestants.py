"""Whoever colours pictures for an evaluation: models, and folders of another program's results.

A contestant is opened from a spec, which travels between processes, and is found by a word: the name
of a shipped model, the path of a card, or a folder, with NAME= before it to call it otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from photochrom.errors import BadOption
from photochrom.evaluation.pictures import is_picture
from photochrom.evaluation.rendered import Rendered, from_samples
from photochrom.evaluation.results import ResultsSpec, find_results
from photochrom.evaluation.setting import Setting
from photochrom.images.read import read_picture
from photochrom.inference.card import ModelCard
from photochrom.inference.pipeline import Colorizer
from photochrom.inference.weights import find_model, is_model

if TYPE_CHECKING:
    from photochrom.evaluation.pictures import Picture
    from photochrom.evaluation.scene import Scene

Settings = Callable[[ModelCard], Sequence[Setting]]
"""How a model's colours are to be chosen; at least one way."""


class Contestant(Protocol):
    """What is evaluated."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def kind(self) -> str:
        """One of "model", "results" and "reference"."""

    @property
    def rows(self) -> tuple[str, ...]:
        """Its rows in tables, in order."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What a report says of it; nothing but what JSON has."""

    @property
    def colorizer(self) -> Colorizer | None:
        """What properties are measured of; None where there is no model."""

    @property
    def settings(self) -> tuple[Setting, ...]:
        """One for each row of a model."""

    @property
    def detail(self) -> int | None:
        """Short side at which its network looks; None: the model's own."""

    def key_of(self, file: Path) -> str:
        """SHA-256 in hexadecimal of all that decides its result but the picture. Raises InputError."""

    def color(self, file: Path, scene: Scene) -> Mapping[str, Rendered]:
        """The picture of each row, of the size of the scene. Raises InputError naming the file."""


class Spec(Protocol):
    """What a contestant is opened from in each process; pickles."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def open(self, threads: int | None = None) -> Contestant:
        """Ready to colour. threads: of its network."""


@dataclass(frozen=True)
class ModelSpec:
    """A model by its name or card, and the ways in which its colours are chosen.

    provider: as `Colorizer` takes it. Graphics cards round otherwise than processors do, and each in
    its own way; figures are not to depend on which one a machine has. best: as `Colorizer` takes it.
    """

    name: str
    model: str | Path
    settings: tuple[Setting, ...]
    detail: int | None = None
    provider: str = "cpu"
    best: bool = False

    def open(self, threads: int | None = None) -> Model:
        """Loaded. Raises ModelNotFound, BadModel, and BadOption for what the model cannot do."""
        return Model(self, threads=threads)


class Model:
    """A loaded model: one look at each picture, one result for each setting."""

    kind: Final = "model"

    def __init__(self, spec: ModelSpec, *, threads: int | None = None) -> None:
        self.name = spec.name
        self.settings = spec.settings
        self.colorizer = Colorizer(spec.model, threads=threads, provider=spec.provider, best=spec.best)
        card = self.colorizer.card
        card.check_detail(spec.detail)
        for setting in spec.settings:
            card.check_rule(setting.rule)
        several = len(spec.settings) > 1
        self.rows = tuple(f"{spec.name}, {one.name}" if several else spec.name for one in spec.settings)
        self.about: Mapping[str, Any] = {
            "summary": card.summary,
            "parameters": card.parameters,
            "bytes": card.size,
            "sha256": dict(card.sha256),
            "card": hashlib.sha256(card.path.read_bytes()).hexdigest(),
            "detail": spec.detail or card.detail,
            "best": spec.best,
            "provider": self.colorizer.provider,
        }
        self.detail = spec.detail
        decides = [self.rows, [asdict(one.rule) for one in spec.settings], self.about]
        self._key = hashlib.sha256(json.dumps(decides).encode()).hexdigest()

    def key_of(self, file: Path) -> str:  # noqa: ARG002 (a model treats all files alike)
        """Of the card, which has the checksums of the graphs, the rows, their settings and the look."""
        return self._key

    def color(self, file: Path, scene: Scene) -> Mapping[str, Rendered]:
        """The picture of each setting. Raises UnreadableImage, ImageTooLarge."""
        guess = self.colorizer.guess(read_picture(scene.source, name=str(file)), detail=self.detail)
        pictures = {}
        for row, setting in zip(self.rows, self.settings, strict=True):
            # Read anew, for a streamed picture gives its pixels once.
            picture = read_picture(scene.source, name=str(file))
            pictures[row] = from_samples(self.colorizer.paint(picture, guess, setting.rule).to_array())
        return pictures


def find_contestants(
    words: Sequence[str],
    pictures: Sequence[Picture],
    *,
    settings: Settings,
    detail: int | None = None,
    best: bool = False,
    resolve: Callable[[str], str | Path] = str,
) -> list[ModelSpec | ResultsSpec]:
    """What each word, WHAT or NAME=WHAT, stands for.

    pictures: all of the data, by whose names results are found
    settings: for each model; detail: the size of its look, None for its own; best: as `Colorizer` has it
    resolve: turns a WHAT into one that is known here, where the caller knows more kinds

    Raises BadOption for a name given twice and for what `ModelCard` refuses, ModelNotFound, BadModel
    and what `find_results` raises.
    """
    specs = [
        _find(word, pictures, settings=settings, detail=detail, best=best, resolve=resolve) for word in words
    ]
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise BadOption("model", f"two of them are called {name!r}; call one otherwise: OTHER=…")
    return specs


def _find(
    word: str,
    pictures: Sequence[Picture],
    *,
    settings: Settings,
    detail: int | None,
    best: bool,
    resolve: Callable[[str], str | Path],
) -> ModelSpec | ResultsSpec:
    name, what = split_word(word)
    found = resolve(what)
    if _is_results(Path(found)):
        folder = Path(found)
        return find_results(name or folder.resolve().name, folder, pictures)
    card = find_model(found)
    return ModelSpec(name or card.name, found, tuple(settings(card)), detail, best=best)


def split_word(word: str) -> tuple[str | None, str]:
    """NAME and WHAT of "NAME=WHAT" or of "WHAT", which is also any path that exists.

    Raises BadOption if one of the two is empty or cannot be printed.
    """
    name, equals, what = word.partition("=")
    if not equals or Path(word).exists():
        return None, word
    if not (name.strip() and what and name.isprintable()):
        raise BadOption("model", f"{word!r} is not of the form NAME=WHAT")
    return name.strip(), what


def _is_results(folder: Path) -> bool:
    """Whether it is a folder, and not that of a model, however incomplete.

    Where nothing tells, pictures do: one with JSON and none of those was meant to have a card.
    """
    if not folder.is_dir() or is_model(folder):
        return False
    return any(map(is_picture, folder.rglob("*"))) or not any(folder.glob("*.json"))
