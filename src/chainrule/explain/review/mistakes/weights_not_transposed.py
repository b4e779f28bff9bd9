"""The weights are not transposed on the way back.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, square


def rewrite(place: Place) -> int:
    """Multiply by W instead of its transpose."""
    return place("product", place["gz", place.number], place.weights())


declare(Mistake(
    "weights_not_transposed", at="back", rewrite=rewrite, applies=square, scope="one or every",
    bits=2,
    says="the weights are not transposed on the way back",
    wrong="dL/dh{below} = dL/dz{l} {W}",
    right="dL/dh{below} = dL/dz{l} {W}^T",
    because="forward, unit i sends to unit j by {W}[i,j]; backward the same number carries the "
    "signal from j to i.",
    example=Example("3-4:sigmoid-4:tanh-2"),
))  # fmt: skip
