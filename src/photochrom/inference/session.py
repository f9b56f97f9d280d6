"""The only door to ONNX Runtime: providers, threads, and running a card's two graphs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from photochrom.errors import BadModel, BadOption
from photochrom.inference.card import ModelCard

Arrays = dict[str, NDArray[np.float32]]

# What a person may ask for → ONNX Runtime's name, in the order in which "auto" tries them.
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
# A picture is a few hundred million multiplications: beyond this many threads they only wait.
MOST_THREADS = 8


def available_providers() -> list[str]:
    """Names out of PROVIDERS that the installed ONNX Runtime has, best first."""
    present = onnxruntime.get_available_providers()
    return [name for name, theirs in PROVIDERS.items() if theirs in present]


def choose_threads(wish: int | None = None) -> int:
    """Threads for the network: as asked, else the processors this process may use, at most 8."""
    if wish is not None:
        if not 1 <= wish <= 256:
            raise BadOption("threads", f"must lie in 1…256, not {wish}")
        return wish
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_THREADS)


class Sessions:
    """A card's encoder and decoder, loaded and checked; `provider` is the one in use.

    provider: "auto" or a key of PROVIDERS. Raises BadOption if it is unknown or not installed,
    BadModel if a graph does not load.
    """

    def __init__(self, card: ModelCard, *, threads: int | None = None, provider: str = "auto") -> None:
        present = available_providers()
        if provider != "auto" and provider not in present:
            raise BadOption("provider", f"{provider!r} is not one of: auto, {', '.join(present)}")
        self.provider = present[0] if provider == "auto" else provider
        self.threads = choose_threads(threads)
        self.card = card
        self.encoder = self._load("encoder")
        self.decoder = self._load("decoder")

    def _load(self, part: str) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        # Threads that spin between calls would take the processor from the libvips that follows.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        # Activations go back to the system after each run: the arena would keep 40 MB of them while
        # libvips writes, and gains nothing on pictures of changing size.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        providers = list(dict.fromkeys([PROVIDERS[self.provider], PROVIDERS["cpu"]]))
        try:
            return onnxruntime.InferenceSession(self.card.graph(part), options, providers=providers)
        except BadModel:
            raise
        except Exception as error:  # ONNX Runtime's own classes share no base but this
            raise BadModel(self.card.path, f"the {part} does not load: {error}") from error

    def encode(self, lightness: NDArray[np.float32]) -> Arrays:
        """lightness: (H, W), 0…100 → the features by name, each (1, C, H/s, W/s)."""
        names = [output.name for output in self.encoder.get_outputs()]
        return dict(zip(names, self._run(self.encoder, {"lightness": lightness[None, None]}), strict=True))

    def decode(
        self,
        features: Mapping[str, NDArray[np.float32]],
        hints: NDArray[np.float32],
        wishes: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """features of `encode`, hints (3, h, w), wishes (K + 3,) → logits (K, h, w)."""
        feed = {**features, "hints": hints[None], "wishes": wishes[None]}
        logits: NDArray[np.float32] = self._run(self.decoder, feed)[0][0]
        return logits

    def _run(self, session: onnxruntime.InferenceSession, feed: Mapping[str, Any]) -> list[Any]:
        try:
            return list(session.run(None, dict(feed)))
        except Exception as error:
            raise BadModel(self.card.path, f"the network failed: {error}") from error
