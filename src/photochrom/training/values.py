"""Plain values, as TOML and JSON have them, become typed settings; a mistake names the nearest right one."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from photochrom.errors import BadConfig

T = TypeVar("T")


def from_values(kind: type[T], values: Mapping[str, Any]) -> T:
    """Build a dataclass from plain values: lists become tuples, tables nested dataclasses."""
    hints = typing.get_type_hints(kind)
    for key in values:
        if key not in hints:
            raise BadConfig(key, "unknown setting" + nearest(key, hints))
    for field in dataclasses.fields(typing.cast(Any, kind)):
        unset = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if unset and field.name not in values:
            raise BadConfig(field.name, "must be set")
    return kind(**{key: _converted(key, hints[key], value) for key, value in values.items()})


def options_for(build: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of a constructor from plain values.

    Raises BadConfig for one that it does not take, naming the nearest, and for a wrong kind of value.
    """
    names = [name for name in inspect.signature(build).parameters if name != "self"]
    hints = typing.get_type_hints(inspect.unwrap(getattr(build, "__init__", build)))
    for key in values:
        if key not in names:
            raise BadConfig(f"options.{key}", "unknown option" + nearest(key, names))
    return {key: _converted(f"options.{key}", hints[key], value) for key, value in values.items()}


def one_of(setting: str, value: str, known: Collection[str]) -> None:
    """Raise BadConfig for a value that is not one of the known."""
    if value not in known:
        raise BadConfig(setting, f"{value!r} is not one of {', '.join(known)}{nearest(value, known)}")


def nearest(word: str, known: Collection[str]) -> str:
    """What to add to a message: the known word that is meant, or nothing if none is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _converted(key: str, wanted: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(wanted) and isinstance(value, Mapping):
        return from_values(typing.cast(type[Any], wanted), value)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        wanted = next(kind for kind in arguments if kind is not types.NoneType)
        return None if value is None else _converted(key, wanted, value)
    if origin is tuple and isinstance(value, list | tuple):
        inner = arguments[:1] * len(value) if arguments[-1] is ... else arguments
        if len(inner) != len(value):
            raise BadConfig(key, f"expected {len(inner)} values, not {len(value)}")
        return tuple(_converted(key, kind, part) for kind, part in zip(inner, value, strict=True))
    if origin is Mapping and isinstance(value, Mapping):
        return {str(name): _converted(key, arguments[1], part) for name, part in value.items()}
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is Any or (wanted in (bool, int, float, str) and type(value) is wanted):
        return value
    raise BadConfig(key, f"{value!r} is not of the kind this setting takes")
