from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import BadOption, OutputExists
from photochrom.evaluation.sheet import cell, contact_sheet, spread, write_sheet


def flat(value: int, height: int = 20, width: int = 20) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_a_cell_holds_the_whole_picture_on_white() -> None:
    wide = cell(flat(9, 40, 80), 32)
    assert wide.shape == (32, 32, 3)
    assert (wide[8:24] == 9).all()
    assert (wide[:8] == 255).all()
    assert (wide[24:] == 255).all()


def test_a_small_picture_is_not_enlarged() -> None:
    assert (cell(flat(9, 10, 6), 32) == 9).sum() == 10 * 6 * 3


@pytest.mark.parametrize(("height", "width"), [(1000, 3), (3, 1000), (333, 777), (1, 1)])
def test_cells_of_any_shape_have_one_size(height: int, width: int) -> None:
    assert cell(flat(9, height, width), 32).shape == (32, 32, 3)


def test_a_picture_is_a_strip_and_strips_fill_rows() -> None:
    strips = [[flat(10 * i + j) for j in range(2)] for i in range(5)]
    sheet = contact_sheet(strips, side=20)
    # Two cells a picture, three pictures beside each other, so two rows.
    assert sheet.shape == (20 + 4 + 20, 3 * 44 + 2 * 16, 3)
    assert (sheet[:20, :20] == 0).all()
    assert (sheet[:20, 24:44] == 1).all()
    assert (sheet[:20, 60:80] == 10).all()
    assert (sheet[24:, 60 + 24 : 60 + 44] == 41).all()
    assert (sheet[24:, 120:] == 255).all()


def test_long_strips_stand_alone() -> None:
    assert contact_sheet([[flat(1)] * 9] * 3, side=20).shape == (3 * 24 - 4, 9 * 24 - 4, 3)


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(BadOption, match="no picture"):
        contact_sheet([])


def test_spread_takes_both_ends_and_no_more_than_there_are() -> None:
    assert spread(range(10), 4) == [0, 3, 6, 9]
    assert spread("abc", 5) == ["a", "b", "c"]
    assert spread("abc", 1) == ["a"]


def test_a_sheet_is_written_and_not_over_another(tmp_path: Path) -> None:
    sheet = contact_sheet([[flat(7), flat(9)]], side=20)
    write_sheet(sheet, tmp_path / "s.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "s.png")), sheet)
    with pytest.raises(OutputExists):
        write_sheet(sheet, tmp_path / "s.png")
    write_sheet(sheet, tmp_path / "s.png", overwrite=True)
