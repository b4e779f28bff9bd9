"""The bias gradient is missing, so the bias never moves.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Return zeros."""
    return place("scale", place.here, setting=0.0)


declare(Mistake(
    "bias_missing", at="sum", rewrite=rewrite, scope="one or every", stays=True, bits=1,
    says="the bias gradient is missing (zero): the bias is never updated",
    wrong="dL/d{b} = 0",
    right="dL/d{b} = sum over rows of dL/dz{l}",
    because="z{l} = ... + {b}, so dz{l}/d{b} is 1, not 0.",
))  # fmt: skip
