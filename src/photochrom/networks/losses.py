"""LOSSES: pure functions of what was answered and what was asked, that a recipe weighs and sums.

Each takes (prediction, batch, aids) and gives a scalar in float32. `adversarial` is not here: it is a
game of two networks, see `photochrom.networks.adversarial`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.networks.ab_targets import soft_cross_entropy
from photochrom.networks.batch import Batch, Prediction
from photochrom.networks.told import COLORFULNESS_UNIT, SHOWN, colorfulness
from photochrom.networks.torch_color import lab_to_srgb

# Share of the uniform distribution in the prior that weights are the inverse of (Zhang et al. 2016).
UNIFORM = 0.5
BLUR3 = ((1.0, 2.0, 1.0), (2.0, 4.0, 2.0), (1.0, 2.0, 1.0))
# The usual 5×5 Gaussian in whole numbers, centre 41 of 273, is no outer product.
BLUR5 = (
    (1.0, 4.0, 7.0, 4.0, 1.0),
    (4.0, 16.0, 26.0, 16.0, 4.0),
    (7.0, 26.0, 41.0, 26.0, 7.0),
    (4.0, 16.0, 26.0, 16.0, 4.0),
    (1.0, 4.0, 7.0, 4.0, 1.0),
)


# Below this mean squared error, 40 dB, a grey picture among the others would outweigh them all.
LEAST_ERROR = 1e-4


@dataclass(frozen=True)
class Aids:
    """What some losses need beside the batch; the same through the whole run."""

    prior: Tensor | None = None
    """(K,), sums to 1: how common each bin was before the first step, smoothed."""
    features: nn.Module | None = None
    """A frozen network, sRGB (N, 3, H, W) in 0…1 → a sequence of feature maps."""


@dataclass(frozen=True)
class Loss:
    """One loss."""

    name: str
    """What a recipe calls it."""
    function: Callable[[Prediction, Batch, Aids], Tensor]
    """A scalar; 0 is perfect, but for cross-entropies to soft targets, whose least is their entropy."""
    needs: tuple[str, ...]
    """The fields of the Prediction that it reads."""
    summary: str
    """What it measures, in one line."""
    aid: str = ""
    """The field of Aids that it reads, if any."""


def l1(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """Mean absolute difference, own units."""
    value, target = _pair(prediction)
    return F.l1_loss(value, target)


def l2(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """Mean squared difference, own units."""
    value, target = _pair(prediction)
    return F.mse_loss(value, target)


def huber(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """Mean of d²/2 below a difference d of 1 and d − 1/2 above, own units."""
    value, target = _pair(prediction)
    return F.huber_loss(value, target)


def squares(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """Sum of squared differences over pictures, places and channels, own units.

    A step is then as many times larger as there are places in the batch, and with several processes
    each of which sees a part, as many times smaller.
    """
    value, target = _pair(prediction)
    return F.mse_loss(value, target, reduction="sum")


def blurred_squares(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """Mean of `squares` as it is, after [1 2 1]² / 16 and after a 5×5 Gaussian, each channel by itself.

    After Armour's Automatic-Image-Colorization, whose own kernels mix the channels: `mixed_squares`.
    """
    return _blurred(*_pair(prediction))


def mixed_squares(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """`blurred_squares` as its source computes it: both blurred channels are the blur of their sum."""
    return _blurred(*_pair(prediction), mixed=True)


def cross_entropy(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """Mean over places of −Σ share · log softmax(logits)."""
    return _entropies(prediction).mean()


def rebalanced(prediction: Prediction, _batch: Batch, aids: Aids) -> Tensor:
    """`cross_entropy` with each place weighed by how rare its strongest bin is (arXiv 1603.08511).

    Weights are 1 / ((1 − λ) prior + λ uniform), λ = 0.5, scaled so that Σ prior · weight = 1. The
    source weighs the gradient and reports the plain loss; here the loss is weighed, which has the
    same gradient.
    """
    assert aids.prior is not None
    assert prediction.bins is not None
    assert prediction.shares is not None
    prior = aids.prior.float()
    weight = 1 / ((1 - UNIFORM) * prior + UNIFORM / len(prior))
    weight = weight / (prior * weight).sum()
    strongest = prediction.bins.gather(1, prediction.shares.argmax(1, keepdim=True)).squeeze(1)
    return (_entropies(prediction) * weight[strongest]).mean()


def infidelity(prediction: Prediction, batch: Batch, _aids: Aids) -> Tensor:
    """Logarithm of the mean squared error in sRGB on the answer's grid; mean over pictures.

    What PSNR asks of the choice of a colour: 0.023 are 0.1 dB, and of the logarithm, a picture that is hard
    counts no more than another. Colours are the mean at the temperature of SHOWN, their chroma as it is, not
    clipped to sRGB.
    """
    ab = prediction._replace(ab=None).colors(SHOWN[0])
    side = batch.lab.shape[2] // ab.shape[2]
    colored = lab_to_srgb(torch.cat([F.avg_pool2d(batch.lab[:, :1], side), ab], dim=1))
    error = (colored - F.avg_pool2d(batch.rgb, side)).square().mean((1, 2, 3))
    return (error + LEAST_ERROR).log().mean()


def scene(prediction: Prediction, batch: Batch, _aids: Aids) -> Tensor:
    """Cross-entropy to the class of the scene, mean over the pictures whose class is known; else 0."""
    assert prediction.scene is not None
    total = F.cross_entropy(prediction.scene, batch.label, ignore_index=-1, reduction="sum")
    return total / (batch.label >= 0).sum().clamp_min(1)


def perceptual(prediction: Prediction, batch: Batch, aids: Aids) -> Tensor:
    """Sum over feature maps of the mean absolute difference between the coloured picture's and the truth's.

    After Johnson et al. 2016, arXiv 1603.08155, with absolute in place of squared differences. Colours
    are not clipped to sRGB, since outside it a clip would stop the gradient.
    """
    assert aids.features is not None
    here, there = aids.features(_colored(prediction, batch)), aids.features(batch.rgb)
    differences = [F.l1_loss(mine.float(), its.float()) for mine, its in zip(here, there, strict=True)]
    return torch.stack(differences).sum()


def perceptual_cosine(prediction: Prediction, batch: Batch, aids: Aids) -> Tensor:
    """Sum over feature maps of the mean squared distance of unit vectors, the answer's to the truth's.

    Twice 1 − cosine: LPIPS (Zhang et al. 2018, arXiv 1801.03924) without its learnt weights, so that no map
    counts for more by larger numbers. Colours are those that are shown: see SHOWN.
    """
    assert aids.features is not None
    temperature, chroma = SHOWN
    with torch.no_grad():
        there = aids.features(batch.rgb)
    # `ab`, where another loss has it made, is the mean at another temperature.
    ab = prediction._replace(ab=None).colors(temperature)
    here = aids.features(_with_lightness(chroma * ab, batch))
    apart = [
        (F.normalize(mine.float(), dim=1) - F.normalize(its.float(), dim=1)).square().sum(1).mean()
        for mine, its in zip(here, there, strict=True)
    ]
    return torch.stack(apart).sum()


def scales(prediction: Prediction, batch: Batch, _aids: Aids) -> Tensor:
    """Mean over places of how far a smaller look's distribution is from the look's own, by KL divergence.

    The smaller look learns from the larger, not the other way round, which would teach the larger its
    mistakes. Pictures of which something was told do not count, for the smaller look is told nothing; 0
    where there is no smaller look, as when a network is judged.
    """
    if prediction.smaller is None:
        return batch.lightness.new_zeros(())
    assert prediction.logits is not None
    told = torch.zeros(len(batch.lightness), dtype=torch.bool, device=batch.lightness.device)
    for words in (batch.hints, batch.wishes):
        if words is not None:
            told |= words.flatten(1).any(1)
    asked = F.log_softmax(prediction.logits.detach().float(), dim=1)
    given = F.log_softmax(prediction.smaller.float(), dim=1)
    divergence = (asked.exp() * (asked - given)).sum(1).mean((1, 2))
    return (divergence * ~told).sum() / (~told).sum().clamp_min(1)


def clicked(prediction: Prediction, batch: Batch, _aids: Aids) -> Tensor:
    """Logarithm of 1 and the mean squared error in ab that clicks have left; mean over pictures with clicks.

    Of the logarithm, as of PSNR, for a picture that is hard counts no more than another. 0 without clicks.
    """
    return _left(prediction.clicked, batch)


def blended(prediction: Prediction, batch: Batch, _aids: Aids) -> Tensor:
    """The same of clicks that a network has led in several ways at once."""
    return _left(prediction.blended, batch)


def _left(colors: Tensor | None, batch: Batch) -> Tensor:
    assert colors is not None
    assert batch.clicks is not None
    truth = F.avg_pool2d(batch.ab, batch.ab.shape[2] // colors.shape[2])
    error = (colors - truth).square().mean((1, 2, 3))
    has = batch.clicks[:, 2].flatten(1).any(1)
    return (torch.log1p(error) * has).sum() / has.sum().clamp_min(1)


def departed(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """How far blending departs from the rule for wishes that nobody took from the truth; mean over pictures.

    Clicks of the truth alone would teach that whatever is asked for holds of the whole picture.
    """
    assert prediction.departed is not None
    return prediction.departed.mean()


def spilt(prediction: Prediction, _batch: Batch, _aids: Aids) -> Tensor:
    """The share of a lone click, of 30 units of Lab, that reaches what is far from it; mean over pictures.

    Clicks of the truth's colours alone teach to lead errors of whole pictures far; people click one sleeve.
    """
    assert prediction.spilt is not None
    return prediction.spilt.mean()


def colorful(prediction: Prediction, batch: Batch, _aids: Aids) -> Tensor:
    """Mean absolute difference in colourfulness from the truth's (Hasler and Süsstrunk's figure / 50)."""
    return (
        colorfulness(_colored(prediction, batch)) - colorfulness(batch.rgb)
    ).abs().mean() / COLORFULNESS_UNIT


def _pair(prediction: Prediction) -> tuple[Tensor, Tensor]:
    assert prediction.value is not None
    assert prediction.target is not None
    return prediction.value, prediction.target


def _blurred(value: Tensor, target: Tensor, *, mixed: bool = False) -> Tensor:
    difference = value - target
    total = difference.square().sum()
    for taps in (BLUR3, BLUR5):
        kernel = difference.new_tensor(taps)
        kernel = kernel / kernel.sum()
        channels = difference.shape[1]
        seen = difference.sum(1, keepdim=True).expand_as(difference) if mixed else difference
        weight = kernel.expand(channels, 1, *kernel.shape)
        total = total + F.conv2d(seen, weight, padding=len(taps) // 2, groups=channels).square().sum()
    return total / 3


def _entropies(prediction: Prediction) -> Tensor:
    """(N, h, w): the cross-entropy at each place."""
    assert prediction.logits is not None
    assert prediction.bins is not None
    assert prediction.shares is not None
    return soft_cross_entropy(prediction.logits, prediction.bins, prediction.shares)


def _colored(prediction: Prediction, batch: Batch) -> Tensor:
    """(N, 3, H, W), sRGB: the true lightness with the colours of the answer."""
    return _with_lightness(prediction.colors(), batch)


def _with_lightness(ab: Tensor, batch: Batch) -> Tensor:
    """(N, 3, H, W), sRGB: the true lightness with these colours, (N, 2, h, w)."""
    if ab.shape[2:] != batch.lab.shape[2:]:
        ab = F.interpolate(ab, size=batch.lab.shape[2:], mode="bilinear", align_corners=False)
    return lab_to_srgb(torch.cat([batch.lab[:, :1], ab], dim=1))


_ROWS = (
    Loss("l1", l1, ("value", "target"), "mean absolute difference"),
    Loss("l2", l2, ("value", "target"), "mean squared difference"),
    Loss("huber", huber, ("value", "target"), "squared where small, absolute where large"),
    Loss("squares", squares, ("value", "target"), "sum of squared differences"),
    Loss("blurred_squares", blurred_squares, ("value", "target"), "the same of blurred chroma too"),
    Loss("mixed_squares", mixed_squares, ("value", "target"), "the same, its channels mixed as published"),
    Loss("cross_entropy", cross_entropy, ("logits", "bins", "shares"), "of the ab bins"),
    Loss(
        "rebalanced",
        rebalanced,
        ("logits", "bins", "shares"),
        "of the ab bins, rare ones count more",
        "prior",
    ),
    Loss("infidelity", infidelity, ("logits", "centers"), "logarithm of the squared error in sRGB"),
    Loss("scene", scene, ("scene",), "cross-entropy of the scene's class"),
    Loss("perceptual", perceptual, ("ab",), "difference between a classifier's features", "features"),
    Loss(
        "perceptual_cosine",
        perceptual_cosine,
        ("logits", "centers"),
        "directions of these features, of the colours that are shown",
        "features",
    ),
    Loss("scales", scales, ("logits", "smaller"), "difference between a look and a smaller one"),
    Loss("clicked", clicked, ("clicked",), "error that simulated clicks leave"),
    Loss("spilt", spilt, ("spilt",), "share of a lone click that reaches what is far from it"),
    Loss("blended", blended, ("blended",), "error that simulated clicks leave, led in several ways at once"),
    Loss("departed", departed, ("departed",), "how else invented clicks are led than by the rule"),
    Loss("colorfulness", colorful, ("ab",), "difference in how colourful the picture is"),
)

LOSSES: dict[str, Loss] = {row.name: row for row in _ROWS}
