"""What the programs of this package share: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from photochrom.errors import PhotochromError


def answer(work: Callable[..., object]) -> None:
    """Call `work` with the JSON object of the first argument and write what it returns to stdout.

    An error that is ours becomes its one line on stderr, and exit code 1.
    """
    try:
        said = work(**json.loads(sys.argv[1]))
    except PhotochromError as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(said) + "\n")
