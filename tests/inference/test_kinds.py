"""Same kind in, same kind out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom.errors import BadOption, OutputExists
from photochrom.images.read import read_picture
from photochrom.inference.pipeline import Colorizer

EMIR = Path(__file__).parents[2] / "examples" / "pg_emir.jpg"
GREY = np.tile(np.linspace(0, 255, 80).astype(np.uint8), (50, 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [0, 1, 3, 4])
def test_arrays_keep_dtype_and_size(toy: Path, dtype: type, channels: int) -> None:
    x = GREY if channels == 0 else np.repeat(GREY[..., None], channels, axis=-1)
    if dtype == np.uint16:
        x = x.astype(np.uint16) * 257
    elif dtype != np.uint8:
        x = (x / 255).astype(dtype)
    before = x.copy()
    y = photochrom.colorize(x, model=toy)
    np.testing.assert_array_equal(x, before)
    assert y.dtype == dtype and y.shape == (50, 80, 4 if channels == 4 else 3)
    top = 1.0 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    assert 0.9 * top < y.max() <= top


def test_a_path_gives_a_path_beside_it(toy: Path, tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    Image.fromarray(GREY).save(source)
    before = source.read_bytes()
    target = photochrom.colorize(source, model=toy)
    assert target == tmp_path / "photo.color.png" and source.read_bytes() == before
    assert read_picture(target).width == 80
    with pytest.raises(OutputExists, match=r"photo\.color\.png"):
        photochrom.colorize(str(source), model=toy)
    target.write_bytes(b"old")
    assert photochrom.colorize(source, model=toy, overwrite=True) == target
    assert read_picture(target).width == 80


def test_a_turned_pil_image_comes_back_upright(toy: Path, tmp_path: Path) -> None:
    turned = Image.fromarray(GREY)
    turned.getexif()[0x0112] = 6
    turned.save(tmp_path / "x.png", exif=turned.getexif())
    with Image.open(tmp_path / "x.png") as opened:
        there = photochrom.colorize(opened, model=toy)
    upright = photochrom.colorize(np.rot90(GREY, -1).copy(), model=toy)
    np.testing.assert_array_equal(np.asarray(there), upright)


def test_references_and_palettes_may_be_pil_images_and_lists() -> None:
    with Image.open(EMIR) as opened:
        shown = opened.convert("RGB").resize((90, 120))
    for one, same in (
        ({"palette": shown}, {"palette": np.asarray(shown)}),
        ({"reference": shown}, {"reference": np.asarray(shown)}),
        ({"palette": ["#8c2f2f", "tan"]}, {"palette": "#8c2f2f,tan"}),
    ):
        there, here = (photochrom.colorize(GREY, detail=128, **told) for told in (one, same))
        np.testing.assert_array_equal(there, here)


@pytest.mark.parametrize("told", [{"hints": "red"}, {"reference": 7}, {"palette": {}}])
def test_what_cannot_be_told_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(BadOption):
        photochrom.colorize(GREY, **told)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_bytes_give_bytes_of_the_same_format(toy: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "x"
    Image.fromarray(GREY).save(file, kind)
    result = tmp_path / "y"
    result.write_bytes(photochrom.colorize(file.read_bytes(), model=toy))
    with Image.open(result) as image:
        assert image.format == kind and image.size == (80, 50)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16", "CMYK"])
def test_pil_images_give_pil_images(toy: Path, mode: str) -> None:
    image = Image.fromarray(GREY)
    image = Image.fromarray(GREY.astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    result = photochrom.colorize(image, model=toy)
    assert isinstance(result, Image.Image) and result.size == (80, 50)
    assert result.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_the_transparent_colour_of_a_pil_image_stays_transparent(toy: Path, mode: str) -> None:
    image = Image.fromarray(GREY).convert(mode)
    image.info["transparency"] = (0, 0, 0) if mode == "RGB" else 0
    expected = np.asarray(image.convert("RGBA"))[..., 3]
    result = photochrom.colorize(image, model=toy)
    np.testing.assert_array_equal(np.asarray(result)[..., 3], expected)
    assert 0 in expected


@pytest.mark.parametrize("mode", ["RGBX", "RGBa", "La"])
def test_padding_is_no_alpha_and_premultiplied_samples_are_divided(toy: Path, mode: str) -> None:
    straight = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (80, 50), 128)])
    image = Image.new("RGBX", (80, 50), (90, 90, 90, 0))
    if mode != "RGBX":
        image = straight.convert("RGBA").convert("RGBa") if mode == "RGBa" else straight.convert("La")
    result = np.asarray(photochrom.colorize(image, model=toy, vividness=0))
    if mode == "RGBX":
        assert result.shape == (50, 80, 3) and (result == 90).all()
    else:
        assert (result[..., 3] == 128).all()
        np.testing.assert_allclose(result[..., 0], GREY, atol=2)


def test_what_cannot_be_coloured_is_refused(toy: Path) -> None:
    with pytest.raises(BadOption, match="saturation"):
        photochrom.colorize(GREY, model=toy, saturation=2)
    with pytest.raises(TypeError):
        photochrom.colorize(GREY, model=toy, vividness="1")
    with pytest.raises(BadOption, match="int"):
        photochrom.colorize(7, model=toy)


def test_best_is_the_best_of_a_colorizer() -> None:
    lopsided = np.hstack([np.tril(np.full((64, 64), 200, np.uint8)), GREY[:1].repeat(64, axis=0)])
    plain, best = (photochrom.colorize(lopsided, best=best) for best in (False, True))
    np.testing.assert_array_equal(best, Colorizer(best=True)(lopsided).to_array())
    assert (plain != best).any()
