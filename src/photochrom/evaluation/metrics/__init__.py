"""METRICS: everything that is measured of a result. To add one: a function in a file here, a row below."""

from __future__ import annotations

from typing import Final

from photochrom.evaluation.metrics.accuracy import auc, auc_balanced
from photochrom.evaluation.metrics.bleeding import bleeding
from photochrom.evaluation.metrics.blobs import red_blobs
from photochrom.evaluation.metrics.colorfulness import colorfulness, colorfulness_abs, colorfulness_error
from photochrom.evaluation.metrics.difference import mean_delta_e_76, mean_delta_e_2000, skin
from photochrom.evaluation.metrics.fidelity import PSNR_CEILING, mse, psnr, psnr_ab
from photochrom.evaluation.metrics.gamut import clipped
from photochrom.evaluation.metrics.histogram import intersection_a, intersection_b
from photochrom.evaluation.metrics.metric import Metric
from photochrom.evaluation.metrics.perceptual import lpips_alex, lpips_vgg
from photochrom.evaluation.metrics.semantic import semantic
from photochrom.evaluation.metrics.similarity import ssim

_TRUTH: Final = ("truth",)

_ROWS: Final = (
    Metric("psnr", "PSNR", "dB", 2, "higher", PSNR_CEILING, _TRUTH, psnr, "error of R, G and B"),
    Metric("psnr_ab", "PSNR of ab", "dB", 2, "higher", PSNR_CEILING, _TRUTH, psnr_ab, "error of a and b"),
    Metric("ssim", "SSIM", "", 4, "higher", 1.0, _TRUTH, ssim, "likeness of structure in R, G and B"),
    Metric("mse", "MSE", "", 1, "lower", 0.0, _TRUTH, mse, "squared error of R, G and B, 0…255"),
    Metric("de2000", "ΔE2000", "", 2, "lower", 0.0, _TRUTH, mean_delta_e_2000, "difference as seen"),
    Metric("de76", "ΔE76", "", 2, "lower", 0.0, _TRUTH, mean_delta_e_76, "distance in CIELAB"),
    Metric("colorfulness", "colourfulness", "", 1, None, None, (), colorfulness, "Hasler and Süsstrunk"),
    Metric(
        "colorfulness_abs",
        "colourfulness (abs)",
        "",
        1,
        None,
        None,
        (),
        colorfulness_abs,
        "with absolute values, as many papers compute it",
    ),
    Metric(
        "colorfulness_error",
        "|ΔCF|",
        "",
        1,
        "lower",
        0.0,
        _TRUTH,
        colorfulness_error,
        "colourfulness against the truth's, picture by picture",
    ),
    Metric("auc", "AuC", "%", 2, "higher", 100.0, _TRUTH, auc, "share of pixels of about the right colour"),
    Metric(
        "auc_balanced",
        "AuC, balanced",
        "%",
        2,
        "higher",
        100.0,
        _TRUTH,
        auc_balanced,
        "the same, rare colours weighing as much as common ones",
    ),
    Metric("hist_a", "histogram of a", "", 3, "higher", 1.0, _TRUTH, intersection_a, "what a has in common"),
    Metric("hist_b", "histogram of b", "", 3, "higher", 1.0, _TRUTH, intersection_b, "what b has in common"),
    Metric("skin", "ΔE of skin", "", 2, "lower", 0.0, ("truth", "faces"), skin, "ΔE2000 inside marked faces"),
    Metric("bleeding", "bleeding", "%", 1, None, None, (), bleeding, "colour that changes where L does not"),
    Metric("red_blobs", "red blobs", "", 2, "lower", None, (), red_blobs, "red patches that end at nothing"),
    Metric("clipped", "clipped", "%", 2, None, None, (), clipped, "pixels cut off at the edge of sRGB"),
    Metric(
        "lpips_alex",
        "LPIPS (Alex)",
        "",
        4,
        "lower",
        0.0,
        _TRUTH,
        lpips_alex,
        "difference as AlexNet sees it",
        "lpips-alex",
    ),
    Metric(
        "lpips_vgg",
        "LPIPS (VGG)",
        "",
        4,
        "lower",
        0.0,
        _TRUTH,
        lpips_vgg,
        "difference as VGG16 sees it",
        "lpips-vgg",
    ),
    Metric(
        "semantic",
        "semantic",
        "",
        3,
        "higher",
        None,
        ("label",),
        semantic,
        "share of pictures in which a classifier sees what is there",
        "mobilenet-v2",
    ),
)

METRICS: Final[dict[str, Metric]] = {row.name: row for row in _ROWS}
