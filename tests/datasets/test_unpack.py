"""Pictures of shards and arrays as files."""

import numpy as np
import pytest
from PIL import Image

from photochrom.datasets.pictures import EncodedPicture, load_pictures
from photochrom.datasets.shards import pack
from photochrom.datasets.unpack import file_name, unpack
from photochrom.errors import OutputExists


def unpacked(pictures, out, **options):
    damaged = []
    return list(unpack(pictures, out, damaged=damaged.append, **options)), damaged


def test_encoded_pictures_keep_their_bytes_and_names(folder, tmp_path):
    packed = pack(sorted(folder.glob("*.jpg")), tmp_path / "s", label=lambda _: "beach")
    pictures = load_pictures(packed.shards)
    written, damaged = unpacked(pictures, tmp_path / "out")
    assert not damaged
    assert [file.name for file in written] == [f"beach.{i:08d}.jpg" for i in range(4)]
    assert [file.read_bytes() for file in written] == [p.data for p in pictures]
    assert [p.label for p in load_pictures([tmp_path / "out"])] == ["beach"] * 4
    with pytest.raises(OutputExists, match=r"beach\.00000000\.jpg"):
        unpacked(pictures, tmp_path / "out")
    assert len(unpacked(pictures, tmp_path / "out", overwrite=True)[0]) == 4


@pytest.mark.parametrize("kind", [5, 6])
def test_arrays_become_png(tmp_path, kind):
    pixels = np.random.default_rng(0).integers(0, 256, (28, 20, 3) if kind == 6 else (28, 20), np.uint8)
    data = b"P%d 20 28 255\n" % kind + pixels.tobytes()
    ((file,), _) = unpacked([EncodedPicture("x-idx3-ubyte.gz:class9.00000000.png", "s", data)], tmp_path)
    with Image.open(file) as image:
        assert (image.format, image.mode) == ("PNG", "RGB" if kind == 6 else "L")
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_several_holders_have_folders_of_their_own(tmp_path):
    pictures = [
        EncodedPicture(f"{part}-images-idx3-ubyte.gz:0.png", "s", b"GIF") for part in ("train", "t10k")
    ]
    written, _ = unpacked(pictures, tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in written] == [
        "train-images-idx3-ubyte/0.png",
        "t10k-images-idx3-ubyte/0.png",
    ]


def test_nothing_is_overwritten_by_its_like(tmp_path):
    pictures = [EncodedPicture(f"{part}/beach/0.png", "s", b"GIF") for part in ("train", "val")]
    with pytest.raises(OutputExists, match=r"val/beach/0\.png would have its name too"):
        unpacked(pictures, tmp_path, overwrite=True)


@pytest.mark.parametrize(
    "member", ["../../x.jpg", "/etc/x.jpg", "a/../../x.jpg", "..\\..\\x.jpg", "D:\\x.jpg"]
)
def test_no_name_leads_out_of_the_folder(member):
    name = file_name(EncodedPicture(f"s.tar:{member}", "s", b""))
    assert not name.is_absolute()
    assert ".." not in name.parts
    assert name.name == "x.jpg"


def test_what_cannot_be_had_is_told(folder, tmp_path):
    pictures = load_pictures([folder])
    (folder / "p01.jpg").unlink()
    written, damaged = unpacked([p for p in pictures if "more" not in p.name], tmp_path / "out")
    assert len(written) == 9
    assert [(damage.name, damage.reason) for damage in damaged] == [
        (str(folder / "p01.jpg"), "No such file or directory")
    ]
