from __future__ import annotations

import pytest

from photochrom.evaluation.setting import Setting, main_place, rules_of
from photochrom.inference.vividness import ColorRule


def slider(*places: float) -> list[Setting]:
    return [Setting(f"vividness {place:g}", ColorRule(chroma=min(1, place)), place) for place in places]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (slider(0, 0.5, 1, 2), 2),
        (slider(0, 0.5, 2), 1),
        (slider(2, 0.5), 0),
        (slider(0), 0),
        ([*slider(0), *rules_of([0.3, 0.1], [1])], 1),
        ([*rules_of([0.3, 0.1], [1]), *slider(1)], 2),
        ([], 0),
    ],
)
def test_the_setting_that_stands_for_a_model(settings: list[Setting], place: int) -> None:
    assert main_place(settings) == place
