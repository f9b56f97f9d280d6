"""What a network is shown, what it answers, and what every network of the zoo has to be."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from photochrom.color.bins import mix_prior
from photochrom.errors import BadConfig
from photochrom.networks.ab_targets import annealed_mean


class Batch(NamedTuple):
    """Pictures of one step on the training device, all of height H and width W."""

    lightness: Tensor
    """(N, 1, H, W), 0…100, as the network sees it: damaged where the recipe says so."""
    lab: Tensor
    """(N, 3, H, W): L, a and b of the sound pictures, in Lab units."""
    rgb: Tensor
    """(N, 3, H, W), sRGB 0…1: the same pictures."""
    label: Tensor
    """(N,) int64: the class of the scene, −1 where it is not known."""
    hints: Tensor | None = None
    """What `System.told` adds for networks that take hints; None for all others."""
    wishes: Tensor | None = None
    """As `hints`, of wishes for the whole picture."""
    clicks: Tensor | None = None
    """(N, 3, h, w): a, b and confidence of clicks that are led over the answer, not told to the network."""
    smaller: Tensor | None = None
    """(N, 1, h, w): the same lightness, smaller; None unless a loss wants it looked at too."""

    @property
    def ab(self) -> Tensor:
        """(N, 2, H, W): a and b, in Lab units: the truth."""
        return self.lab[:, 1:]


class Prediction(NamedTuple):
    """What a network answered to a batch, beside what it should have answered; all in float32.

    A system fills in the fields that its losses need (`networks/losses.py` names them) and leaves
    the others None. "Own units" are those in which its source computes losses: ab/110, UV in 0…1.
    """

    value: Tensor | None = None
    """(N, C, h, w): the answer of a regressor, in its own units."""
    target: Tensor | None = None
    """(N, C, h, w): what `value` should be."""
    logits: Tensor | None = None
    """(N, K, h, w): the answer of a classifier, over its bins."""
    bins: Tensor | None = None
    """(N, M, h, w) int64: M bins among which each place's true colour is shared out."""
    shares: Tensor | None = None
    """(N, M, h, w): the share of each of them; they sum to 1 over M."""
    centers: Tensor | None = None
    """(K, 2): the ab of each bin."""
    ab: Tensor | None = None
    """(N, 2, h, w): the answer in Lab units, with its gradient. None: the mean over the bins."""
    given: Tensor | None = None
    """(N, G, h, w): what a critic sees beside `value` or `target`, in the network's own units."""
    scene: Tensor | None = None
    """(N, classes): logits over the classes of scenes."""
    smaller: Tensor | None = None
    """(N, K, h, w): as `logits`, of `Batch.smaller`."""
    clicked: Tensor | None = None
    """(N, 2, h, w), Lab units: the colours that are shown, with `Batch.clicks` led over them."""
    spilt: Tensor | None = None
    """(N,): the share of a lone click that reaches what is far from it."""
    blended: Tensor | None = None
    """As `clicked`, led by a network that blends several ways."""
    departed: Tensor | None = None
    """(N,): how far it departs from the rule for wishes that nobody took from the truth, a share of them."""

    def colors(self, temperature: float = 1.0) -> Tensor:
        """(N, 2, h, w), Lab units: `ab`, or the mean over the bins of softmax(logits / temperature)."""
        if self.ab is not None:
            return self.ab
        if self.logits is None or self.centers is None:
            raise BadConfig("network", "its answer holds neither ab nor logits and centers")
        return annealed_mean(self.logits, self.centers, temperature)

    def kept(self, names: Collection[str]) -> Prediction:
        """The fields `names` alone; `ab` is worked out of the bins where it is asked for and not given.

        What is left out takes no part in the step, so that processes which train together wait for
        the gradients of no more than the losses reach. Raises BadConfig for a field that is None.
        """
        whole = self._replace(ab=self.colors()) if "ab" in names else self
        for name in names:
            if getattr(whole, name) is None:
                raise BadConfig("losses", f"one needs {name!r}, which this network does not answer")
        return whole._replace(**{name: None for name in self._fields if name not in names})


class System(nn.Module):
    """A network of the zoo: `forward` colours, `asked` says what it has to learn.

    forward: lightness (N, 1, H, W) in 0…100 → ab (N, 2, h, w) in Lab units, or logits (N, K, h, w)
    over `centers`. It is what export writes. H and W may be anything: a network that wants multiples
    pads inside (`layers.padded`) and cuts back. Its normalisation is its own business.

    A pretrained part, if there is one, is called `encoder`: it has a learning rate of its own, and
    `load_backbone` fills it. Frozen parameters have requires_grad off. The constructor takes
    keywords alone, each with a default: they are what a recipe's `options` sets.
    """

    multiple: int = 1
    """Sides of training pictures and of the exported graph's input are multiples of this."""
    shown: int = 3
    """Channels that a critic sees: those of `given` and of `value`."""
    classes: int = 0
    """Classes of scenes that it tells apart."""
    temperature: float = 0.7
    """At which validation takes the mean over its bins: between the plain mean, which is grey where it
    doubts, and the likeliest bin."""
    vividness: tuple[tuple[float, float, float, float], ...] = ()
    """For the card of its one graph: places of the slider, each with tau, temperature and chroma. Empty:
    those of any card."""
    backbone: str = ""
    """What `load_backbone` has to bring, for a part that does not learn: else it would show noise. Empty:
    training may begin without."""
    centers: Tensor | None
    """(K, 2): the ab of each bin, a buffer; None for networks that give ab."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centers", None, persistent=False)

    def asked(self, batch: Batch) -> Prediction:
        """Colour `batch.lightness` and say what was answered and what should have been.

        Runs under the trainer's autocast: make float32 of what leaves the layers (`.float()`) before
        anything is computed with it. `photochrom.networks.torch_color` keeps to float32 by itself.
        """
        raise NotImplementedError

    def binned(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """`bins` and `shares` of the true colours, as in Prediction; of classifiers alone."""
        raise NotImplementedError

    def told(
        self, batch: Batch, *, hinted: float, wished: float, clicked: float, generator: torch.Generator
    ) -> Batch:
        """The batch with hints, wishes and clicks for these shares of its pictures.

        Networks that take none of them return it as it is. Every draw comes from `generator`, which may
        be of another device.
        """
        del hinted, wished, clicked, generator
        return batch

    def smoothed(self, counts: Tensor) -> Tensor:
        """How common each bin is, by the counts of a sample: (K,), float64, sums to 1. Raises BadOption."""
        return torch.from_numpy(mix_prior(counts.cpu().numpy()))

    def start_from(self, prior: Tensor) -> None:
        """Begin the head from how common each bin is. prior: (K,), sums to 1. Networks may ignore it."""
        del prior

    def load_backbone(self, file: Path) -> None:
        """Fill the pretrained part from a file. Raises BadConfig if there is none or it does not fit."""
        raise BadConfig("backbone", f"this network starts from no other's weights: {file} is of no use")
