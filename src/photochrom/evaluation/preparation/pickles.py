"""Weights out of pickles, without running anything that is in them.

A pickle is a small program: it may call whatever it names. These readers let it name only what
arrays are made of, and put records of their own in the place of even that. A file that names more
is refused, by that name.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import BadModel

Weights: TypeAlias = dict[str, Any]
"""Name, with dots between its levels → array, number or list."""

_LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION: Final = 1001
# Storage class of torch → how its numbers lie in the file.
_STORAGES: Final = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}
_NUMPY_CODES: Final = frozenset({"f2", "f4", "f8", "i4", "i8"})


def numpy_weights(data: bytes, name: str) -> Weights:
    """A pickle of dictionaries within dictionaries that hold numpy arrays.

    name: of the file, for messages. Raises BadModel if it is damaged, or names anything but arrays.
    """
    with _blaming(name):
        return dict(_flat(_Reader(io.BytesIO(data), _NUMPY_NAMES).load()))


def torch_weights(data: bytes, name: str) -> Weights:
    """A dictionary of tensors as torch.save wrote it before version 1.6: pickles, then raw storages.

    name: of the file, for messages. Raises BadModel if it is damaged, or names anything but tensors.
    """
    with _blaming(name):
        stream = io.BytesIO(data)
        magic, version, system, tree, keys = (_Reader(stream, _TORCH_NAMES).load() for _ in range(5))
        if (magic, version) != (_LEGACY_MAGIC, _LEGACY_VERSION) or not system["little_endian"]:
            raise ValueError("no torch file of the old format")
        flat = dict(_flat(tree))
        sizes = {leaf.storage.key: leaf.storage for leaf in flat.values() if isinstance(leaf, _Tensor)}
        storages = {}
        for key in keys:
            count = int.from_bytes(stream.read(8), "little")
            width = np.dtype(sizes[key].code).itemsize
            storages[key] = stream.read(count * width)
        return _filled(flat, storages)


def torchscript_weights(data: bytes, name: str) -> Weights:
    """The attributes of a TorchScript module and of those within it; the code beside them is not read.

    name: of the file, for messages. Raises BadModel if it is damaged, or names anything but modules
    and tensors.
    """
    with _blaming(name), zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = archive.namelist()[0].partition("/")[0]
        tree = _Reader(io.BytesIO(archive.read(f"{root}/data.pkl")), _TORCH_NAMES).load()
        flat = dict(_flat(tree))
        keys = {leaf.storage.key for leaf in flat.values() if isinstance(leaf, _Tensor)}
        return _filled(flat, {key: archive.read(f"{root}/data/{key}") for key in keys})


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Damage shows itself as almost any exception; all become BadModel."""
    try:
        yield
    except _Refused as error:
        raise BadModel(name, f"refused: it names {error}, which weights have no need of") from error
    except Exception as error:
        raise BadModel(name, f"damaged: {error}") from error


class _Refused(pickle.UnpicklingError):
    """A name that is not in the table."""


class _Reader(pickle.Unpickler):
    """An unpickler that knows the names of a table and no others."""

    def __init__(self, stream: io.BytesIO, names: Mapping[tuple[str, str], Callable[..., Any]]) -> None:
        super().__init__(stream)
        self._names = names

    def find_class(self, module: str, name: str) -> Any:
        """The record that stands for a name."""
        if (module, name) in self._names:
            return self._names[module, name]
        if self._names is _TORCH_NAMES and module.startswith("__torch__."):
            return _Module
        raise _Refused(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage of torch: ("storage", class, key, device, count, …)."""
        kind, code, key, _, count, *_ = pid
        if kind != "storage" or not isinstance(code, str):
            raise ValueError("an unknown kind of storage")
        return _Storage(code, str(key), int(count))


@dataclass
class _Array:
    """What numpy's pickles build an array from."""

    value: NDArray[Any] | None = field(default=None, repr=False)

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Kind, bool, bytes]) -> None:
        _, shape, kind, by_columns, data = state
        self.value = np.frombuffer(data, kind.code).reshape(shape, order="F" if by_columns else "C")


@dataclass
class _Kind:
    """What numpy's pickles build a dtype from."""

    code: str

    def __post_init__(self) -> None:
        if self.code not in _NUMPY_CODES:
            raise ValueError(f"arrays of {self.code!r}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.code = f"{'>' if state[1] == '>' else '<'}{self.code}"


@dataclass(frozen=True)
class _Storage:
    code: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage, its steps counted in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]

    def view(self, data: bytes) -> NDArray[Any]:
        """ValueError or TypeError where it would reach out of `data`."""
        width = np.dtype(self.storage.code).itemsize
        strides = [step * width for step in self.steps]
        lengths = zip(self.shape, self.steps, strict=True)
        last = self.offset + sum((side - 1) * step for side, step in lengths)
        if min(self.offset, 0, *self.steps) < 0 or (last + 1) * width > len(data):
            raise ValueError("a tensor reaches out of its storage")
        return np.ndarray(self.shape, self.storage.code, data, self.offset * width, strides)


class _Module:
    """A module of TorchScript: its attributes alone."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.attributes = state


def _array(*_: Any) -> _Array:
    return _Array()


def _kind(code: str, *_: Any) -> _Kind:
    return _Kind(code)


def _tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], steps: tuple[int, ...], *_: Any
) -> _Tensor:
    return _Tensor(storage, offset, shape, steps)


_NUMPY_NAMES: Final[dict[tuple[str, str], Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _array,
    ("numpy._core.multiarray", "_reconstruct"): _array,
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _kind,
}
_TORCH_NAMES: Final[dict[tuple[str, str], Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch.jit._pickle", "build_intlist"): list,
    ("collections", "OrderedDict"): OrderedDict,
    **{("torch", kind): code for kind, code in _STORAGES.items()},
}


def _flat(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its name."""
    if isinstance(tree, _Module):
        tree = tree.attributes
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from _flat(branch, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(tree, _Array):
        yield prefix, tree.value
    else:
        yield prefix, tree


def _filled(flat: Weights, storages: Mapping[str, bytes]) -> Weights:
    return {
        name: leaf.view(storages[leaf.storage.key]) if isinstance(leaf, _Tensor) else leaf
        for name, leaf in flat.items()
    }
