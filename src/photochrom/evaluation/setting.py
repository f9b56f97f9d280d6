"""Settings: one model coloured in several ways."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from photochrom.inference.vividness import ColorRule


@dataclass(frozen=True)
class Setting:
    """How colours are chosen from what a network made of a picture.

    name: as tables have it
    vividness: the place of the slider that gives the rule, if it came from there; for plots
    """

    name: str
    rule: ColorRule
    vividness: float | None = None


def main_place(settings: Sequence[Setting]) -> int:
    """The place of the setting that stands for a model where only one can.

    That of vividness 1, which people get unasked, or else the first that gives any colour at all.
    """
    for place, setting in enumerate(settings):
        if setting.vividness == 1:
            return place
    return next((place for place, setting in enumerate(settings) if setting.rule.chroma > 0), 0)


def rules_of(taus: Sequence[float], temperatures: Sequence[float]) -> list[Setting]:
    """Each tau with each temperature. Raises BadOption for one outside its range."""
    return [
        Setting(f"tau {tau:g}, T {temperature:g}", ColorRule(tau=tau, temperature=temperature))
        for tau, temperature in itertools.product(taus, temperatures)
    ]
