"""What a row of PROPERTIES says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from photochrom.evaluation.scene import Scene
    from photochrom.evaluation.setting import Setting
    from photochrom.inference.card import ModelCard
    from photochrom.inference.pipeline import Colorizer

Measured = dict[str, Any]
"""Of one picture: nothing but what JSON has."""


class Measure(Protocol):
    """From one picture to what `Gather` takes."""

    def __call__(
        self, colorizer: Colorizer, scene: Scene, setting: Setting, *, detail: int | None = None
    ) -> Measured:
        """detail: short side at which the network looks, where the property leaves it open; None: its own."""


class Gather(Protocol):
    """From the pictures to what the report holds."""

    def __call__(self, pictures: Sequence[Measured], *, seed: int = 0) -> dict[str, Any]:
        """pictures: at least one, each of `Property.measure`; seed: of the bootstrap."""


@dataclass(frozen=True)
class Property:
    """One row of `PROPERTIES`: something of a model that takes more than one look at each picture.

    name: in JSON and on the command line
    title: in reports
    summary: a line for people
    needs: what a model must take ("hints", any "sizes") or give ("logits"); "" where any will do
    needs_truth: whether it compares with the true colours
    measure: of one picture, at the model's main setting (`setting.main_place`) and its rows' detail
    gather: over the pictures
    """

    name: str
    title: str
    summary: str
    needs: Literal["", "sizes", "hints", "logits"]
    needs_truth: bool
    measure: Measure
    gather: Gather

    def lacking(self, card: ModelCard, *, has_truth: bool = True) -> str | None:
        """Why it cannot be measured of a model; None if it can."""
        if self.needs_truth and not has_truth:
            return f"{self.title} compares with true colours, and there are none"
        if self.needs == "sizes" and card.input is not None:
            return f"{self.title} needs a model that can look at several sizes"
        if self.needs == "hints" and not card.takes_hints:
            return f"{self.title} needs a model that takes hints"
        if self.needs == "logits" and card.gives != "logits":
            return f"{self.title} needs a model that gives a distribution over colours"
        return None
