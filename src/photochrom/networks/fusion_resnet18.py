"""The first half of ResNet-18 and a small decoder: what a course project made of "fusion".

Source: lukemelas/Automatic-Image-Colorization and its copy RobsGeorge/ImageColorization-Deep-CNN, which
define a fusion layer and a branch of global features and run neither; those are not here. Their grey
values are luma, 0…1, for which L/100 stands here. Nothing else differs from it: the encoder is ResNet-18 up
to its second stage, its first convolution summed over RGB, and learns with the rest. `form = "course"` is
theirs, whose two last layers before the answer have no normalisation and one ends in a sigmoid;
"tutorial" is the tutorial's, with normalisation and ReLU after each.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.layers import padded
from photochrom.networks.resnet18 import ResNet18, load_resnet18

# 8-bit Lab: (ab + 128) / 255.
AB_OFFSET, AB_RANGE = 128.0, 255.0
FORMS = ("course", "tutorial")
STRIDE = 8


class FusionResNet18(System):
    """lightness (N, 1, H, W) 0…100 → ab (N, 2, H, W).

    form: "course" or "tutorial". filters: channels of ResNet-18's first stage; 64 fits its weights.
    """

    multiple = STRIDE

    def __init__(self, *, form: str = "course", filters: int = 64) -> None:
        super().__init__()
        if form not in FORMS:
            raise BadConfig("form", f"{form!r} is not one of {', '.join(FORMS)}")
        if filters < 2 or filters % 2:
            raise BadConfig("filters", f"must be even, not {filters}")
        self.encoder = ResNet18(stages=2, filters=filters)
        self.decoder = nn.Sequential(*climb(filters, form, steps=2), nn.Upsample(scale_factor=2))

    def forward(self, lightness: Tensor) -> Tensor:
        """See the class."""
        return AB_RANGE * self._scaled(lightness) - AB_OFFSET

    def _scaled(self, lightness: Tensor) -> Tensor:
        height, width = lightness.shape[2:]
        features = self.encoder(padded(lightness / 100, self.multiple))
        value: Tensor = self.decoder(features[-1])
        return value.float()[:, :, :height, :width]

    def asked(self, batch: Batch) -> Prediction:
        """In units of 8-bit Lab, (ab + 128)/255; a critic sees L/100 beside it."""
        value = self._scaled(batch.lightness)
        return Prediction(
            value=value,
            target=(batch.ab + AB_OFFSET) / AB_RANGE,
            ab=AB_RANGE * value - AB_OFFSET,
            given=batch.lightness / 100,
        )

    def load_backbone(self, file: Path) -> None:
        """ResNet-18's weights, of whatever it was trained on, into the encoder."""
        load_resnet18(self.encoder, file)


def climb(filters: int, form: str, *, steps: int, outs: int = 2) -> list[nn.Module]:
    """Layers from (N, 2 · filters, H, W) to (N, outs, 2^steps · H, 2^steps · W).

    steps: how many of the source's doublings, 1 or 2; its third follows the answer.
    """
    f = filters
    whole = form == "tutorial"
    layers: list[nn.Module] = [
        nn.Conv2d(2 * f, 2 * f, 3, padding=1), nn.BatchNorm2d(2 * f), nn.ReLU(), nn.Upsample(scale_factor=2),
        nn.Conv2d(2 * f, f, 3, padding=1), nn.BatchNorm2d(f), nn.ReLU(),
        nn.Conv2d(f, f, 3, padding=1), *([nn.BatchNorm2d(f)] if whole else []), nn.ReLU(),
    ]  # fmt: skip
    if steps > 1:
        layers.append(nn.Upsample(scale_factor=2))
    layers += [nn.Conv2d(f, f // 2, 3, padding=1)]
    layers += [nn.BatchNorm2d(f // 2), nn.ReLU()] if whole else [nn.Sigmoid()]
    return [*layers, nn.Conv2d(f // 2, outs, 3, padding=1)]
