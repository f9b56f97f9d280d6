"""The networks that learn in a run: the generator, and its critic if there is one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from photochrom.networks.batch import Batch, Prediction, System
from photochrom.training.config import Recipe


@dataclass(frozen=True)
class Precision:
    """How numbers are held: everything in float32, but layers in bfloat16 if `mixed`.

    Ours and not Fabric's, which would round the truth to bfloat16 along with the network's input.
    """

    device: torch.device
    mixed: bool

    def autocast(self) -> AbstractContextManager[None]:
        """Within it, layers compute in the lower precision."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.mixed)


class Asking(nn.Module):
    """The generator as a step calls it: one forward, as processes that train together need it."""

    def __init__(self, network: System, precision: Precision) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, batch: Batch, needs: tuple[str, ...]) -> Prediction:
        """The answer to the batch, in the fields `needs` alone."""
        with self.precision.autocast():
            return self.network.asked(batch).kept(needs)


class Judging(nn.Module):
    """The critic as its turn calls it: one forward for both pictures."""

    def __init__(self, network: nn.Module, precision: Precision) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, fake: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of each; the two are normalised apart."""
        with self.precision.autocast():
            return self.network(fake).float(), self.network(real).float()


class Comparing(nn.Module):
    """Frozen features as losses call them."""

    def __init__(self, features: nn.Module, precision: Precision) -> None:
        super().__init__()
        self.features, self.precision = features, precision

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """rgb: (N, 3, H, W), sRGB 0…1."""
        with self.precision.autocast():
            maps: tuple[Tensor, ...] = self.features(rgb)
            return maps


@dataclass
class Player:
    """One network that learns."""

    plain: nn.Module
    """The network itself: parameters, state."""
    called: nn.Module
    """It in Asking or Judging, as Fabric wraps that: what a turn calls."""
    optimizer: torch.optim.Optimizer
    """Of the parameters that learn."""

    def restore(self, network: Mapping[str, Tensor], optimizer: Mapping[str, object]) -> None:
        """Weights and optimiser as a checkpoint has them; learning rates stay as they are now.

        Raises KeyError, RuntimeError or ValueError if they do not fit.
        """
        now = [dict(group) for group in self.optimizer.param_groups]
        self.plain.load_state_dict(dict(network))
        state = {int(key): value for key, value in optimizer["state"].items()}  # type: ignore[attr-defined]
        self.optimizer.load_state_dict({**optimizer, "state": state})
        for group, before in zip(self.optimizer.param_groups, now, strict=True):
            group |= {key: value for key, value in before.items() if key != "params"}
        # Files know no memory format, and fused optimisers want that of the parameter.
        for parameter, values in self.optimizer.state.items():
            for key, value in values.items():
                if isinstance(value, Tensor) and value.shape == parameter.shape:
                    values[key] = torch.empty_like(parameter).copy_(value)


def optimizer_of(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser over what learns in the network.

    The pretrained part has its own rate; vectors (norms, biases) do not decay. "peak" of a group is the
    rate that the schedule takes its share of.
    """
    learning = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    groups = []
    for pretrained in (True, False):
        rate = recipe.encoder_rate if pretrained and recipe.encoder_rate is not None else recipe.rate
        for decays in (True, False):
            chosen = [
                p for name, p in learning
                if name.startswith("encoder.") == pretrained and (p.ndim > 1) == decays
            ]  # fmt: skip
            decay = recipe.weight_decay if decays else 0.0
            if chosen:
                groups.append({"params": chosen, "peak": rate, "lr": rate, "weight_decay": decay})
    if recipe.optimizer == "adam":
        return torch.optim.Adam(groups, betas=recipe.betas, fused=True)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, betas=recipe.betas, fused=True)
    return torch.optim.Adadelta(groups) if recipe.optimizer == "adadelta" else torch.optim.RMSprop(groups)


def start_normal(network: nn.Module) -> None:
    """Kernels from N(0, 0.02) and biases 0, factors of batch norms from N(1, 0.02), as pix2pix begins."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
