from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.evaluation.synthetic import write_photograph


@pytest.mark.parametrize(("bands", "mode"), [(1, "L"), (3, "RGB")])
@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
@pytest.mark.parametrize("size", [(866, 577), (40, 30)])
def test_the_file_is_what_was_asked_for(tmp_path: Path, bands, mode, suffix, size) -> None:
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        write_photograph(file, width=size[0], height=size[1], bands=bands)
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as image:
        assert (image.size, image.mode) == (size, mode)


def test_it_costs_a_codec_what_a_photograph_costs(tmp_path: Path) -> None:
    write_photograph(tmp_path / "a.jpg", width=1200, height=800, bands=1)
    bits = (tmp_path / "a.jpg").stat().st_size * 8 / (1200 * 800)
    assert 1.5 < bits < 4
    samples = np.asarray(Image.open(tmp_path / "a.jpg"))
    assert 20 < samples.std() < 60
    assert np.mean((samples == 0) | (samples == 255)) < 0.02
