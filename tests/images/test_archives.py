"""What old scans and the programs of archives hold, and what becomes of it."""

import io
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, PngImagePlugin, TiffImagePlugin

from photochrom.errors import UnreadableImage
from photochrom.images import write
from photochrom.images.compose import compose
from photochrom.images.iptc import bare_iptc, wrapped_iptc
from photochrom.images.metadata import NOTE, with_note
from photochrom.images.read import read_picture
from photochrom.images.write import encode_picture, to_array, write_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (200, 260), np.uint8)
PLAIN = np.zeros((2, 2, 4), np.float32)
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="{}"/>'
    "</rdf:RDF></x:xmpmeta>"
)


def saved(pixels, kind, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def coloured(source, suffix):
    """The file that comes of one, uncoloured."""
    picture = read_picture(source)
    return encode_picture(compose(picture, PLAIN), picture, suffix)


def whole(source):
    return to_array(compose(read_picture(source), PLAIN))


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "GIF"])
def test_a_name_that_is_not_utf8_harms_no_other(kind, tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Gro\xdfmutter"))
    sound = tmp_path / "sound"
    sound.write_bytes(saved(GREY, "JPEG"))
    data = saved(GREY, kind)
    odd.write_bytes(data)
    assert whole(odd).shape == (200, 260, 3)
    odd.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableImage):
        whole(odd)
    assert whole(sound).shape == (200, 260, 3)


@pytest.mark.parametrize("compression", ["deflate", "lzw"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_tile_that_cannot_be_read_is_no_black_square(compression, orientation, tmp_path):
    tiled = pyvips.Image.new_from_array(GREY).copy()
    tiled.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    data = bytearray(tiled.tiffsave_buffer(tile=True, tile_width=64, tile_height=64, compression=compression))
    assert whole(bytes(data)).shape[2] == 3
    place = len(data) // 2
    data[place : place + 3000] = b"\xff" * 3000
    with pytest.raises(UnreadableImage):
        whole(bytes(data))
    target = tmp_path / "out.tif"
    picture = read_picture(bytes(data))
    with pytest.raises(UnreadableImage):
        write_picture(compose(picture, PLAIN), picture, target)
    assert not list(tmp_path.iterdir())


def with_entries(change):
    """A TIFF whose directory was changed: from its entries to others."""
    data = bytearray(saved(GREY, "TIFF", compression="tiff_lzw"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    entries = change([bytes(data[start + 2 + 12 * i : start + 14 + 12 * i]) for i in range(count)])
    data += b"\0" * (len(data) % 2)
    struct.pack_into("<I", data, 4, len(data))
    return bytes(data) + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [rows[1], rows[0], *rows[2:]],
        lambda rows: sorted([*rows, struct.pack("<HHI4s", 305, 2, 4, b"abcd")], key=lambda r: r[1::-1]),
        lambda rows: sorted([*rows, struct.pack("<HHII", 50000, 7, 4, 1)], key=lambda r: r[1::-1]),
    ],
    ids=["out of order", "text without its last zero", "unknown"],
)
def test_tags_that_a_reader_may_grumble_about_cost_no_picture(change):
    np.testing.assert_array_equal(whole(with_entries(change))[..., 0], GREY)


def test_iptc_that_calls_itself_numbers_of_the_other_byte_order():
    """As Photoshop writes it into the TIFF files of Macs."""
    records = b"\x1c\x02\x05\x00\x05Title\x1c\x02\x78\x00\x04Mama\0\0\0"
    records += b"\0" * (-len(records) % 4)
    pixels = GREY[:4, :4].tobytes()
    rows = [(256, 3, 4), (257, 3, 4), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
            (278, 3, 4), (279, 4, 16)]  # fmt: skip
    start = 8 + len(pixels) + len(records)
    data = b"MM\0*" + struct.pack(">I", start) + pixels + records + struct.pack(">H", len(rows) + 1)
    for tag, kind, value in rows:
        data += struct.pack(">HHI", tag, kind, 1) + (struct.pack(">HH", value, 0) if kind == 3 else
                                                     struct.pack(">I", value))  # fmt: skip
    data += struct.pack(">HHII", 33723, 4, len(records) // 4, 8 + len(pixels)) + bytes(4)
    with Image.open(io.BytesIO(coloured(data, ".tif"))) as opened:
        assert bytes(opened.tag_v2[33723]) == records
    with Image.open(io.BytesIO(coloured(data, ".jpg"))) as opened:
        assert opened.info["photoshop"][0x0404] == records


@pytest.mark.parametrize("length", [10, 59_500, 59_990])
def test_xmp_that_fills_its_segment_of_a_jpeg_stays(length):
    """The note of ours gives way."""
    xmp = XMP.format("x" * (length - len(XMP)))
    with Image.open(io.BytesIO(coloured(saved(GREY, "JPEG", xmp=xmp.encode()), ".jpg"))) as opened:
        kept = opened.info["xmp"].decode()
    assert ("x" * max(length - len(XMP), 0)) in kept
    assert (NOTE in kept) == (length < 59_000)


def test_xmp_of_png_is_where_readers_look():
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.format("image/png"))
    for data in (saved(GREY, "PNG", pnginfo=info), saved(GREY, "JPEG", xmp=XMP.format("image/png").encode())):
        made = coloured(data, ".png")
        with Image.open(io.BytesIO(made)) as opened:
            opened.load()
            xmp = opened.info["xmp"]
            xmp = xmp if isinstance(xmp, str) else xmp.decode()
            assert 'dc:format="image/png"' in xmp and NOTE in xmp
            assert opened.size == (260, 200)
        assert made.count(b"XML:com.adobe.xmp") == 1 and made.endswith(b"IEND\xaeB`\x82")
        assert whole(made).shape == (200, 260, 3)


def test_png_written_to_a_file_is_that_in_memory(tmp_path, monkeypatch):
    picture = read_picture(saved(GREY, "JPEG", xmp=XMP.format("x").encode()))
    # Several blocks that have to make room, and a rest.
    monkeypatch.setattr(write, "_BLOCK", 10_000)
    write_picture(compose(picture, PLAIN), picture, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == encode_picture(compose(picture, PLAIN), picture, ".png")


def test_thumbnails_of_the_grey_picture_are_left_out():
    records = b"\x1c\x02\x05\x00\x05Title"
    block = wrapped_iptc(records)
    for kind in (0x0409, 0x040C):
        block += b"8BIM" + struct.pack(">HHI", kind, 0, 5) + b"thumb\0"
    block += b"8BIM" + struct.pack(">HHI", 0x03ED, 0, 4) + b"dpi."
    kept = wrapped_iptc(block)
    assert b"thumb" not in kept and b"dpi." in kept and bare_iptc(kept) == records
    thumbnails = (
        '<xmp:Thumbnails xmlns:xmp="http://ns.adobe.com/xap/1.0/"><rdf:Alt><rdf:li>/9j/</rdf:li></rdf:Alt>'
        "</xmp:Thumbnails>"
    )
    xmp = XMP.format("a").replace("/></rdf:RDF>", f">{thumbnails}</rdf:Description></rdf:RDF>")
    assert b"/9j/" not in with_note(xmp.encode(), NOTE)


def test_infrared_beside_the_colours_is_no_transparency():
    four = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 30)])
    file = io.BytesIO()
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[338] = (0,)
    Image.fromarray(four, "RGBA").convert("RGBA").save(file, "TIFF", tiffinfo=tags)
    data = bytearray(file.getvalue())
    assert read_picture(bytes(data)).height == 200
    # Pillow writes its own kind of extra sample: 2, transparency.
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, at)[0] == 338:
            struct.pack_into("<H", data, at + 8, 2)
            assert whole(bytes(data)).shape == (200, 260, 4)
            struct.pack_into("<H", data, at + 8, 0)
            assert whole(bytes(data)).shape == (200, 260, 3)
            break
    else:
        pytest.fail("no tag of extra samples")
