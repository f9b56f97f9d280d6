from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import BadOption
from photochrom.evaluation.protocol import PROTOCOLS, protocol_named
from photochrom.evaluation.scene import Box
from photochrom.images.read import read_picture


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_scene_is_the_same_each_time(name: str, photographs: Path) -> None:
    first, second = (PROTOCOLS[name].prepare(photographs / "c.jpg") for _ in range(2))
    assert np.array_equal(first.truth.rgb, second.truth.rgb)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_source_and_truth_are_of_one_size(name: str, photographs: Path) -> None:
    scene = PROTOCOLS[name].prepare(photographs / "a.png")
    picture = read_picture(scene.source)
    assert scene.truth.rgb.shape == (picture.height, picture.width, 3)


@pytest.mark.parametrize("size", [(600, 400), (400, 600), (257, 300), (90, 60), (256, 256)])
def test_crop256_takes_the_middle(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    side = min(size)
    rgb = np.zeros((height, width, 3), np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    rgb[top : top + side, left : left + side] = [200, 120, 40]
    Image.fromarray(rgb).save(tmp_path / "a.png")
    truth = PROTOCOLS["crop256"].prepare(tmp_path / "a.png").truth.rgb
    assert truth.shape == (256, 256, 3)
    assert np.array_equal(np.unique(truth.reshape(-1, 3), axis=0), [[200, 120, 40]])


def test_crop256_reduces_as_pillow_does_by_lanczos(tmp_path: Path) -> None:
    y, x = np.mgrid[0:600, 0:600]
    rgb = np.stack([x * 255 / 600, y * 255 / 600, 128 + 100 * np.sin(x / 20)], axis=-1).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    ours = PROTOCOLS["crop256"].prepare(tmp_path / "a.png").truth.rgb.astype(int)
    theirs = np.asarray(Image.fromarray(rgb).resize((256, 256), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(ours - theirs).mean() < 0.6


def test_native_is_the_file_as_it_is(photographs: Path) -> None:
    scene = PROTOCOLS["native"].prepare(photographs / "a.png")
    assert scene.source == photographs / "a.png"
    assert np.array_equal(scene.truth.rgb, np.asarray(Image.open(photographs / "a.png")))


def test_an_unknown_protocol_names_those_there_are() -> None:
    with pytest.raises(BadOption, match="crop256, native"):
        protocol_named("crop255")


def test_crop256_moves_marked_faces_with_the_picture(tmp_path: Path) -> None:
    rgb = np.zeros((512, 1024, 3), np.uint8)
    rgb[100:200, 300:400] = 255
    Image.fromarray(rgb).save(tmp_path / "a.png")
    inside, beyond, across = Box(300, 100, 400, 200), Box(0, 0, 200, 200), Box(200, 400, 300, 600)
    scene = PROTOCOLS["crop256"].prepare(tmp_path / "a.png", [inside, beyond, across])
    assert scene.faces == (Box(22, 50, 72, 100), Box(0, 200, 22, 256))
    white = scene.truth.rgb[50:100, 22:72]
    assert white.mean() > 250
    assert scene.truth.rgb.sum() < 1.1 * white.sum()


@pytest.mark.parametrize("name", PROTOCOLS)
def test_no_face_inside_the_picture_is_none_at_all(name: str, photographs: Path) -> None:
    for faces in (None, [], [Box(900, 900, 950, 950)]):
        assert PROTOCOLS[name].prepare(photographs / "a.png", faces).faces is None


def test_native_keeps_faces_where_they_are(photographs: Path) -> None:
    faces = [Box(1, 2, 30.5, 20)]
    assert PROTOCOLS["native"].prepare(photographs / "a.png", faces).faces == tuple(faces)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_scene_has_the_class_that_the_file_is_named_after(name: str, photographs: Path) -> None:
    assert PROTOCOLS[name].prepare(photographs / "a.png").label is None
    file = (photographs / "a.png").rename(photographs / "set__n02391049_zebra.png")
    assert PROTOCOLS[name].prepare(file).label == 340
