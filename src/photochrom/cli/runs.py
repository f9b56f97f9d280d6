"""A training run where a model is asked for: exported once into its own folder, then used from there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from photochrom.cli.console import Console
from photochrom.cli.extras import extra
from photochrom.errors import UnwritableOutput
from photochrom.training.files import checkpoint_of

_EXPORTED: Final = "export"


def model_of(what: str, console: Console) -> str | Path:
    """The card of a run's model, exported now if it is not there or older; `what` itself if it is no run.

    The model is called as the run's folder is, and lies in a folder "export" in it. Raises MissingExtra,
    TrainingError for a checkpoint that cannot be exported, UnwritableOutput.
    """
    run = Path(what)
    checkpoint = checkpoint_of(run)
    if not checkpoint.is_file():
        return what
    name = run.resolve().name
    card = run / _EXPORTED / f"{name}.json"
    if card.is_file() and card.stat().st_mtime_ns >= checkpoint.stat().st_mtime_ns:
        return card
    with extra("train", purpose=f"using the training run {run}"):
        from photochrom.training.export import export
    console.word(f"{run}: exporting {checkpoint.name}; from then on the model is in {card.parent}")
    try:
        return export(checkpoint, card.parent, name=name).card
    except OSError as error:
        raise UnwritableOutput(card.parent, error.strerror or str(error)) from error
