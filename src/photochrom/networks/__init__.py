"""Networks that learn to colour. Needs torch: the extra `photochrom[train]`.

Each takes lightness in 0…100 and gives Lab ab or logits over ab bins; its own normalisation stays
inside it. To add one: a file here, a subclass of `batch.System` in it, and a row in NETWORKS.
"""

from __future__ import annotations

from photochrom.networks.batch import Batch, Prediction, System
from photochrom.networks.cnn4 import Cnn4
from photochrom.networks.colorful import Colorful
from photochrom.networks.cwgan import Cwgan
from photochrom.networks.flagship import Flagship
from photochrom.networks.fusion import Fusion
from photochrom.networks.fusion_mrf import FusionMrf
from photochrom.networks.fusion_resnet18 import FusionResNet18
from photochrom.networks.koalarization import Koalarization
from photochrom.networks.network import Network
from photochrom.networks.pix2pix import Pix2Pix
from photochrom.networks.resnet18_unet import ResNet18UNet
from photochrom.networks.siggraph17 import Siggraph17
from photochrom.networks.vgg16_residual import Vgg16Residual

_ROWS: tuple[Network[System], ...] = (
    Network(
        name="cnn4",
        build=Cnn4,
        summary="Four convolutions of 12 channels that see 9×9 pixels: the smallest that learns anything.",
        source="Kaggle adithyakag/image-colorization-cnn, as run by Daru1914/B-W-Colorising-Models",
        published=(({"space": "rgb"}, 3_279),),
    ),
    Network(
        name="pix2pix",
        build=Pix2Pix,
        summary="U-Net down to one pixel and back, trained against a critic of 70×70 patches.",
        source="Isola et al. 2017, arXiv 1611.07004, as in moein-shariatnia's colorization tutorial",
        published=(
            ({}, 54_409_858),
            ({"filters": 32}, 13_606_210),
            ({"filters": 16}, 3_403_426),
            ({"levels": 7}, 41_824_898),
            ({"levels": 5}, 16_654_978),
        ),
        small={"filters": 8, "levels": 5},
    ),
    Network(
        name="fusion",
        build=Fusion,
        summary="What the whole picture is about joins what stands at each place; may tell scenes apart too.",
        source="Iizuka et al. 2016, Let there be Color!, ACM Transactions on Graphics 35 (4)",
        published=(
            ({}, 42_182_818),
            ({"classes": 205}, 42_367_343),
            ({"norm": False}, 42_169_826),
            ({"norm": False, "classes": 205}, 42_353_839),
            ({"norm": False, "fusion": 3}, 43_218_402),
        ),
        small={"filters": 4, "glance": 64, "classes": 5},
    ),
    Network(
        name="fusion-resnet18",
        build=FusionResNet18,
        summary="Half of ResNet-18 and a small decoder: fusion's course project, which fuses nothing.",
        source="lukemelas/Automatic-Image-Colorization, RobsGeorge/ImageColorization-Deep-CNN",
        published=(({}, 954_530), ({"form": "tutorial"}, 954_722)),
        small={"filters": 8},
    ),
    Network(
        name="fusion-mrf",
        build=FusionMrf,
        summary="The same, to 25 bins each of a and b, which neighbours settle in a Markov random field.",
        source="Melas-Kyriazi and Han, Combining Deep CNNs with Markov Random Fields for Image Colorization",
        # Its source gives no number: the count above, its last layer with 50 channels in place of 2.
        published=(({}, 968_402),),
        small={"filters": 8},
    ),
    Network(
        name="colorful",
        build=Colorful,
        summary="Dilated VGG to 313 colours a place, trained so that rare ones count more.",
        source="Zhang, Isola and Efros 2016, arXiv 1603.08511; richzhang/colorization",
        published=(({}, 32_235_385),),
        small={"filters": 8},
    ),
    Network(
        name="koalarization",
        build=Koalarization,
        summary="Each place sees a frozen classifier's view of the whole: Inception-ResNet-v2's of a file "
        "that you have, or EfficientNet-Lite2's in its stead.",
        source="Baldassarre, González Morín and Rodés-Guirao 2017, Deep Koalarization, arXiv 1712.03400",
        published=(
            ({}, 6_574_050),
            ({"embedding": "inception-1000"}, 6_573_794),
            ({"embedding": "inception-1536"}, 6_711_010),
        ),
        small={"filters": 8, "embedding": "lite2", "glance": 64},
    ),
    Network(
        name="resnet18-unet",
        build=ResNet18UNet,
        summary="ResNet-18 down and pixel shuffles up, by L1 first and against a critic then.",
        source="moein-shariatnia's colorization tutorial, strategy 2: fastai's DynamicUnet over ResNet-18",
        published=(({}, 31_099_672),),
        small={"filters": 8},
    ),
    Network(
        name="cwgan",
        build=Cwgan,
        summary="Residual U-Net by L1 alone, which its source calls a conditional WGAN; and as it was meant.",
        source="salim-benhamadi/Pix2Pix-Image-Colorization-with-Conditional-WGAN",
        published=(({}, 8_216_194),),
        small={"filters": 8},
    ),
    Network(
        name="vgg16-residual",
        build=Vgg16Residual,
        summary="VGG16's frozen features added up from coarse to fine, to U and V.",
        source="Armour/Automatic-Image-Colorization, after Ryan Dahl's tinyclouds.org/colorize",
        published=(({}, 503_901),),
        small={"filters": 8},
    ),
    Network(
        name="siggraph17",
        build=Siggraph17,
        summary="U-Net that takes a few true colours as hints, taught by 529 classes first.",
        source="Zhang et al. 2017, arXiv 1705.02999; richzhang/colorization-pytorch",
        published=(({}, 34_187_027),),
        small={"filters": 8},
    ),
    Network(
        name="flagship",
        build=Flagship,
        summary="EfficientNet-Lite2, tokens and a small U-Net to ab bins; takes hints and wishes.",
        source="Photochrom's own; the trunk is Google's EfficientNet-Lite2",
        published=(({}, 8_320_187),),
        small={"dim": 32, "blocks": 1, "widths": (16, 16)},
    ),
)

NETWORKS: dict[str, Network[System]] = {row.name: row for row in _ROWS}

__all__ = ["NETWORKS", "Batch", "Network", "Prediction", "System"]
