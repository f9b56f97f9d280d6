"""The only door to ONNX Runtime: providers, threads, and any ONNX file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from photochrom.errors import BadModel, BadOption

Shape = tuple[int | None, ...]

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


def choose_provider(wish: str = "auto") -> str:
    """The provider to try: as asked, or the best there is. Raises BadOption naming those there are."""
    present = available_providers()
    if wish != "auto" and wish not in present:
        raise BadOption("provider", f"{wish!r} is not one of: auto, {', '.join(present)}")
    return present[0] if wish == "auto" else wish


def choose_threads(wish: int | None = None) -> int:
    """Threads for the network: as asked, else the processors this process may use, at most 8."""
    if wish is not None:
        if not 1 <= wish <= 256:
            raise BadOption("threads", f"must lie in 1…256, not {wish}")
        return wish
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_THREADS)


class Graph:
    """One ONNX file, loaded. Several threads may run it at once.

    data: the file's bytes, or its path, which a graph with weights in files beside it needs
    name, part: for messages: the model or file at fault, and which of its graphs this is
    threads: as `choose_threads` takes them
    provider: a key of PROVIDERS, or "auto" for the best that starts; the attribute says which it is

    Raises BadOption for a provider that is unknown, not installed or does not start, BadModel if the
    graph does not load.
    """

    def __init__(
        self,
        data: bytes | Path,
        *,
        name: str,
        part: str = "graph",
        threads: int | None = None,
        provider: str = "auto",
    ) -> None:
        self.name = name
        self.part = part
        chosen = choose_provider(provider)
        self.threads = choose_threads(threads)
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
        source = data if isinstance(data, bytes) else os.fspath(data)
        try:
            self._session = _session(source, options, chosen, may_change=provider == "auto")
        except Exception as error:  # ONNX Runtime's own classes share no base but this
            raise BadModel(name, f"the {part} does not load: {error}") from error
        # Where a graphics card's libraries are missing, ONNX Runtime takes the processor and says nothing.
        self.provider = _name_of(self._session.get_providers()[0])
        if provider not in ("auto", self.provider):
            raise BadOption("provider", f"{provider!r} is installed but does not start on this machine")

    @property
    def inputs(self) -> dict[str, Shape]:
        """What `run` is fed: name → shape, None for a side that is free."""
        return {port.name: _shape(port.shape) for port in self._session.get_inputs()}

    @property
    def outputs(self) -> dict[str, Shape]:
        """What `run` gives, in its order: name → shape, None for a side that is free."""
        return {port.name: _shape(port.shape) for port in self._session.get_outputs()}

    def run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs in the order of `outputs`. feed: every input by name.

        Raises BadModel for other names, types or shapes than the graph takes.
        """
        try:
            return list(self._session.run(None, dict(feed)))
        except Exception as error:  # as above
            raise BadModel(self.name, f"the {self.part} failed: {error}") from error


def _session(
    source: bytes | str, options: onnxruntime.SessionOptions, provider: str, *, may_change: bool
) -> onnxruntime.InferenceSession:
    """A session on a provider, with the processor for what that cannot do. may_change: or on that alone."""
    providers = list(dict.fromkeys([PROVIDERS[provider], PROVIDERS["cpu"]]))
    try:
        # Its own fallback prints to stdout, where a picture may go, and acts in the midst of a run too.
        return onnxruntime.InferenceSession(source, options, providers=providers, enable_fallback=0)
    except Exception:
        if not may_change or provider == "cpu":
            raise
        return _session(source, options, "cpu", may_change=False)


def _name_of(provider: str) -> str:
    return next(name for name, theirs in PROVIDERS.items() if theirs == provider)


def _shape(sides: list[int | str | None]) -> Shape:
    """ONNX Runtime names free sides, or has None for them."""
    return tuple(side if isinstance(side, int) else None for side in sides)
