"""From a file, bytes or an array to a libvips image as its decoder gives it: lazy, not yet turned.

The one place that knows which decoder opens what, and what libvips must be told or spared.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.errors import UnreadableImage
from photochrom.images import tiff
from photochrom.images.bmp import bmp_header, bmp_samples
from photochrom.images.formats import Format
from photochrom.images.heic import heic_samples, open_heic
from photochrom.images.ifd import exif_of_tiff, iptc_of_tiff
from photochrom.images.pnm import pnm_header, pnm_samples

_LOADERS: Final = {
    "jpeg": "jpegload",
    "png": "pngload",
    "tiff": "tiffload",
    "webp": "webpload",
    "gif": "gifload",
    "avif": "heifload",
    "jp2": "jp2kload",
}
_OWN_DECODERS: Final = ("bmp", "pnm", "heic")
_FORMAT_OF: Final = {"u1": "uchar", "u2": "ushort", "f4": "float", "f8": "double"}
_SAMPLE_BYTES: Final = {"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4}
# JFIF (ITU-T T.871, 7): R, G, B of Y, Cb − 128, Cr − 128, full range; libvips does the same for
# YCbCr TIFF only when the samples are JPEG.
_FROM_YCBCR: Final = [[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]]


@dataclass(frozen=True, eq=False)
class Source:
    """Where a picture comes from; exactly one of `path`, `data` and `array` is given.

    name: for messages
    array: (height, width[, bands]) of uint8, uint16 or float 0…1, encoded as sRGB
    """

    name: str
    format: Format | None
    path: Path | None = None
    data: bytes | None = None
    array: NDArray[np.generic] | None = None

    @property
    def eager(self) -> bool:
        """Whether `open` decodes everything at once: our own decoders, and arrays."""
        return self.format is None or self.format.name in _OWN_DECODERS

    def open(self, *, shrink: int = 1) -> pyvips.Image:
        """The picture as its decoder gives it; the header is read now, the pixels when asked for.

        shrink: 1, 2, 4 or 8, for JPEG alone: decode at a fraction of the size.
        Every call opens the source anew, for a streamed picture can be read only once.
        May raise pyvips.Error, OSError or ValueError: wrap calls in `door.reading`.
        """
        if self.format is None:
            return _of_array(self._samples())
        if self.format.name in _OWN_DECODERS:
            return self._own_decoder(self.format.name)
        if self.format.name == "tiff":
            return self._tiff()
        options: dict[str, object] = {"shrink": shrink} if shrink > 1 else {}
        return self._load(self.format.name, self.data, **options)

    def header(self) -> tuple[int, int, int]:
        """Width, height and bytes of the decoded picture, from the header alone."""
        if self.format is not None and self.format.name in _OWN_DECODERS:
            return self._own_header(self.format.name)
        image = self.open()
        sample = _SAMPLE_BYTES.get(image.format, 8)
        return image.width, image.height, image.width * image.height * image.bands * sample

    def _samples(self) -> NDArray[np.generic]:
        if self.array is None:
            raise UnreadableImage(self.name, "no samples given")
        return self.array

    def _bytes(self) -> NDArray[np.uint8]:
        """The whole file as (n,) uint8, mapped rather than read where it is a file."""
        if self.path is not None:
            return np.memmap(self.path, np.uint8, mode="r")
        return np.frombuffer(self.data or b"", np.uint8)

    def _load(self, format_name: str, data: bytes | None, **options: object) -> pyvips.Image:
        """Call the decoder of a format on `data`, or on the file where that is None.

        By operation, not by `new_from_file`: that would read options from brackets in file names
        and choose the decoder itself. The name goes as bytes, for it need not be UTF-8.
        """
        loader = _LOADERS[format_name]
        if pyvips.type_find("VipsForeignLoad", loader) == 0:
            raise UnreadableImage(self.name, f"this build of libvips cannot read {format_name.upper()}")
        options |= {"access": "sequential", "fail_on": "error"}
        if data is not None:
            return _image(pyvips.Operation.call(f"{loader}_buffer", data, **options))
        if self.path is None:
            raise UnreadableImage(self.name, "no file given")
        try:
            os.fsencode(self.path).decode("utf8")
        except UnicodeDecodeError:
            # Some decoders put the name into what they say, and pyvips cannot read that.
            with self.path.open("rb") as file:
                opened = pyvips.Source.new_from_descriptor(file.fileno())
            return _image(pyvips.Operation.call(f"{loader}_source", opened, **options))
        return _image(pyvips.Operation.call(loader, os.fsencode(self.path), **options))

    def _tiff(self) -> pyvips.Image:
        data = self._bytes().data
        blobs = {"exif": exif_of_tiff(data), "iptc": iptc_of_tiff(data)}
        return _with_blobs(self._tiff_samples(), blobs)

    def _tiff_samples(self) -> pyvips.Image:
        tags = tiff.tiff_tags(self._bytes())
        if tags is None:
            return self._load("tiff", self.data)
        if tags.bits == 64:
            raise UnreadableImage(self.name, "64-bit samples; save it with 16 or 32 bits")
        if tags.photometric in (tiff.CIELAB, tiff.ICCLAB) and not tags.is_float:
            # libvips 8.18 refuses 8-bit Lab. Called RGB, the samples come through untouched.
            image = self._load("tiff", tiff.relabelled(self._bytes(), tags, tiff.RGB))
            return image.copy(interpretation="lab")
        image = self._load("tiff", self.data)
        if tags.photometric == tiff.YCBCR and tags.compression not in tiff.JPEG_COMPRESSIONS:
            if tags.subsampling != 1 or image.bands != 3 or image.format != "uchar":
                raise UnreadableImage(self.name, "YCbCr that is neither JPEG nor 8-bit at 1:1")
            centered = image - [0, 128, 128]
            rgb = centered.recomb(_FROM_YCBCR) + 0.5
            return rgb.cast("uchar").copy(interpretation="srgb")
        if tags.photometric == tiff.RGB and tags.unknown_extra and image.bands > 3:
            # Scanners store what infrared light shows there, which is no transparency.
            return image.extract_band(0, n=3)
        if tags.photometric == tiff.MIN_IS_WHITE and tags.is_float:
            # libvips turns integers round, and leaves floats as they are.
            return 1 - image
        return image

    def _own_header(self, format_name: str) -> tuple[int, int, int]:
        if format_name == "heic":
            width, height = self._heic().size
            return width, height, width * height * 6
        if format_name == "bmp":
            bitmap = bmp_header(self._bytes())
            return bitmap.width, bitmap.height, bitmap.width * bitmap.height * 4
        plain = pnm_header(self._bytes())
        sample = 4 if plain.kind in "Ff" else 1 if plain.maximum <= 255 else 2
        return plain.width, plain.height, plain.width * plain.height * plain.bands * sample

    def _own_decoder(self, format_name: str) -> pyvips.Image:
        if format_name == "heic":
            picture = self._heic()
            return _with_blobs(_of_array(heic_samples(picture)), picture.info)
        data = self._bytes()
        if format_name == "bmp":
            return _of_array(bmp_samples(data, bmp_header(data)))
        return _of_array(pnm_samples(data, pnm_header(data)))

    def _heic(self) -> Any:
        return open_heic(self.path if self.path is not None else self.data or b"")


def _image(result: object) -> pyvips.Image:
    if not isinstance(result, pyvips.Image):
        raise TypeError(f"a decoder gave {type(result).__name__}")
    return result


def _of_array(samples: NDArray[np.generic]) -> pyvips.Image:
    """Wrap (height, width[, bands]) samples without copying them where they are contiguous."""
    data = np.ascontiguousarray(samples if samples.ndim == 3 else samples[:, :, np.newaxis])
    height, width, bands = data.shape
    image = pyvips.Image.new_from_memory(data, width, height, bands, _FORMAT_OF[data.dtype.str[1:]])
    deep = data.dtype == np.uint16
    gray = "grey16" if deep else "b-w"
    return image.copy(interpretation=gray if bands < 3 else "rgb16" if deep else "srgb")


def _with_blobs(image: pyvips.Image, info: dict[str, Any]) -> pyvips.Image:
    """Attach metadata that libvips did not find, under the names that it gives them."""
    fields = {
        "exif-data": info.get("exif"),
        "xmp-data": info.get("xmp"),
        "iptc-data": info.get("iptc"),
        "icc-profile-data": info.get("icc_profile"),
    }
    image = image.copy()
    for name, blob in fields.items():
        if blob:
            image.set_type(pyvips.GValue.blob_type, name, bytes(blob))
    return image
