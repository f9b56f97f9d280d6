"""Colours that a person tells: what was asked for and where, kept in a file, drawn for a network.

`collection.Hints` → `collection.Hints.drawn` → the planes of `Colorizer.hinted`.
"""

from photochrom.hints.collection import Hints
from photochrom.hints.drawn import Drawn, Unmet

__all__ = ["Drawn", "Hints", "Unmet"]
