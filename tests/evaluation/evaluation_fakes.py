"""Contestants whose results are known beforehand, in a module that other processes can import too."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from photochrom.errors import UnreadableImage
from photochrom.evaluation.rendered import Rendered, gray_of
from photochrom.evaluation.setting import Setting
from photochrom.images.read import read_picture
from photochrom.images.whole import whole_file


@dataclass(frozen=True)
class Known:
    """Mixes the true colours with grey; writes a line to `log` for each picture that it colours.

    shares: row → how much of the truth is in it
    fails: names of files that it has no result for
    ends: the name of a file at which its process is sent `number`, -1 for one that dies at once
    """

    name: str
    shares: tuple[tuple[str, float], ...]
    log: Path
    fails: tuple[str, ...] = ()
    salt: str = ""
    ends: str = ""
    number: int = signal.SIGINT
    results: Path | None = None
    kind: str = "results"
    colorizer: None = None
    settings: tuple[Setting, ...] = ()
    detail: int | None = None
    about: dict = field(default_factory=dict)

    def open(self, threads: int | None = None) -> Known:
        return self

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(row for row, _ in self.shares)

    def key_of(self, file: Path) -> str:
        own = b""
        if self.results is not None:
            if not (self.results / file.name).exists():
                raise UnreadableImage(file, "has no result")
            own = (self.results / file.name).read_bytes()
        return hashlib.sha256(f"{self.name} {self.shares} {self.salt}".encode() + own).hexdigest()

    def color(self, file: Path, scene) -> dict[str, Rendered]:
        if file.name == self.ends:
            if self.number < 0:
                os._exit(1)
            signal.raise_signal(self.number)
            time.sleep(30)
        if file.name in self.fails:
            raise UnreadableImage(file, "has no result")
        with self.log.open("a") as log:
            log.write(f"{self.name} {file.name} {os.getpid()}\n")
        gray = gray_of(read_picture(scene.source))
        truth = gray if scene.truth is None else scene.truth
        return {row: _mixed(truth, gray, share) for row, share in self.shares}


def _mixed(truth: Rendered, gray: Rendered, share: float) -> Rendered:
    return Rendered(np.rint(share * truth.rgb + (1 - share) * gray.rgb).astype(np.uint8))


def names_and(contestants, item) -> tuple[str, object]:
    """A piece of work: who is there, and what was given."""
    return " ".join(contestant.name for contestant in contestants), item


def write_or_wait(_contestants, item: tuple[bool, Path]) -> None:
    """Begin a file in the folder and take a while to end it; or wait until another process has begun it."""
    writes, folder = item
    if writes:
        with whole_file(folder / "result", overwrite=False):
            (folder / "begun").touch()
            time.sleep(0.5)
    while not (folder / "begun").exists():
        time.sleep(0.02)
