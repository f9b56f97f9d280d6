"""Where skin is, as somebody has marked it: a JSON file of boxes for each picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from photochrom.errors import BadOption
from photochrom.evaluation.scene import Box


def read_faces(file: Path) -> dict[str, tuple[Box, ...]]:
    """{"name of a picture": [[left, top, right, bottom], …], …} in pixels of the upright picture.

    A name is the picture's path below the folder of data, with "/" between its parts. Raises
    BadOption for a file that cannot be read or says anything else.
    """
    try:
        values = json.loads(file.read_text("utf8"))
        return {str(name): tuple(_box(box) for box in boxes) for name, boxes in values.items()}
    except OSError as error:
        raise BadOption("faces", f"{file}: {error.strerror or error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadOption(
            "faces", f"{file} is not JSON of boxes as docs/evaluation.md has it: {error}"
        ) from error


def strangers(faces: Mapping[str, Any], names: Iterable[str], *, file: Path) -> list[str]:
    """The names among `faces`, as they stand in `file`, that no picture has.

    names: of all pictures of the data. Raises BadOption if none of them is a picture's.
    """
    known = set(names)
    unknown = [name for name in faces if name not in known]
    if faces and len(unknown) == len(faces):
        raise BadOption(
            "faces", f"{file}: none of its names is that of a picture of the data, as {unknown[0]!r}"
        )
    return unknown


def _box(corners: Any) -> Box:
    left, top, right, bottom = map(float, corners)
    if not (left < right and top < bottom):
        raise ValueError(f"{corners} is not left, top, right, bottom")
    return Box(left, top, right, bottom)
