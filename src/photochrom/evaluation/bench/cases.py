"""What is timed: `CASES`, the one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["start", "whole", "loaded", "network"]
Act = Literal["load", "automatic", "edit"]


@dataclass(frozen=True)
class Case:
    """One row of `CASES`.

    name: for --only; title: for the table
    kind: what runs, and beside which floor:
        "start": a process that colours nothing, beside an empty Python
        "whole": `photochrom` from its start to its end, beside a process that only decodes and encodes
        "loaded": pictures from file to file where the model is loaded already, beside the same without it
        "network": the model alone, which no file has a part in and so no floor
    arguments: of `photochrom`, for "start"; None imports the package instead
    width, height, bands, suffix: the picture to be coloured; pictures: how many copies of it
    act, side: for "network", what the model does, with a square of so many pixels; 0: the sides at
        which it looks at a photograph of 3:2
    repeats: for "loaded" and "network", how often in one process; the median is taken
    large: left out unless asked for
    """

    name: str
    title: str
    kind: Kind
    arguments: tuple[str, ...] | None = None
    width: int = 0
    height: int = 0
    bands: int = 1
    suffix: str = ".jpg"
    pictures: int = 1
    act: Act = "automatic"
    side: int = 0
    repeats: int = 1
    large: bool = False

    @property
    def megapixels(self) -> float:
        """Of all its pictures together; 0 where files have no part."""
        return self.width * self.height * self.pictures / 1e6


CASES: Final = (
    Case("version", "photochrom --version", "start", arguments=("--version",)),
    Case("import", "import photochrom", "start"),
    Case("small", "0.5 MP grey JPEG", "whole", width=866, height=577),
    Case("gray24", "24 MP grey JPEG", "whole", width=6000, height=4000),
    Case("color24", "24 MP colour JPEG", "whole", width=6000, height=4000, bands=3),
    Case("gray250", "250 MP grey TIFF", "whole", width=20000, height=12500, suffix=".tif", large=True),
    Case("folder", "20 JPEGs of 0.5 MP", "whole", width=866, height=577, pictures=20),
    Case("loaded0.5", "0.5 MP, model loaded", "loaded", width=866, height=577, repeats=5),
    Case("loaded2", "2 MP, model loaded", "loaded", width=1732, height=1155, repeats=5),
    Case("loaded12", "12 MP, model loaded", "loaded", width=4243, height=2828, repeats=3),
    Case("loaded24", "24 MP, model loaded", "loaded", width=6000, height=4000, repeats=3),
    Case("load", "loading the model", "network", act="load"),
    Case("automatic256", "network, 256 × 256", "network", side=256, repeats=20),
    Case("edit256", "one edit, 256 × 256", "network", act="edit", side=256, repeats=20),
    Case("edit", "one edit, model's own size", "network", act="edit", repeats=20),
)
