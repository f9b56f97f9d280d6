from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import BadOption
from photochrom.evaluation.faces import read_faces
from photochrom.evaluation.scene import Box


def test_boxes_are_read_by_the_name_of_their_picture(tmp_path: Path) -> None:
    file = tmp_path / "faces.json"
    file.write_text('{"a.png": [[1, 2, 3.5, 4]], "more/b.jpg": []}')
    assert read_faces(file) == {"a.png": (Box(1, 2, 3.5, 4),), "more/b.jpg": ()}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"a": 3}', '{"a": [3]}', '{"a": [[1, 2, 3]]}', '{"a": [[3, 2, 1, 4]]}', '{"a": ["left"]}'],
)
def test_anything_else_is_one_line_that_names_the_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "faces.json"
    file.write_text(text)
    with pytest.raises(BadOption, match=r"faces: .*faces\.json is not"):
        read_faces(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"none\.json: No such file"):
        read_faces(tmp_path / "none.json")
