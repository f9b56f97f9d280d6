"""The derived numbers against the printed ones."""

import numpy as np
import pytest

from photochrom.color import constants as c


def test_matrices_agree_with_the_printed_ones():
    # IEC 61966-2-1:1999, 5.2, four decimals; Lindbloom's sRGB D65 has its own white of ASTM E308.
    printed = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(c.RGB_TO_XYZ, printed, atol=5.1e-5)
    inverse = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    np.testing.assert_allclose(c.XYZ_TO_RGB, inverse, atol=4e-4)


def test_matrices_are_inverses():
    np.testing.assert_allclose(c.RGB_TO_XYZ @ c.XYZ_TO_RGB, np.eye(3), atol=1e-15)
    np.testing.assert_allclose(c.RGB_TO_RELATIVE @ c.RELATIVE_TO_RGB, np.eye(3), atol=1e-15)


def test_rows_relative_to_white_sum_to_one():
    np.testing.assert_allclose(c.RGB_TO_RELATIVE.sum(axis=1), 1, atol=1e-15)
    np.testing.assert_allclose(c.RELATIVE_TO_RGB.sum(axis=1), 1, atol=1e-15)


def test_white_has_the_chromaticity_of_d65():
    np.testing.assert_allclose(c.WHITE_D65, [0.9505, 1.0, 1.0890], atol=1e-4)
    np.testing.assert_allclose(c.WHITE_D65[:2] / c.WHITE_D65.sum(), c.D65_CHROMATICITY, atol=1e-15)


def test_the_exact_cie_fractions():
    assert pytest.approx(216 / 24389, rel=1e-15) == c.LAB_CUBE_JOIN
    assert pytest.approx(24389 / 27 / 116, rel=1e-15) == c.LAB_SLOPE
    assert pytest.approx(c.DELTA, rel=1e-15) == c.LAB_SLOPE * c.LAB_CUBE_JOIN + c.LAB_OFFSET
    assert pytest.approx(0.0031308, abs=5e-8) == c.SRGB_LINEAR_JOIN


@pytest.mark.parametrize(
    "name", ["RGB_TO_XYZ", "XYZ_TO_RGB", "WHITE_D65", "RGB_TO_RELATIVE", "RELATIVE_TO_RGB"]
)
def test_arrays_cannot_be_written_to(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(c, name)[0] = 0
