"""`colorize`: one call, and what comes back is of the kind that went in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadOption
from photochrom.hints import Hints
from photochrom.images.formats import output_suffix
from photochrom.images.names import result_name
from photochrom.inference.palette import Palette, PaletteSource
from photochrom.inference.pipeline import ColorizeOptions, Colorizer, PictureSource, Result
from photochrom.inference.reference import Reference
from photochrom.inference.weights import DEFAULT_MODEL

if TYPE_CHECKING:
    from PIL.Image import Image

Number = TypeVar("Number", bound=np.generic)


@lru_cache(maxsize=2)
def _loaded(model: str | Path, best: bool) -> Colorizer:
    return Colorizer(model, best=best)


@overload
def colorize(
    x: str | Path, *, model: str | Path = ..., hints: Hints | None = ..., **options: Any
) -> Path: ...
@overload
def colorize(
    x: bytes | bytearray | memoryview, *, model: str | Path = ..., hints: Hints | None = ..., **options: Any
) -> bytes: ...
@overload
def colorize(
    x: NDArray[np.bool_], *, model: str | Path = ..., hints: Hints | None = ..., **options: Any
) -> NDArray[np.uint8]: ...
@overload
def colorize(
    x: NDArray[Number], *, model: str | Path = ..., hints: Hints | None = ..., **options: Any
) -> NDArray[Number]: ...
@overload
def colorize(x: Image, *, model: str | Path = ..., hints: Hints | None = ..., **options: Any) -> Image: ...


def colorize(
    x: Any,
    *,
    model: str | Path = DEFAULT_MODEL,
    palette: Palette | PaletteSource | None = None,
    hints: Hints | None = None,
    reference: Reference | PictureSource | None = None,
    best: bool = False,
    overwrite: bool = False,
    **options: Any,
) -> Any:
    """Colour a picture; the same kind comes back.

    x: a path → the path of NAME.color.EXT beside it (see `images.names`), which must not exist yet
       unless `overwrite` is given;
       bytes of a file → bytes of the same format (where it cannot be written PNG, or AVIF for HEIC and
       TIFF for JPEG 2000);
       a PIL image → a PIL image, RGB or RGBA, upright, whose samples count as sRGB whatever its profile;
       an array (H, W) or (H, W, 1…4), uint8, uint16, or float in 0…1 encoded as sRGB → (H, W, 3),
       or (H, W, 4) with alpha, of the same dtype. float64 and float32 are computed in 16 bits.
    hints: colours told, in pixels or per cent of the upright picture
    palette: colours to paint it with: "#8c2f2f,#d8c9a3", a picture whose colours they are, or a Palette.
    reference: a picture in colour of the same things, whose colours go to where they are seen again.
    best: look at the mirror image too, for twice the network's time, as Colorizer does.
    options: the fields of ColorizeOptions: vividness, detail, restore_tones.
    The model stays loaded. Warns of hints whose colour the lightness of their place does not allow.
    Raises UnreadableImage, ImageTooLarge, BadOption, OutputExists …

    >>> import numpy as np, photochrom
    >>> grey = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
    >>> photochrom.colorize(grey).shape
    (48, 64, 3)
    """
    known = ColorizeOptions.__dataclass_fields__
    if unknown := [name for name in options if name not in known]:
        names = [*known, "hints", "palette", "reference", "best", "overwrite"]
        raise BadOption(", ".join(unknown), f"the options are: {', '.join(names)}")
    chosen = ColorizeOptions(**options)
    told = {"hints": hints, "palette": _as_source(palette), "reference": _as_source(reference)}

    missed: list[str] = []

    def colorizer(source: Any) -> Result:
        result = _loaded(model, best)(source, options=chosen, **told)
        missed.extend(f"{result.picture.name}: {unmet}" for unmet in result.unmet)
        return result

    answer = _answered(x, colorizer, overwrite=overwrite)
    for line in missed:
        warnings.warn(line, stacklevel=2)
    return answer


def _answered(x: Any, colorizer: Callable[[Any], Result], *, overwrite: bool) -> Any:
    """The coloured picture as the kind of thing that x is."""
    if isinstance(x, str | Path):
        return _beside(colorizer(x), Path(x), overwrite=overwrite)
    if isinstance(x, bytes | bytearray | memoryview):
        result = colorizer(bytes(x))
        return result.encode(_suffix(result))
    if isinstance(x, np.ndarray):
        return _as_dtype(colorizer(x).to_array(), x.dtype)
    if _is_pil(x):
        return _pil(colorizer, x)
    raise BadOption(type(x).__name__, "give a path, bytes, a PIL image or a numpy array")


def _beside(result: Result, source: Path, *, overwrite: bool) -> Path:
    form = result.picture.format
    assert form is not None  # what came from a path came in a format
    target = source.with_name(result_name(source.name, form))
    result.save(target, overwrite=overwrite)
    return target


def _suffix(result: Result) -> str:
    form = result.picture.format
    return ".png" if form is None else output_suffix(form.name)


def _as_dtype(pixels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return (pixels / np.iinfo(pixels.dtype).max).astype(dtype)
    if dtype == np.uint16 and pixels.dtype == np.uint8:
        return pixels.astype(np.uint16) * 257
    return pixels


def _sees_through(image: Image) -> bool:
    return "transparency" in image.info


def _is_pil(x: Any) -> bool:
    return hasattr(x, "__array_interface__") and hasattr(x, "mode")


def _as_source(x: Any) -> Any:
    """What `read_picture` takes: a PIL image as an array; all else as it is."""
    return _pixels_of(x) if _is_pil(x) else x


def _pixels_of(image: Image) -> NDArray[Any]:
    """(H, W) or (H, W, 1…4) as `read_picture` takes it, upright."""
    from PIL.ImageOps import exif_transpose  # it is there: the caller holds one of Pillow's images

    image = exif_transpose(image)
    if image.mode in ("PA", "La", "RGBa") or (image.mode in ("1", "L", "P", "RGB") and _sees_through(image)):
        image = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    elif image.mode in ("1", "P", "CMYK", "YCbCr", "LAB", "HSV", "RGBX"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    if pixels.dtype == np.int32:
        pixels = pixels.clip(0, 65535).astype(np.uint16)
    return pixels


def _pil(colorizer: Callable[[NDArray[Any]], Result], image: Image) -> Image:
    from PIL.Image import fromarray

    coloured = colorizer(_pixels_of(image)).to_array()
    if coloured.dtype == np.uint16:  # Pillow holds colour in 8 bits a channel
        coloured = ((coloured.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return fromarray(coloured)
