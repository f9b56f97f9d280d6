"""Finding models: the shipped ones by name, any other by the path of its card."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Final

import photochrom
from photochrom.errors import ModelNotFound
from photochrom.inference.card import ModelCard

DEFAULT_MODEL = "flagship"
SHIPPED = Path(photochrom.__file__).with_name("models")

# What a card says of a graph, and no other JSON does; a card may be too broken to be parsed.
_NAMES_A_GRAPH: Final = re.compile(rb'"(?:encoder|decoder|network)"\s*:\s*"[^"]*\.onnx"')
_MOST_BYTES: Final = 1_000_000


def list_models() -> list[ModelCard]:
    """The cards that came with the package, by name."""
    return [ModelCard.load(path) for path in sorted(SHIPPED.glob("*.json"))]


def find_model(model: str | Path) -> ModelCard:
    """A shipped model's name, the path of a card, or a folder that holds exactly one card.

    Raises ModelNotFound naming the nearest model, BadModel if the card is damaged.
    """
    shipped = SHIPPED / f"{model}.json"
    if isinstance(model, str) and model.isidentifier() and shipped.is_file():
        return ModelCard.load(shipped)
    path = Path(model)
    if path.is_dir():
        cards = sorted(path.glob("*.json"))
        if len(cards) != 1:
            raise ModelNotFound(path, f"holds {len(cards)} model cards; name one of them")
        return ModelCard.load(cards[0])
    if path.suffix == ".json":
        return ModelCard.load(path)
    names = [card.stem for card in SHIPPED.glob("*.json")]
    near = difflib.get_close_matches(str(model), names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(names)) or 'none'}"
    raise ModelNotFound(str(model), f"no model of this name; {hint}")


def is_model(folder: Path) -> bool:
    """Whether a folder is meant to be a model: a graph lies in it, or a card, which may be damaged.

    Only what stands in the folder itself counts. False for what is no folder.
    """
    return any(folder.glob("*.onnx")) or any(map(_is_card, folder.glob("*.json")))


def _is_card(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return _NAMES_A_GRAPH.search(opened.read(_MOST_BYTES)) is not None
    except OSError:
        return False
