"""How hints are led over a picture: numbers that training and colouring share.

Training is `networks.leading`, colouring `inference.obey`. docs/hints.md has what each of them gives.
"""

from __future__ import annotations

from typing import Final

SOFTENED: Final = 3.0
"""Temperature at which distributions are compared: unlikely colours tell places apart too."""
DISTRIBUTION: Final = 24.0
"""Weight of how much they differ: squared Hellinger distance, 0…1."""
NEAR: Final = 1.0
"""Distance over which kinship fades, in short sides of the picture."""
LIGHT: Final = 40.0
"""Difference of L over which kinship fades."""
LEAST_DOUBT: Final = 1.0
"""The network's standard deviation of ab, in units of Lab, counts as at least this."""
NOISE: Final = 0.03
"""Variance of a hint's own error, as a share of the variance allowed at its place."""
LARGE: Final = 0.85
"""A difference of more than so many standard deviations of what the network expects is a wish for one thing
rather than a general error: of it the share (LARGE / difference)² goes to all that is kin …"""
CLOSER: Final = 2
"""… and the rest only to what is close kin: kinship to this power."""
COMMON: Final = 2.0
"""Variance of how much more vivid or duller than guessed a picture is in all, as a factor on its colours,
each held to at most its doubt: what hints say of that counts everywhere …"""
MOST_COMMON: Final = 0.5
"""… up to this factor, for wishes may be far from all that is likely."""
REACHES: Final = (0.25, 1.0, 4.0)
"""Powers of kinship, themselves powers of two, by which hints are led beside the rule, wide to close, for a
network that blends them."""
BESIDE: Final = 1 / 3
"""What such a network adds that none of them gives is in units of so much of the root mean square of what
hints ask for …"""
BEYOND: Final = 0.5
"""… and with it no change goes further beyond what some hint or the rule asks for than so much of that."""
