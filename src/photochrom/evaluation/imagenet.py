"""Which of ImageNet's thousand classes a file's name says that it shows.

`imagenet.txt` holds the WordNet identifiers of the classes of ILSVRC 2012 in the order in which
every published classifier numbers them, which is that of the identifiers themselves.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_name("imagenet.txt")
# As in n01440764_tench.jpg, imagenet__n01440764_10026.JPEG and n01440764/10026.JPEG.
_IDENTIFIER: Final = re.compile(r"(?<![0-9A-Za-z])n[0-9]{8}(?![0-9A-Za-z])")


@functools.cache
def identifiers() -> dict[str, int]:
    """WordNet identifier → class, 0…999."""
    return {name: i for i, name in enumerate(_TABLE.read_text("ascii").split())}


def label_of(path: Path) -> int | None:
    """The class, 0…999, named by an identifier in the file's name or else in its folder's; None if neither.

    >>> label_of(Path("n01440764_tench.jpg"))
    0
    """
    for part in (path.stem, path.parent.name):
        found = {identifiers()[name] for name in _IDENTIFIER.findall(part) if name in identifiers()}
        if len(found) == 1:
            return found.pop()
    return None
