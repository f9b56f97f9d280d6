"""What a model costs once it is loaded: a picture from file to file, or the network alone.

A program: `python -m photochrom.evaluation.bench.loaded JSON`, the arguments of `time_loaded` by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.bench.child import answer
from photochrom.evaluation.bench.clock import repeated
from photochrom.images.door import set_threads
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import MOST_DETAIL, Colorizer
from photochrom.inference.weights import DEFAULT_MODEL

# One click: a and b in Lab units, and how sure it is.
_CLICK: Final = (30.0, 20.0, 1.0)


def time_loaded(
    act: str, *, model: str | None, threads: int | None, repeats: int, **rest: Any
) -> dict[str, float]:
    """Seconds of an act, see `act_on`, by `clock.repeated`. model: None for the default one."""
    if threads is not None:
        set_threads(threads)
    work = act_on(act, model=model or DEFAULT_MODEL, threads=threads, **rest)
    return repeated(work, repeats)


def act_on(
    act: str, *, model: str, threads: int | None, provider: str, side: int, source: str, target: str
) -> Callable[[], object]:
    """What is to be timed, with all made ready that is not.

    act: "load" the model; colour the "picture" source into target; "automatic", encoder and decoder
        on a square of `side` pixels; "edit", a click on what they made of it, up to its colours
    side: 0 for a picture of 3:2 at the size at which the model looks of itself

    Raises what Colorizer does.
    """
    load = partial(Colorizer, model, threads=threads, provider=provider)
    if act == "load":
        return load
    colorizer = load()
    if act == "picture":
        return lambda: colorizer(source).save(target, overwrite=True)
    picture = read_picture(_gray(side, side) if side else _gray(MOST_DETAIL, MOST_DETAIL * 3 // 2))
    if act == "automatic":
        return lambda: colorizer.guess(picture, detail=side or None)
    guess = colorizer.guess(picture, detail=side or None)
    height, width = (length // colorizer.card.hint_stride for length in guess.lightness.shape)
    hints = np.zeros((3, height, width), np.float32)
    hints[:, height // 2, width // 2] = _CLICK
    rule = colorizer.card.rule(1.0)
    return lambda: colorizer.chroma(colorizer.hinted(guess, hints), rule)


def _gray(height: int, width: int) -> NDArray[np.uint8]:
    """Light that falls off to the right: a network takes as long over anything."""
    return np.tile(np.linspace(255, 0, width).astype(np.uint8), (height, 1))


if __name__ == "__main__":
    answer(time_loaded)
