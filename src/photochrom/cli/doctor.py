"""`photochrom doctor`."""

from __future__ import annotations

import dataclasses
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import click

from photochrom import __version__
from photochrom.cli.console import Console, one_line
from photochrom.cli.extras import EXTRAS
from photochrom.cli.options import console_options, json_option

PACKAGES: Final = ("numpy", "pyvips", "pyvips-binary", "onnxruntime", "click", "rich")
"""Distributions whose version is told. pyvips-binary is libvips; without it the system's own is used."""

# The picture that is timed: half a megapixel, the size of a small scan.
TIMED: Final = (624, 832)


@dataclass(frozen=True)
class Finding:
    """One line of the report. ok: None where nothing is wrong or right; cure: what to do about it."""

    name: str
    value: str
    ok: bool | None = None
    cure: str | None = None


@click.command()
@json_option
@console_options
def doctor(*, as_json: bool, console: Console) -> None:
    """Say what works here, how fast, what is missing, and the command that adds it.

    Exit code 1 if photographs cannot be coloured.
    """
    healthy = True
    for finding in _findings():
        healthy = healthy and finding.ok is not False
        if as_json:
            console.record(dataclasses.asdict(finding))
            continue
        mark = {True: "ok", False: "FAILS", None: ""}[finding.ok]
        console.data(f"{finding.name:<14}{mark:<7}{finding.value}".rstrip())
        if finding.cure is not None:
            console.data(f"{'':<21}→ {finding.cure}")
    click.get_current_context().exit(0 if healthy else 1)


def _findings() -> Iterator[Finding]:
    yield Finding("photochrom", __version__)
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    for package in PACKAGES:
        yield _package(package)
    for name, check in (
        ("formats", _formats),
        ("processors", _processors),
        ("providers", _providers),
        ("model", _model),
        ("speed", _speed),
    ):
        yield _checked(name, check)
    for name, extra in EXTRAS.items():
        if extra.missing:
            value = f"not here, for {extra.purpose}: {', '.join(extra.missing)}"
            yield Finding(f"[{name}]", value, cure=f'pip install "photochrom[{name}]"')
        else:
            yield Finding(f"[{name}]", f"here, for {extra.purpose}", ok=True)


def _checked(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 (a report of what fails must not fail)
        kind = type(error).__name__
        return Finding(name, one_line(kind, str(error)), ok=False, cure="pip install --upgrade photochrom")


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        if name == "pyvips-binary":
            return Finding(name, "not here: libvips is the system's own")
        return Finding(name, "not installed", ok=False, cure=f"pip install {name}")


def _formats() -> Finding:
    """Each format is tried, for libvips can be built without some."""
    import numpy as np

    from photochrom.errors import PhotochromError
    from photochrom.images import FORMATS, compose, encode_picture, read_picture

    gray = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
    works, fails = [], []
    for row in FORMATS.values():
        if row.saver is None:
            continue
        try:
            picture = read_picture(gray)
            image = compose(picture, np.zeros((48, 64, 4), np.float32))
            read_picture(encode_picture(image, picture, row.suffixes[0]))
        except PhotochromError:
            fails.append(row.name)
        else:
            works.append(row.name)
    if fails:
        cure = "pip install 'pyvips[binary]', which brings a libvips with all of them"
        return Finding(
            "formats", f"written: {', '.join(works)}; not: {', '.join(fails)}", ok=False, cure=cure
        )
    return Finding("formats", f"written: {', '.join(works)}", ok=True)


def _processors() -> Finding:
    from photochrom.inference.session import choose_threads

    return Finding("processors", f"{os.cpu_count()}, of which the network uses {choose_threads()}")


def _providers() -> Finding:
    from photochrom.inference.session import available_providers

    providers = available_providers()
    cure = None
    if shutil.which("nvidia-smi") and "cuda" not in providers:
        cure = "for the NVIDIA card: pip uninstall onnxruntime && pip install onnxruntime-gpu"
    elif sys.platform == "win32" and "directml" not in providers:
        cure = "for the graphics card: pip uninstall onnxruntime && pip install onnxruntime-directml"
    return Finding("providers", ", ".join(providers), ok=bool(providers), cure=cure)


def _model() -> Finding:
    from photochrom.inference.weights import DEFAULT_MODEL, find_model

    card = find_model(DEFAULT_MODEL)
    for part in card.graphs:
        card.graph(part)  # compares it with the card's checksum
    return Finding("model", f"{card.name}, {card.size / 1e6:.1f} MB, checksums agree", ok=True)


def _speed() -> Finding:
    import numpy as np

    from photochrom.inference.pipeline import Colorizer

    height, width = TIMED
    waves = np.sin(np.arange(height)[:, None] / 40) * np.cos(np.arange(width) / 60)
    picture = (127.5 + 120 * waves).astype(np.uint8)
    started = time.perf_counter()
    colorizer = Colorizer()
    loaded = time.perf_counter()
    colorizer(picture).to_array()  # the first run also allocates; people notice the others
    warm = time.perf_counter()
    colorizer(picture).to_array()
    seconds = time.perf_counter() - warm
    value = (
        f"{width}×{height} pixels in {seconds:.2f} s on {colorizer.provider} "
        f"with {colorizer.threads} threads; loading took {loaded - started:.2f} s"
    )
    return Finding("speed", value, ok=True)
