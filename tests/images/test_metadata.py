"""What is known of a picture goes with it into its coloured copy."""

from __future__ import annotations

import io
import struct
import warnings
from xml.dom import minidom

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from photochrom.images import FORMATS, compose, encode_picture, read_picture
from photochrom.images.ifd import exif_of_tiff, iptc_of_tiff, tags_to_add
from photochrom.images.iptc import bare_iptc, wrapped_iptc
from photochrom.images.metadata import with_note

RECORDS = b"\x1c\x02\x78\x00\x09Oma 1931!"
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<r:Description r:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><r:Alt>'
    b'<r:li xml:lang="x-default">Oma &amp; Opa</r:li></r:Alt></dc:title></r:Description>'
    b'</r:RDF></x:xmpmeta><?xpacket end="w"?>'
)
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
WRITTEN = [row for row in FORMATS.values() if row.saver]


def exif():
    block = Image.Exif()
    block[0x010E], block[0x010F], block[0x0112] = "Grandmother", "Scanner & Co", 6
    block[0x8769] = {0x9003: "1931:05:04 10:00:00", 0x829A: 0.008}
    block[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    return block


def jpeg(photo):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", exif=exif(), xmp=XMP, dpi=(300, 200))
    data = file.getvalue()
    segment = wrapped_iptc(RECORDS)
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def tiff(photo, order="<"):
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II" if order == "<" else b"MM")
    tags[270], tags[271], tags[274], tags[315], tags[700] = "Grandmother", "Scanner & Co", 6, "Jan", XMP
    tags.tagtype[700] = tags.tagtype[33723] = 7
    tags[33723] = RECORDS
    tags[34665] = {0x9003: "1931:05:04 10:00:00"}
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "TIFF", tiffinfo=tags, dpi=(300, 200))
    return file.getvalue()


def colored(data, form):
    picture = read_picture(data)
    assert (picture.width, picture.height) == (120, 160)
    return encode_picture(compose(picture, np.zeros((2, 2, 4), np.float32)), picture, form)


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.name)
@pytest.mark.parametrize("source", [jpeg, tiff])
def test_what_is_kept(photo, row, source):
    made = colored(source(photo), row.name)
    with Image.open(io.BytesIO(made)) as image:
        tags = image.getexif()
        image.load()
        assert image.size == (120, 160)
        assert tags[0x010E] == "Grandmother"
        assert tags[0x010F] == "Scanner & Co"
        assert tags.get(0x0112, 1) == 1
        assert tags.get_ifd(0x8769)[0x9003] == "1931:05:04 10:00:00"
        if source is jpeg:
            assert tags.get_ifd(0x8825)[2] == (51.0, 30.0, 0.0)
    again = pyvips.Image.new_from_buffer(made, "")
    assert again.get("icc-profile-data") == bytes(pyvips.Operation.call("profile_load", "srgb"))
    assert "Oma &amp; Opa" in again.get("xmp-data").decode()
    assert COMPOSITE in again.get("xmp-data").decode()
    if "dpi" in row.keeps:
        # Turned by a quarter, so across is what was down.
        assert [round(again.xres * 25.4), round(again.yres * 25.4)] == [200, 300]
    if "iptc" in row.keeps:
        kept = iptc_of_tiff(memoryview(made)) if row.name == "tiff" else again.get("iptc-data")
        assert bare_iptc(kept) == RECORDS


@pytest.mark.parametrize("form", [row.name for row in WRITTEN if "dpi" in row.keeps])
def test_a_density_that_is_not_known_is_the_usual_one(photo, form):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    for source in (file.getvalue(), photo):
        picture = read_picture(source)
        made = encode_picture(compose(picture, np.zeros((1, 1, 4), np.float32)), picture, form)
        again = pyvips.Image.new_from_buffer(made, "")
        assert [round(again.xres * 25.4), round(again.yres * 25.4)] == [72, 72]


def test_big_endian_tiff_to_tiff_to_jpeg(photo):
    first = colored(tiff(photo, ">"), "tiff")
    second = encode_picture(
        compose(read_picture(first), np.zeros((1, 1, 4), np.float32)), read_picture(first), "jpeg"
    )
    with Image.open(io.BytesIO(second)) as image:
        assert image.getexif()[0x010E] == "Grandmother"
        assert image.getexif()[315] == "Jan"
        assert image.getexif().get_ifd(0x8769)[0x9003] == "1931:05:04 10:00:00"


def test_bigtiff_gets_its_tags_too(photo):
    plain = pyvips.Image.new_from_array(photo).tiffsave_buffer(bigtiff=True, compression="lzw")
    block = exif_of_tiff(memoryview(tiff(photo)))
    added, place, pointer = tags_to_add(memoryview(plain), block, RECORDS)
    whole = plain[:place] + pointer + plain[place + len(pointer) :] + added
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(whole)) as image:
            assert image.getexif()[0x010E] == "Grandmother"
            assert image.getexif().get_ifd(0x8769)[0x9003] == "1931:05:04 10:00:00"
    np.testing.assert_array_equal(pyvips.Image.new_from_buffer(whole, "").numpy(), photo)


def test_the_old_thumbnail_goes(photo):
    """It shows the picture in grey, and file managers prefer it to the picture."""
    block = exif()
    small = io.BytesIO()
    Image.fromarray(photo[:24, :32]).save(small, "JPEG")
    plain = block.tobytes()
    body = bytearray(plain[6:])
    (start,) = struct.unpack_from(">I", body, 4)
    (count,) = struct.unpack_from(">H", body, start)
    struct.pack_into(">I", body, start + 2 + 12 * count, len(body))
    first = struct.pack(">H", 2)
    at = len(body) + 2 + 24 + 4
    first += struct.pack(">HHII", 0x0201, 4, 1, at) + struct.pack(
        ">HHII", 0x0202, 4, 1, len(small.getvalue())
    )
    body += first + bytes(4) + small.getvalue()
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", exif=b"Exif\0\0" + bytes(body))
    assert pyvips.Image.new_from_buffer(file.getvalue(), "").get_typeof("jpeg-thumbnail-data")
    made = colored(file.getvalue(), "jpeg")
    assert small.getvalue()[-200:] not in made
    assert not pyvips.Image.new_from_buffer(made, "").get_typeof("jpeg-thumbnail-data")


def test_a_picture_without_metadata_gets_the_note_alone(photo):
    picture = read_picture(photo)
    for note, wanted in (("by model X", True), (None, False)):
        image = compose(picture, np.zeros((2, 2, 4), np.float32))
        made = pyvips.Image.new_from_buffer(encode_picture(image, picture, "jpeg", note=note), "")
        assert bool(made.get_typeof("xmp-data")) == wanted
        if wanted:
            assert b"by model X" in made.get("xmp-data")


def test_a_note_is_well_formed_and_can_be_repeated():
    once = with_note(None, "a < b & c")
    twice = with_note(once, "again")
    root = minidom.parseString(twice)
    events = [node.firstChild.data for node in root.getElementsByTagName("stEvt:parameters")]
    assert events == ["a < b & c", "again"]
    assert twice.decode().count(COMPOSITE) == 1
    assert twice.decode().count("<xmpMM:History") == 1
    assert twice.startswith(b"<?xpacket begin")
    assert twice.endswith(b'<?xpacket end="w"?>')


def test_an_earlier_source_type_is_replaced_and_the_subject_kept():
    old = XMP.replace(
        b'r:about="uuid:1"',
        b'r:about="uuid:1" xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        b'e:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"',
    )
    made = with_note(old, "x").decode()
    assert "negativeFilm" not in made
    assert made.count("DigitalSourceType") == 1
    assert made.count('about="uuid:1"') == 2


@pytest.mark.parametrize("xmp", [
    b"not xml", b"<a/>", b"<unclosed", b"\xff\xfe\x00",
    b'<!DOCTYPE a [<!ENTITY b "c">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>',
])  # fmt: skip
def test_xmp_that_cannot_be_parsed_is_left_alone(xmp):
    assert with_note(xmp, "x") == xmp.strip(b"\0 \r\n\t")


@given(data=st.binary(max_size=300), head=st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"Photoshop 3.0\0"]))
def test_broken_blocks_never_raise(data, head):
    whole = memoryview(head + data)
    exif_of_tiff(whole)
    iptc_of_tiff(whole)
    bare_iptc(head + data)
    tags_to_add(whole, b"Exif\0\0" + head + data, data)


def test_iptc_wrappings():
    for records in (RECORDS, RECORDS + b"\0"):
        assert bare_iptc(wrapped_iptc(records)) == records
        assert bare_iptc(records) == records
        assert wrapped_iptc(wrapped_iptc(records)) == wrapped_iptc(records)
    other = b"Photoshop 3.0\0" + b"8BIM\x04\x0c\x03abc\x00\x00\x00\x03xyz\0"
    assert bare_iptc(other) is None
    assert bare_iptc(other + wrapped_iptc(RECORDS)[14:]) == RECORDS
