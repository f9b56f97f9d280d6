from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.evaluation.imagenet import identifiers, label_of


def test_there_are_a_thousand_classes_in_order_of_their_identifiers() -> None:
    names = list(identifiers())
    assert len(names) == 1000
    assert names == sorted(names)


# As the lists printed with every classifier have them: tench, zebra, espresso, toilet tissue.
@pytest.mark.parametrize(
    ("name", "label"), [("n01440764", 0), ("n02391049", 340), ("n07920052", 967), ("n15075141", 999)]
)
def test_classes_have_their_published_numbers(name: str, label: int) -> None:
    assert label_of(Path(f"{name}_10026.JPEG")) == label


@pytest.mark.parametrize(
    "path", ["n02391049.jpg", "imagenet-sample__n02391049_zebra.jpg", "val/n02391049/ILSVRC2012_val_1.JPEG"]
)
def test_the_identifier_may_stand_anywhere_in_the_name_or_be_the_folder(path: str) -> None:
    assert label_of(Path(path)) == 340


@pytest.mark.parametrize(
    "path",
    [
        "zebra.jpg",
        "n00000001_nothing.jpg",
        "xn02391049.jpg",
        "n023910491.jpg",
        "n02391049_n01440764.jpg",
        "n02391049/a/b.jpg",
    ],
)
def test_a_name_without_one_class_has_none(path: str) -> None:
    assert label_of(Path(path)) is None
