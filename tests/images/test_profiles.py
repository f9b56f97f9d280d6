"""What a profile says of the samples is believed."""

from __future__ import annotations

import numpy as np
import pytest
import pyvips

from photochrom.color.lab import lightness_from_y
from photochrom.color.srgb import srgb_to_lab
from photochrom.images import read_picture

# LittleCMS interpolates grey curves; near black that is worth up to 0.4 of L.
ICC_TOLERANCE = 0.45


def lightness(picture):
    return picture.lightness.numpy().reshape(picture.height, picture.width)


def dot_gain(percent):
    """Linear light of 1024 codes for ink that spreads by `percent` at half tone."""
    ink = 1 - np.linspace(0, 1, 1024)
    spread = (ink + 4 * percent / 100 * ink * (1 - ink)).clip(0, 1)
    return np.rint(65535 * (1 - spread)).astype(np.uint16)


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_gray_gamma(gray, gray16, vips_bytes, make_gray_profile, gamma, suffix):
    for samples, kind in ((gray, "b-w"), (gray16, "grey16")):
        if suffix == ".jpg" and samples.dtype == np.uint16:
            continue
        options = {"Q": 100} if suffix == ".jpg" else {}
        data = vips_bytes(samples, suffix, profile=make_gray_profile(gamma), interpretation=kind, **options)
        decoded = pyvips.Image.new_from_buffer(data, "").numpy()
        light = (decoded / np.iinfo(decoded.dtype).max) ** (round(gamma * 256) / 256)
        picture = read_picture(data)
        assert picture.warnings == ()
        np.testing.assert_allclose(lightness(picture), lightness_from_y(light), atol=ICC_TOLERANCE)


@pytest.mark.parametrize("percent", [10, 15, 20])
def test_dot_gain(gray, vips_bytes, make_gray_profile, percent):
    table = dot_gain(percent)
    data = vips_bytes(gray, ".tif", profile=make_gray_profile(table), interpretation="b-w")
    light = np.interp(gray / 255, np.linspace(0, 1, 1024), table / 65535)
    np.testing.assert_allclose(lightness(read_picture(data)), lightness_from_y(light), atol=ICC_TOLERANCE)
    assert abs(lightness(read_picture(data)) - lightness(read_picture(gray))).max() > 3


def test_gray_with_alpha_and_a_profile(gray, vips_bytes, make_gray_profile):
    data = vips_bytes(np.dstack([gray, gray]), ".png", profile=make_gray_profile(1.8), interpretation="b-w")
    light = (gray / 255) ** (461 / 256)
    np.testing.assert_allclose(lightness(read_picture(data)), lightness_from_y(light), atol=ICC_TOLERANCE)


@pytest.mark.parametrize("bits", [8, 16])
def test_wide_rgb(rgb, vips_bytes, bits):
    """Display P3: the same curve as sRGB, other primaries."""
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    samples = rgb if bits == 8 else rgb.astype(np.uint16) * 257
    kind = "srgb" if bits == 8 else "rgb16"
    picture = read_picture(vips_bytes(samples, ".png", profile=profile, interpretation=kind))
    # Y of linear P3: SMPTE EG 432-1, primaries over D65.
    linear = np.where(rgb <= 10, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.22897, 0.69174, 0.07929]
    np.testing.assert_allclose(lightness(picture), lightness_from_y(light), atol=0.15)


def test_an_srgb_profile_changes_nothing(rgb, vips_bytes):
    profile = bytes(pyvips.Operation.call("profile_load", "srgb"))
    picture = read_picture(vips_bytes(rgb, ".png", profile=profile, interpretation="srgb"))
    np.testing.assert_array_equal(lightness(picture), lightness(read_picture(rgb)))


def test_gray_samples_with_an_rgb_profile(gray, vips_bytes):
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    picture = read_picture(vips_bytes(gray, ".png", profile=profile, interpretation="b-w"))
    assert picture.warnings == ()
    wanted = srgb_to_lab(np.stack([gray / 255] * 3, -1))[..., 0]
    np.testing.assert_allclose(lightness(picture), wanted, atol=0.15)


def test_a_profile_of_the_wrong_kind_is_left_out(rgb, gray, pil_bytes, make_gray_profile):
    picture = read_picture(pil_bytes(rgb, "TIFF", icc_profile=make_gray_profile(1.0)))
    assert len(picture.warnings) == 1
    assert "taken as sRGB" in picture.warnings[0]
    np.testing.assert_array_equal(lightness(picture), lightness(read_picture(rgb)))
    picture = read_picture(pil_bytes(gray, "TIFF", icc_profile=b"no profile"))
    assert len(picture.warnings) == 1
    np.testing.assert_array_equal(lightness(picture), lightness(read_picture(gray)))
