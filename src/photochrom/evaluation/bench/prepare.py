"""The photographs to be coloured, and how their results will be saved: made before anything is timed.

A program: `python -m photochrom.evaluation.bench.prepare JSON`, the arguments of `prepare` by name.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from photochrom.evaluation.bench.child import answer
from photochrom.evaluation.synthetic import write_photograph
from photochrom.images.formats import writable
from photochrom.images.read import read_picture
from photochrom.images.write import saver_options


def prepare(files: Sequence[str], *, width: int, height: int, bands: int) -> dict[str, object]:
    """Write the files, all alike. Returns the options with which their coloured results are saved."""
    first, *others = map(Path, files)
    write_photograph(first, width=width, height=height, bands=bands)
    for other in others:
        shutil.copyfile(first, other)
    colored = read_picture(first).pixels.source.open().colourspace("srgb")
    return saver_options(colored, writable(first.suffix), quality=None, name=first.name)


if __name__ == "__main__":
    answer(prepare)
