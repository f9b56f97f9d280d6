"""Networks that learn to colour. Needs torch: the extra `photochrom[train]`.

Each takes lightness in 0…100 and gives Lab ab or logits over ab bins; its own normalisation stays
inside it. To add one: a file here and a row in NETWORKS.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from photochrom.networks.flagship import Flagship

NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "flagship": Flagship,
}

__all__ = ["NETWORKS", "Flagship"]
