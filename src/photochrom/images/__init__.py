"""Pictures in and out. The only package that imports pyvips: every full-size pixel lives here.

`read.read_picture` → `picture.Picture` → `compose.compose` → `write.write_picture`.
"""

# First, because it must have its say before pyvips is loaded.
from photochrom.images.door import set_threads

# isort: split
from photochrom.images.compose import compose, side_by_side
from photochrom.images.formats import FORMATS, output_suffix
from photochrom.images.picture import Picture
from photochrom.images.read import DEFAULT_LIMITS, Limits, read_picture
from photochrom.images.write import encode_picture, to_array, write_picture

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "Limits",
    "Picture",
    "compose",
    "encode_picture",
    "output_suffix",
    "read_picture",
    "set_threads",
    "side_by_side",
    "to_array",
    "write_picture",
]
