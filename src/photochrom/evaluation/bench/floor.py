"""The floor: pictures decoded and encoded as Photochrom does, and nothing between.

A program, run by its path so that importing the package is no part of its cost:
`python floor.py '{"files": [[SOURCE, TARGET], …], "options": {…}, "repeats": 0}'`. With `repeats` it
does it so often again, and says on stdout what that took.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def copy(files: Sequence[Sequence[str]], options: Mapping[str, Any]) -> None:
    """Decode each source and encode it in colour, whatever the original; options: of the saver."""
    import pyvips

    # Kept results would make the second time cheaper than any picture is.
    pyvips.cache_set_max(0)
    for source, target in files:
        image = pyvips.Image.new_from_file(source, access="sequential")
        image.colourspace("srgb").write_to_file(target, **options)


def main() -> None:
    """Do what the one argument says."""
    wish = json.loads(sys.argv[1])
    if not wish["repeats"]:
        copy(wish["files"], wish["options"])
        return
    from photochrom.evaluation.bench.clock import repeated

    took = repeated(lambda: copy(wish["files"], wish["options"]), wish["repeats"])
    sys.stdout.write(json.dumps(took) + "\n")


if __name__ == "__main__":
    main()
