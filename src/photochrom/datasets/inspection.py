"""What a set of pictures is like before anything is learnt from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.color.srgb import srgb_to_lab
from photochrom.datasets.damage import Damage
from photochrom.datasets.examine import examined
from photochrom.datasets.fingerprints import Fingerprint, fingerprint, same_groups
from photochrom.datasets.pictures import EncodedPicture
from photochrom.datasets.screen import fault, places

AB_EDGE: Final = 110
"""Beyond the a and b of all sRGB colours."""
AB_STEP: Final = 5
AB_CELLS: Final = 2 * AB_EDGE // AB_STEP

# The four directions of Lab's plane, by their hue in quarter turns from red.
TINTS: Final = ("red", "yellow", "green", "blue")


@dataclass(frozen=True)
class Inspection:
    """What was found; `values` says it in JSON."""

    pictures: int
    bytes: int
    sources: Counter[str]
    classes: Counter[str]
    """Without the pictures of no known class."""
    formats: Counter[str]
    sizes: Counter[tuple[int, int]]
    """(width, height)."""
    faults: Counter[str]
    """grey, tinted, white ground: as `data shard` leaves out."""
    tints: Counter[str]
    """Of the tinted, which way: sepia is yellow."""
    identical: list[list[str]]
    """Names of pictures whose files are the same to the byte."""
    alike: list[list[str]]
    """Names of pictures that show the same, in other files."""
    damaged: list[Damage]
    chroma: float
    """Mean over all pictures, in Lab units."""
    ab: NDArray[np.float64]
    """(44, 44): share of each 5 × 5 Lab units of all pictures, a downwards from −110, b to the right."""

    def values(self) -> dict[str, Any]:
        """As JSON takes it."""
        sides = {side: _spread(self.sizes, pick) for side, pick in _SIDES.items()}
        return {
            "format": 1,
            "pictures": self.pictures,
            "bytes": self.bytes,
            "sources": dict(self.sources),
            "classes": dict(sorted(self.classes.items())),
            "formats": dict(self.formats),
            "sizes": {f"{w}x{h}": count for (w, h), count in self.sizes.most_common()},
            **sides,
            **{name.replace(" ", "_"): self.faults[name] for name in ("grey", "tinted", "white ground")},
            "grey_share": self.faults["grey"] / max(1, self.pictures),
            "tints": dict(self.tints),
            "identical": self.identical,
            "alike": self.alike,
            "damaged": [damage._asdict() for damage in self.damaged],
            "chroma": round(self.chroma, 3),
            "ab": {"first": -AB_EDGE, "step": AB_STEP, "shares": self.ab.round(8).tolist()},
        }


class _Seen(NamedTuple):
    """One picture."""

    bytes: int
    form: str
    size: tuple[int, int]
    fault: str | None
    mean: tuple[float, float]
    chroma: float
    cells: NDArray[np.int64]
    fingerprint: Fingerprint


def inspect(
    pictures: Sequence[EncodedPicture],
    *,
    damaged: Sequence[Damage] = (),
    progress: Callable[[], None] = lambda: None,
) -> Inspection:
    """Decode every picture and count. damaged: what reading the set has found already."""
    broken = list(damaged)
    kept, seen = [], []
    ab = np.zeros((AB_CELLS, AB_CELLS))
    for picture, one in examined(pictures, _look, damaged=broken.append, progress=progress):
        ab += (one.cells / one.cells.sum()).reshape(ab.shape)
        kept.append(picture)
        seen.append(one._replace(cells=one.cells[:0]))
    prints = [one.fingerprint for one in seen]
    names = [picture.name for picture in kept]
    identical = _groups(names, same_groups(prints, alike=False))
    first = {prints[i].content: i for i in reversed(range(len(prints)))}
    distinct = sorted(first.values())
    alike = _groups([names[i] for i in distinct], same_groups([prints[i] for i in distinct]))
    return Inspection(
        pictures=len(seen),
        bytes=sum(one.bytes for one in seen),
        sources=Counter(picture.source for picture in kept),
        classes=Counter(picture.label for picture in kept if picture.label),
        formats=Counter(one.form for one in seen),
        sizes=Counter(one.size for one in seen),
        faults=Counter(one.fault for one in seen if one.fault),
        tints=Counter(tint(*one.mean) for one in seen if one.fault == "tinted"),
        identical=identical,
        alike=alike,
        damaged=broken,
        chroma=float(np.mean([one.chroma for one in seen])) if seen else 0.0,
        ab=ab / max(1, len(seen)),
    )


def tint(a: float, b: float) -> str:
    """The nearest of TINTS."""
    return TINTS[round(np.arctan2(b, a) / (np.pi / 2)) % 4]


def _look(picture: EncodedPicture, data: bytes, image: Image.Image) -> _Seen:
    rgb = np.asarray(image.convert("RGB"))
    ab = srgb_to_lab(places(rgb).astype(np.float32) / 255)[..., 1:].reshape(-1, 2)
    cell = np.clip((ab + AB_EDGE) // AB_STEP, 0, AB_CELLS - 1).astype(np.int64)
    del picture
    return _Seen(
        bytes=len(data),
        form=image.format or "unknown",
        size=image.size,
        fault=fault(rgb),
        mean=(float(ab[:, 0].mean()), float(ab[:, 1].mean())),
        chroma=float(np.hypot(ab[:, 0], ab[:, 1]).mean()),
        cells=np.bincount(cell[:, 0] * AB_CELLS + cell[:, 1], minlength=AB_CELLS**2),
        fingerprint=fingerprint(data, image),
    )


def _groups(names: Sequence[str], leaders: NDArray[np.int64]) -> list[list[str]]:
    """The names that share a leader, where there are several."""
    groups: dict[int, list[str]] = defaultdict(list)
    for name, leader in zip(names, leaders.tolist(), strict=True):
        groups[leader].append(name)
    return [group for group in groups.values() if len(group) > 1]


_SIDES: Final[dict[str, Callable[[tuple[int, int]], int]]] = {
    "width": lambda size: size[0],
    "height": lambda size: size[1],
    "short_side": min,
}


def _spread(sizes: Counter[tuple[int, int]], pick: Callable[[tuple[int, int]], int]) -> dict[str, float]:
    values = sorted(pick(size) for size in sizes.elements())
    if not values:
        return {}
    return {"least": values[0], "median": float(np.median(values)), "most": values[-1]}
