"""The flagship: an encoder that runs once a picture and a decoder that runs once a palette.

Source: Photochrom's own. The trunk is EfficientNet-Lite2 (Google, Apache-2.0) up to stride 32 with
its ImageNet weights, the first convolution summed over RGB since all three inputs are L. Deepest
features return to stride 16 and become tokens; hints with their confidence and one global token
(palette, wished colourfulness) join them in a few transformer blocks, so that one click can reach
the whole picture; a small U-Net leads to logits over ab bins at stride 4. Beside it `kinship` says which
places of a picture belong together, by which hints are led over it (`networks.kinship`), and `blend` how far
they are led (`networks.blend`).

Every side of the input of encoder and decoder is a multiple of 32; the whole pads to one and cuts back.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.bins import gamut_bins
from photochrom.errors import BadConfig
from photochrom.networks.ab_targets import AbTargets
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.blend import Blend
from photochrom.networks.kinship import Kinship
from photochrom.networks.layers import ConvNorm, InvertedResidual, SamePadConv, TokenBlock, padded
from photochrom.networks.leading import Led, led_over
from photochrom.networks.told import ANOTHER_CLICK, SHOWN, sampled_hints, sampled_wishes

STRIDE = 32
HINT_STRIDE = 4
AB_SCALE = 110.0
# Hints are few and stand beside features of about 1. At a scale of 1 the optimiser's steps were too short for
# their weights: after 270,000 pictures ten times as large ones were still an improvement.
HINT_SCALE = 10.0

# EfficientNet-Lite2 (kernel, stride, expansion, channels, repeats): width 1.1, depth 1.2 of Lite0.
LITE2 = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 3),
    (5, 2, 6, 48, 3),
    (3, 2, 6, 88, 4),
    (5, 1, 6, 120, 4),
    (5, 2, 6, 208, 5),
    (3, 1, 6, 352, 1),
)
# Stages whose result leaves the encoder: strides 2, 4, 8, 16 and 32.
TAPS = (0, 1, 2, 4, 6)
TAP_CHANNELS = tuple(LITE2[i][3] for i in TAPS)


class Features(NamedTuple):
    """What the encoder hands to the decoder, finest first."""

    s2: Tensor  # (N, 16, H/2, W/2)
    s4: Tensor  # (N, 24, H/4, W/4)
    s8: Tensor  # (N, 48, H/8, W/8)
    s16: Tensor  # (N, 120, H/16, W/16)
    s32: Tensor  # (N, 352, H/32, W/32)


class Encoder(nn.Module):
    """lightness: (N, 1, H, W) in 0…100 → Features. channels: 3 for one that sees colour, by `taps`."""

    def __init__(self, *, channels: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            SamePadConv(channels, 32, 3, stride=2), nn.BatchNorm2d(32, eps=1e-3, momentum=0.01), nn.ReLU6()
        )
        stages, ins = [], 32
        for kernel, stride, expand, channels, repeats in LITE2:
            blocks = []
            for i in range(repeats):
                blocks.append(
                    InvertedResidual(ins, channels, kernel, stride=stride if i == 0 else 1, expand=expand)
                )
                ins = channels
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, lightness: Tensor) -> Features:
        """lightness: (N, 1, H, W), 0…100, sides multiples of 32."""
        return self.taps(lightness / 100.0)

    def taps(self, values: Tensor) -> Features:
        """values: (N, channels, H, W), 0…1, sides multiples of 32."""
        # The trunk was trained on (v − 127)/128 of 8-bit values.
        x = self.stem(values * (255.0 / 128.0) - 127.0 / 128.0)
        taps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in TAPS:
                taps.append(x)
        return Features(*taps)


class Decoder(nn.Module):
    """Features, hints and wishes → logits over the ab bins, (N, bins, H/4, W/4).

    hints: (N, 3, H/4, W/4): a, b in Lab units and confidence 0…1; a and b count only where the
    confidence is above 0, and are weighted by it.
    wishes: (N, bins + 3): histogram of wished colours (sums to 1, or all 0), 1 if it is given,
    wished colourfulness (Hasler and Süsstrunk's figure / 50), 1 if it is given.
    """

    def __init__(self, *, bins: int, dim: int, blocks: int, widths: tuple[int, int]) -> None:
        super().__init__()
        mid, fine = widths
        self.merge = nn.Conv2d(TAP_CHANNELS[3] + TAP_CHANNELS[4], dim, 1)
        self.hint16 = nn.Conv2d(3, dim, 1)
        self.wish = nn.Sequential(nn.Linear(bins + 3, dim), nn.GELU(approximate="tanh"), nn.Linear(dim, dim))
        self.blocks = nn.ModuleList(TokenBlock(dim, heads=dim // 32) for _ in range(blocks))
        self.spread = nn.Linear(dim, mid)
        self.lift8 = nn.Conv2d(dim, mid, 1)
        self.skip8 = nn.Conv2d(TAP_CHANNELS[2] + 3, mid, 1)
        self.conv8 = nn.Sequential(ConvNorm(mid, mid), ConvNorm(mid, mid))
        self.lift4 = nn.Conv2d(mid, fine, 1)
        self.skip4 = nn.Conv2d(TAP_CHANNELS[1] + 4 * TAP_CHANNELS[0] + 3, fine, 1)
        self.conv4 = nn.Sequential(ConvNorm(fine, fine), ConvNorm(fine, fine))
        self.head = nn.Conv2d(fine, bins, 1)
        # Logits start as the head's bias, which the trainer sets to the log prior.
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    def forward(self, features: Features, hints: Tensor, wishes: Tensor) -> Tensor:
        """features of one or more pictures, hints, wishes → logits; see the class."""
        confidence = hints[:, 2:]
        weighted = HINT_SCALE * torch.cat([hints[:, :2] * (confidence / AB_SCALE), confidence], dim=1)
        hints8, hints16 = pooled_hints(weighted, 2), pooled_hints(weighted, 4)

        deep = F.interpolate(features.s32, scale_factor=2.0, mode="bilinear", align_corners=False)
        grid = self.merge(torch.cat([features.s16, deep], dim=1)) + self.hint16(hints16)
        whole = self.wish(wishes).unsqueeze(1)
        for block in self.blocks:
            grid, whole = block(grid, whole)

        x = F.interpolate(self.lift8(grid), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = x + self.spread(whole[:, 0])[:, :, None, None]
        x = x + self.skip8(torch.cat([features.s8, hints8], dim=1))
        x = x + self.conv8(x)
        x = F.interpolate(self.lift4(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = x + self.skip4(torch.cat([features.s4, F.pixel_unshuffle(features.s2, 2), weighted], dim=1))
        x = x + self.conv4(x)
        logits: Tensor = self.head(x)
        return logits


def pooled_hints(weighted: Tensor, factor: int) -> Tensor:
    """Hints on a grid `factor` times coarser: confidence-weighted mean ab, and the largest confidence.

    weighted: (N, 3, H, W), ab already times confidence. A lone click thus keeps its colour and its
    weight at every scale instead of fading by factor².
    """
    total = F.avg_pool2d(weighted, factor)
    strongest = F.max_pool2d(weighted[:, 2:], factor)
    scale = strongest / (total[:, 2:] + 1e-6)
    return torch.cat([total[:, :2] * scale, strongest], dim=1)


class Flagship(System):
    """lightness (N, 1, H, W) 0…100, hints, wishes (see Decoder) → logits (N, bins, H/4, W/4).

    dim: channels of the tokens. blocks: transformer blocks. widths: channels of the decoder at strides
    8 and 4. centers: (bins, 2); without it, the bins of the sRGB gamut.
    """

    multiple = STRIDE
    centers: Tensor

    def __init__(
        self,
        *,
        dim: int = 256,
        blocks: int = 3,
        widths: tuple[int, int] = (128, 96),
        centers: Tensor | None = None,
    ) -> None:
        super().__init__()
        if dim < 32 or dim % 32:
            raise BadConfig("dim", f"must be a multiple of 32, not {dim}")
        if blocks < 0:
            raise BadConfig("blocks", f"must be 0 or more, not {blocks}")
        for width in widths:
            if width < 8 or width % 8:
                raise BadConfig("widths", f"must be multiples of 8, not {width}")
        if centers is None:
            centers = torch.tensor(gamut_bins().centers.tolist())
        self.register_buffer("centers", centers.float(), persistent=False)
        self.targets = AbTargets(centers)
        self.encoder = Encoder()
        self.decoder = Decoder(bins=len(centers), dim=dim, blocks=blocks, widths=widths)
        self.kinship = Kinship(TAP_CHANNELS[1:])
        self.blend = Blend(len(centers))

    def forward(self, lightness: Tensor, hints: Tensor | None = None, wishes: Tensor | None = None) -> Tensor:
        """Encoder, then decoder; see the class. Without hints or wishes: none are given."""
        height, width = lightness.shape[2:]
        logits = self._decoded(self.encoder(padded(lightness, STRIDE)), hints, wishes)
        return logits[:, :, : -(-height // HINT_STRIDE), : -(-width // HINT_STRIDE)]

    def _decoded(self, features: Features, hints: Tensor | None, wishes: Tensor | None) -> Tensor:
        n, _, rows, columns = features.s4.shape
        if hints is None:
            hints = features.s4.new_zeros(n, 3, rows, columns)
        hints = F.pad(hints, (0, columns - hints.shape[3], 0, rows - hints.shape[2]))
        if wishes is None:
            wishes = features.s4.new_zeros(n, len(self.centers) + 3)
        logits: Tensor = self.decoder(features, hints, wishes)
        return logits

    def asked(self, batch: Batch) -> Prediction:
        """In bins of the mean colour of each 4×4 pixels."""
        bins, shares = self.binned(batch)
        features = self.encoder(batch.lightness)
        logits = self._decoded(features, batch.hints, batch.wishes).float()
        led = None if batch.clicks is None else self._led(batch, batch.clicks, features, logits)
        smaller = None
        if batch.smaller is not None:
            smaller = self(batch.smaller).float()
            smaller = F.interpolate(smaller, size=logits.shape[2:], mode="bilinear", align_corners=False)
        return Prediction(
            logits=logits, bins=bins, shares=shares, centers=self.centers, smaller=smaller,
            clicked=led and led.ab, spilt=led and led.spilt,
            blended=led and led.blended, departed=led and led.departed,
        )  # fmt: skip

    def _led(self, batch: Batch, clicks: Tensor, features: Features, logits: Tensor) -> Led:
        """Clicks led over the colours that are shown. What leads them alone learns of it."""
        features, logits = Features(*(map_.detach() for map_ in features)), logits.detach()
        if any(words is not None and bool(words.any()) for words in (batch.hints, batch.wishes)):
            with torch.no_grad():
                logits = self._decoded(features, None, None).float()
        temperature, chroma = SHOWN
        shown = Prediction(logits=logits, centers=self.centers).colors(temperature) * chroma
        seen = self.kinship(*features[1:]).float()
        lightness = F.avg_pool2d(batch.lightness, HINT_STRIDE)
        with torch.autocast(logits.device.type, enabled=False):
            return led_over(shown, seen, logits, lightness, clicks, self.centers, self.blend)

    def binned(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The four bins round the mean colour of each 4×4 pixels."""
        bins, shares = self.targets(F.avg_pool2d(batch.ab, HINT_STRIDE))
        return bins, shares

    def told(
        self, batch: Batch, *, hinted: float, wished: float, clicked: float, generator: torch.Generator
    ) -> Batch:
        """Hints and clicks on the grid of the logits; the picture's own palette and colourfulness."""
        ab = F.avg_pool2d(batch.ab, HINT_STRIDE)
        bins, shares = self.targets(ab)
        hints = sampled_hints(ab, generator, share=hinted)
        wishes = sampled_wishes(bins, shares, batch.rgb, len(self.centers), generator, share=wished)
        clicks = sampled_hints(ab, generator, share=clicked, another=ANOTHER_CLICK) if clicked else None
        return batch._replace(hints=hints, wishes=wishes, clicks=clicks)

    def start_from(self, prior: Tensor) -> None:
        """The head's bias becomes the logarithm of the prior."""
        self.decoder.head.load_state_dict({"weight": self.decoder.head.weight, "bias": prior.log().float()})

    def soften(self, temperature: float) -> None:
        """Divide all logits by it from now on, as Guo et al. 2017 (arXiv 1706.04599) calibrate a network."""
        with torch.no_grad():
            for parameter in self.decoder.head.parameters():
                parameter.div_(temperature)

    def load_backbone(self, file: Path) -> None:
        """EfficientNet-Lite2's ImageNet weights into the encoder."""
        # Here, since that module names this one's layers.
        from photochrom.networks.pretrained import load_lite2

        load_lite2(self.encoder, file)
