"""What is installed here, asked of the libraries themselves.

A program: `python -m photochrom.evaluation.bench.installation JSON`, the argument of `installation` by name.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import packages_distributions, version
from typing import Any

import numpy as np

from photochrom.evaluation.bench.child import answer
from photochrom.images.door import VERSION
from photochrom.inference.session import available_providers
from photochrom.inference.weights import DEFAULT_MODEL, find_model


def installation(model: str | None) -> dict[str, Any]:
    """Versions by name, ONNX Runtime's providers with the best first, and which model it is.

    model: None for the default one. A model is known by its name and the checksum of its card, which
    holds those of its graphs. Raises ModelNotFound, BadModel.
    """
    card = find_model(model or DEFAULT_MODEL)
    # It comes in several builds, those for graphics cards under names of their own.
    runtimes = {name: version(name) for name in sorted(set(packages_distributions()["onnxruntime"]))}
    return {
        "versions": {**runtimes, "libvips": VERSION, "numpy": np.__version__},
        "providers": available_providers(),
        "model": {"name": card.name, "sha256": hashlib.sha256(card.path.read_bytes()).hexdigest()},
        "takes_hints": card.takes_hints,
    }


if __name__ == "__main__":
    answer(installation)
