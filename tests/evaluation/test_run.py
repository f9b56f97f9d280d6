from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import BadOption, UnreadableImage
from photochrom.evaluation.metrics import METRICS
from photochrom.evaluation.protocol import PROTOCOLS
from photochrom.evaluation.run import GRAY, LAB8, TRUTH, Setting, evaluate, find_pictures, rules_of
from photochrom.inference.vividness import ColorRule

SETTINGS = (Setting("all", ColorRule()), Setting("half", ColorRule(tau=0.5)))


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_pictures_are_found_below_folders_in_order(photographs: Path) -> None:
    assert names(find_pictures([photographs])) == ["a.png", "b.png", "c.jpg", "d.tif", "e.png"]
    assert find_pictures([photographs / "b.png", photographs / "a.png"])[0].name == "a.png"
    assert len(find_pictures([photographs, photographs / "b.png"])) == 5


def test_a_limit_draws_the_same_pictures_for_the_same_seed(photographs: Path) -> None:
    draws = {seed: find_pictures([photographs], limit=3, seed=seed) for seed in range(8)}
    assert all(len(draw) == 3 and draw == sorted(draw) for draw in draws.values())
    assert draws[1] == find_pictures([photographs], limit=3, seed=1)
    assert len({tuple(draw) for draw in draws.values()}) > 1
    assert len(find_pictures([photographs], limit=99)) == 5


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="holds no pictures"):
        find_pictures([tmp_path])


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_every_row_is_measured_on_every_picture(protocol, photographs: Path, colorizer) -> None:
    files = find_pictures([photographs])
    measured = evaluate(colorizer, files, protocol=protocol, settings=SETTINGS)
    assert measured.rows == (GRAY, LAB8, "all", "half")
    assert measured.files == tuple(files)
    assert not measured.failures
    assert set(measured.values) == set(METRICS)
    for values in measured.values.values():
        assert values.shape == (4, 5)
        assert np.isfinite(values).all()
    psnr, color = measured.values["psnr"], measured.values["colorfulness"]
    gray, lab8, every, half = psnr
    assert (every > lab8).all()
    assert (lab8 > half).all()
    assert (half > gray).all()
    assert (color[0] == 0).all()
    assert (measured.truth["colorfulness"] > 0).all()


def test_the_true_colours_score_the_best_values(photographs: Path, colorizer) -> None:
    measured = evaluate(
        colorizer, [photographs / "a.png"], protocol=PROTOCOLS["crop256"], settings=SETTINGS[:1]
    )
    for name, metric in METRICS.items():
        if metric.better is not None:
            assert measured.values[name][-1, 0] == metric.best
    assert measured.values["colorfulness"][-1, 0] == measured.truth["colorfulness"][0]


def test_the_network_looks_once_at_a_picture(photographs: Path, colorizer) -> None:
    files = find_pictures([photographs])
    evaluate(colorizer, files, protocol=PROTOCOLS["native"], settings=SETTINGS, detail=192)
    assert colorizer.looks == [(str(file), 192) for file in files]


def test_a_bad_file_is_a_failure_and_the_others_go_on(photographs: Path, colorizer) -> None:
    (photographs / "b.png").write_text("words")
    (photographs / "c.jpg").write_bytes(b"")
    measured = evaluate(
        colorizer, find_pictures([photographs]), protocol=PROTOCOLS["crop256"], settings=SETTINGS
    )
    assert names(list(measured.files)) == ["a.png", "d.tif", "e.png"]
    assert [Path(failure.subject).name for failure in measured.failures] == ["b.png", "c.jpg"]
    assert measured.values["psnr"].shape == (4, 3)


def test_without_truth_only_what_needs_none_is_measured(photographs: Path, colorizer) -> None:
    seen: list[tuple[str, ...]] = []
    measured = evaluate(
        colorizer,
        find_pictures([photographs]),
        protocol=PROTOCOLS["native"],
        settings=SETTINGS,
        has_truth=False,
        on_picture=lambda _, pictures: seen.append(tuple(pictures)),
    )
    assert "colorfulness" in measured.values
    assert set(measured.values) == {name for name, metric in METRICS.items() if not metric.needs_truth}
    assert measured.truth == {}
    assert set(seen) == {(GRAY, "all", "half")}


def test_the_pictures_themselves_are_handed_out(photographs: Path, colorizer) -> None:
    seen: dict[str, tuple[str, ...]] = {}
    evaluate(
        colorizer,
        find_pictures([photographs], limit=2),
        protocol=PROTOCOLS["native"],
        settings=SETTINGS,
        on_picture=lambda file, pictures: seen.update({file.name: tuple(pictures)}),
    )
    assert len(seen) == 2
    assert set(seen.values()) == {(GRAY, LAB8, "all", "half", TRUTH)}


def test_two_settings_of_one_name_are_refused(photographs: Path, colorizer) -> None:
    with pytest.raises(BadOption, match="settings"):
        evaluate(colorizer, [], protocol=PROTOCOLS["native"], settings=[SETTINGS[0], SETTINGS[0]])


def test_rules_are_each_tau_with_each_temperature() -> None:
    rules = rules_of([0.0, 0.25], [0.6, 1.0])
    assert [setting.name for setting in rules][:2] == ["tau 0, T 0.6", "tau 0, T 1"]
    assert rules[-1].rule == ColorRule(tau=0.25, temperature=1.0)
    with pytest.raises(BadOption, match="tau"):
        rules_of([3.0], [1.0])
