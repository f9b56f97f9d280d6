"""fusion-resnet18 as a classifier of colours, and a Markov random field that makes neighbours agree.

Source: Melas-Kyriazi and Han, "Combining Deep Convolutional Neural Networks with Markov Random Fields for
Image Colorization" (CS281, Harvard): the network of `fusion_resnet18`, whose last layer gives 25 bins of a
and 25 of b at a quarter of the size, each by itself, and the field of `potts` over each. It does not
say where the bins lie: here 25 equal ones over ±110, so that the middle one is grey. Its authors found
the network hard to train and showed the field over Zhang's distributions; here it is over its own.

The network learns from its own distributions, by cross-entropy. The field has nothing to learn and takes
part in whatever it colours: in validation, and inside the exported graph.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.fusion_resnet18 import climb
from photochrom.networks.layers import padded
from photochrom.networks.potts import SIGMA, SWEEPS, Potts
from photochrom.networks.resnet18 import ResNet18, load_resnet18

BINS = 25
FARTHEST = 110.0
WIDTH = 2 * FARTHEST / BINS
STRIDE = 8
ANSWER_STRIDE = 4


class FusionMrf(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H/4, W/4), within ±105.6.

    sweeps: of the field, 0 for none of it. sigma: squared difference of L/100 at which neighbours part.
    answer: "mode", the likeliest bin, or "mean"; the source finds little between them.
    filters: channels of ResNet-18's first stage; 64 fits its weights.
    """

    multiple = STRIDE
    levels: Tensor
    pairs: Tensor

    def __init__(
        self, *, sweeps: int = SWEEPS, sigma: float = SIGMA, answer: str = "mean", filters: int = 64
    ) -> None:
        super().__init__()
        if sweeps < 0:
            raise BadConfig("sweeps", f"must be 0 or more, not {sweeps}")
        if not sigma > 0:
            raise BadConfig("sigma", f"must be above 0, not {sigma}")
        if answer not in ("mean", "mode"):
            raise BadConfig("answer", f"{answer!r} is not one of mean, mode")
        if filters < 2 or filters % 2:
            raise BadConfig("filters", f"must be even, not {filters}")
        self.answer = answer
        levels = (torch.arange(BINS) + 0.5) * WIDTH - FARTHEST
        self.register_buffer("levels", levels, persistent=False)
        self.register_buffer("pairs", torch.cartesian_prod(levels, levels), persistent=False)
        self.encoder = ResNet18(stages=2, filters=filters)
        self.decoder = nn.Sequential(*climb(filters, "course", steps=1, outs=2 * BINS))
        self.field = Potts(BINS, sweeps=sweeps, sigma=sigma) if sweeps else None

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return self._settled(self._scores(lightness), lightness)

    def _scores(self, lightness: Tensor) -> Tensor:
        """(N, 2, 25, H/4, W/4): logits of a and of b, each by itself."""
        rows, columns = (-(-side // ANSWER_STRIDE) for side in lightness.shape[2:])
        features = self.encoder(padded(lightness / 100, self.multiple))
        scores: Tensor = self.decoder(features[-1])
        of_a, of_b = scores.float()[:, :, :rows, :columns].chunk(2, dim=1)
        return torch.stack([of_a, of_b], dim=1)

    def _settled(self, scores: Tensor, lightness: Tensor) -> Tensor:
        """ab (N, 2, H/4, W/4), after the field."""
        with torch.autocast(lightness.device.type, enabled=False):
            belief = torch.softmax(scores, dim=2)
            if self.field is not None:
                coarse = F.avg_pool2d(padded(lightness.float() / 100, ANSWER_STRIDE), ANSWER_STRIDE)
                belief = self.field(belief, coarse)
            if self.answer == "mode":
                return self.levels[belief.argmax(2)]
            return self._mean(belief)

    def _mean(self, belief: Tensor) -> Tensor:
        return torch.einsum("nckhw,k->nchw", belief, self.levels)

    def asked(self, batch: Batch) -> Prediction:
        """The one bin of the mean colour of each 4×4 pixels, of 625: log-probabilities of a and b add up.

        `ab` is what the field makes of it, but in training the mean before the field; `value` always is
        that, in units of ab/110, beside which a critic sees L/50 − 1.
        """
        bins, shares = self.binned(batch)
        scores = self._scores(batch.lightness)
        of_a, of_b = torch.log_softmax(scores, dim=2).unbind(1)
        with torch.autocast(scores.device.type, enabled=False):
            mean = self._mean(torch.softmax(scores, dim=2))
        return Prediction(
            logits=(of_a.unsqueeze(2) + of_b.unsqueeze(1)).flatten(1, 2),
            bins=bins,
            shares=shares,
            centers=self.pairs,
            value=mean / FARTHEST,
            target=_pooled(batch.ab) / FARTHEST,
            ab=mean if self.training else self._settled(scores, batch.lightness),
            given=_pooled(batch.lightness) / 50 - 1,
        )

    def binned(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """One of 625 bins, 25 · (that of a) + (that of b)."""
        place = ((_pooled(batch.ab) + FARTHEST) / WIDTH).long().clamp(0, BINS - 1)
        bins = BINS * place[:, :1] + place[:, 1:]
        return bins, torch.ones_like(bins, dtype=torch.float32)

    def load_backbone(self, file: Path) -> None:
        """ResNet-18's weights, of whatever it was trained on, into the encoder."""
        load_resnet18(self.encoder, file)


def _pooled(x: Tensor) -> Tensor:
    """Means of 4×4 pixels."""
    return F.avg_pool2d(padded(x, ANSWER_STRIDE), ANSWER_STRIDE)
