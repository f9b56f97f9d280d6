"""Rows of the tables of networks and critics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from torch import nn

N_co = TypeVar("N_co", bound=nn.Module, covariant=True)


@dataclass(frozen=True)
class Network(Generic[N_co]):
    """One network: how it is made and what is known about it."""

    name: str
    """What the person types."""
    build: Callable[..., N_co]
    """Its class. The keywords of the constructor are what `options` of a recipe may set."""
    summary: str
    """What it is, in one line."""
    source: str
    """Where it comes from: authors, year, arXiv number or repository."""
    published: tuple[tuple[Mapping[str, Any], int], ...] = ()
    """Options → learnable parameters, as its source has them; a test holds the code to each."""
    small: Mapping[str, Any] = field(default_factory=dict)
    """Options for the same shape at a size that a test or a first try can afford."""
