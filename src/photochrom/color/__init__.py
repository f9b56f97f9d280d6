"""Colour science on numpy arrays: sRGB, CIELAB, the gamut, the ab bins, colour differences.

Colours are floating arrays of shape (…, 3): sRGB and linear RGB in 0…1, XYZ with Y = 1 for white,
L in 0…100, a and b in about ±110. float32 stays float32, everything else is float64. Nothing is
clipped; NaN and infinities come out as such, in their own places, without a warning.
"""
