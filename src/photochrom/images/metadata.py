"""What travels with a picture beside its pixels, and the note that its colours are an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.dom import minidom
from xml.parsers.expat import ExpatError

import pyvips

from photochrom.images.door import SRGB_PROFILE
from photochrom.images.ifd import without_thumbnail
from photochrom.images.iptc import wrapped_iptc

NOTE: Final = "Colours estimated by Photochrom; lightness as in the original"

_XMP: Final = "xmp-data"
_KEPT: Final = ("exif-data", _XMP, "iptc-data", "resolution-unit", "image-description")
_KEPT_PREFIXES: Final = ("exif-ifd", "png-comment-")
# Directory 1 is the thumbnail, which shows the picture in grey; the other two change.
_DROPPED: Final = ("exif-ifd1-", "exif-ifd0-Orientation", "exif-ifd2-ColorSpace")
# EXIF 2.32, 4.6.4: a density that is not known is written as 72 a inch. libvips stands 1 a mm for it,
# and written down that would be believed: a scan printed three times its size.
_UNKNOWN_DENSITY: Final = (1.0, 1.0)
_DENSITY_IN_ITS_PLACE: Final = (72 / 25.4, 72 / 25.4)
# XMP longer than this is not a caption but a payload; it is carried over as it is.
_MAX_XMP: Final = 4 * 1024 * 1024
# Of a JPEG; libvips leaves out what is longer.
_MAX_XMP_OF_JPEG: Final = 60_000

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP_BASIC: Final = "http://ns.adobe.com/xap/1.0/"
_MM: Final = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT: Final = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_IPTC_EXT: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMLNS: Final = "http://www.w3.org/2000/xmlns/"
_SOURCE_TYPE: Final = "DigitalSourceType"
# IPTC Digital Source Type NewsCodes: a capture with parts made by a trained model.
_COMPOSITE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_EMPTY_XMP: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
    '<?xpacket end="w"?>'
)


@dataclass(frozen=True)
class Metadata:
    """EXIF, XMP, IPTC and comments, and the density of the pixels.

    fields: (libvips type, name, value), in the file's order
    dots_per_mm: horizontal and vertical; 1 and 1 where it is not known
    """

    fields: tuple[tuple[int, str, object], ...] = ()
    dots_per_mm: tuple[float, float] = _UNKNOWN_DENSITY

    def value(self, name: str) -> object | None:
        """The value of a field such as "xmp-data" or "exif-ifd0-Make"; None if there is none."""
        return next((value for _, known, value in self.fields if known == name), None)


def metadata_of(image: pyvips.Image, *, turned: bool = False) -> Metadata:
    """What of a decoded picture's metadata is to be kept. `turned`: by a quarter, so swap the axes."""
    fields = tuple(
        (image.get_typeof(name), name, _clean(name, image.get(name)))
        for name in image.get_fields()
        if (name in _KEPT or name.startswith(_KEPT_PREFIXES)) and not name.startswith(_DROPPED)
    )
    density = (float(image.xres), float(image.yres))
    return Metadata(fields, density[::-1] if turned else density)


def _clean(name: str, value: object) -> object:
    return without_thumbnail(value) if name == "exif-data" and isinstance(value, bytes) else value


def with_metadata(
    image: pyvips.Image, metadata: Metadata, note: str | None, *, jpeg: bool = False
) -> pyvips.Image:
    """A copy of `image` with these fields alone, an sRGB profile and, unless None, the note.

    jpeg: for such a file, in which XMP has no room for the note if it is nearly 60 KB long
    """
    known = metadata.dots_per_mm != _UNKNOWN_DENSITY
    across, down = metadata.dots_per_mm if known else _DENSITY_IN_ITS_PLACE
    image = image.copy(xres=across, yres=down)
    for name in image.get_fields():
        if name.endswith("-data") or name.startswith(("exif-", "orientation", *_KEPT_PREFIXES)):
            image.remove(name)
    for kind, name, value in metadata.fields:
        image.set_type(kind, name, value)
    iptc = metadata.value("iptc-data")
    if isinstance(iptc, bytes):
        # As JPEG has it; `write` gives it to TIFF itself, because libvips cuts it short there.
        image.set_type(pyvips.GValue.blob_type, "iptc-data", wrapped_iptc(iptc))
    if note is not None:
        xmp = metadata.value(_XMP)
        noted = with_note(xmp if isinstance(xmp, bytes) else None, note)
        if not jpeg or len(noted) <= _MAX_XMP_OF_JPEG:
            image.set_type(pyvips.GValue.blob_type, _XMP, noted)
    # Upright by now: what the EXIF block says of turning would otherwise be done twice.
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    if metadata.value("exif-data") is not None:
        image.set_type(pyvips.GValue.gstr_type, "exif-ifd2-ColorSpace", "1")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", SRGB_PROFILE)
    return image


def with_note(xmp: bytes | None, note: str) -> bytes:
    """XMP that says, beside all it said before, that a trained model took part.

    Adds an event to xmpMM:History with `note` as its parameters, sets the IPTC digital source type and
    leaves out thumbnails, which show the picture as it was. XMP that cannot be parsed, and XMP with a
    document type (a way to smuggle in entities), is given back as it is. References: ISO 16684-1 (XMP);
    IPTC Photo Metadata Standard 2023.2.
    """
    text = (xmp or _EMPTY_XMP.encode()).strip(b"\0 \r\n\t")
    if len(text) > _MAX_XMP or b"<!DOCTYPE" in text:
        return text
    try:
        document = minidom.parseString(text)  # noqa: S318 (no document type, so no entities)
    except (ExpatError, ValueError, LookupError):
        return text
    roots = document.getElementsByTagNameNS(_RDF, "RDF")
    if not roots:
        return text
    rdf = roots[0]
    _remove_source_type(rdf)
    _remove_thumbnails(rdf)
    description = _child(document, rdf, _RDF, "rdf:Description", fresh=True)
    description.setAttributeNS(_RDF, "rdf:about", _about(rdf))
    description.setAttributeNS(_XMLNS, "xmlns:Iptc4xmpExt", _IPTC_EXT)
    description.setAttributeNS(_IPTC_EXT, f"Iptc4xmpExt:{_SOURCE_TYPE}", _COMPOSITE)
    histories = rdf.getElementsByTagNameNS(_MM, "History")
    if histories:
        history = histories[0]
    else:
        description.setAttributeNS(_XMLNS, "xmlns:xmpMM", _MM)
        history = _child(document, description, _MM, "xmpMM:History")
    events = _child(document, history, _RDF, "rdf:Seq")
    event = _child(document, events, _RDF, "rdf:li", fresh=True)
    event.setAttributeNS(_XMLNS, "xmlns:stEvt", _EVENT)
    event.setAttributeNS(_RDF, "rdf:parseType", "Resource")
    for key, value in (("action", "edited"), ("softwareAgent", "Photochrom"), ("parameters", note)):
        entry = _child(document, event, _EVENT, f"stEvt:{key}")
        entry.appendChild(document.createTextNode(value))
    # Child by child: the document as a whole would be given an XML declaration.
    return "".join(node.toxml() for node in document.childNodes).encode()


def _child(
    document: minidom.Document,
    parent: minidom.Element,
    namespace: str,
    name: str,
    *,
    fresh: bool = False,
) -> minidom.Element:
    """The first child of that name, made if there is none or a fresh one is wanted."""
    local = name.partition(":")[2]
    for node in () if fresh else parent.childNodes:
        if isinstance(node, minidom.Element) and (node.namespaceURI, node.localName) == (
            namespace,
            local,
        ):
            return node
    element = document.createElementNS(namespace, name)
    if name.startswith("rdf:"):
        # The file may have bound another prefix to this namespace.
        element.setAttributeNS(_XMLNS, "xmlns:rdf", _RDF)
    parent.appendChild(element)
    return element


def _about(rdf: minidom.Element) -> str:
    """The subject that the other descriptions are about; XMP wants them all the same."""
    for node in rdf.getElementsByTagNameNS(_RDF, "Description"):
        if node.hasAttributeNS(_RDF, "about"):
            return str(node.getAttributeNS(_RDF, "about"))
    return ""


def _remove_thumbnails(rdf: minidom.Element) -> None:
    for node in rdf.getElementsByTagNameNS(_XMP_BASIC, "Thumbnails"):
        if node.parentNode is not None:
            node.parentNode.removeChild(node)


def _remove_source_type(rdf: minidom.Element) -> None:
    """Drop an earlier source type: the property may stand only once, as attribute or element."""
    for node in rdf.getElementsByTagNameNS(_IPTC_EXT, _SOURCE_TYPE):
        if node.parentNode is not None:
            node.parentNode.removeChild(node)
    for node in rdf.getElementsByTagNameNS(_RDF, "Description"):
        if node.hasAttributeNS(_IPTC_EXT, _SOURCE_TYPE):
            node.removeAttributeNS(_IPTC_EXT, _SOURCE_TYPE)
