"""Zhang's semantic test: does a classifier that knows colours see the right thing in the result?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.evaluation.backbones import backbone
from photochrom.evaluation.rendered import Rendered


def semantic(result: Rendered, label: int) -> float:
    """1 if MobileNetV2's first choice for the picture is its class, else 0; the mean is top-1 accuracy.

    label: 0…999. The picture's short side is brought to 256 pixels, and the central 224 × 224 are
    looked at. Sources: Zhang, Isola and Efros, "Colorful image colorization", ECCV 2016, section
    3.1, there with VGG16; `preparation.mobilenet`. Raises MissingBackbone.
    """
    return float(int(logits(result).argmax()) == label)


def logits(picture: Rendered) -> NDArray[np.float32]:
    """(1000,): the classifier's opinion of ImageNet's classes."""
    scores: NDArray[np.float32] = backbone("mobilenet-v2").run({"rgb": picture.rgb[np.newaxis]})[0][0]
    return scores
