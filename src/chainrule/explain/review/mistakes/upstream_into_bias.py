"""The bias gradient is made with the gradient by h instead of that by z.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def into_bias(place: Place) -> int:
    """Give the bias the gradient by h."""
    return place("sum_rows", place["gh", place.number])


BECAUSE = (
    "between h{l} and z{l} lies the activation; its derivative belongs into all three: the "
    "gradients of the weights and of the bias, and what is sent down."
)


declare(Mistake(
    "upstream_into_bias", at="sum", rewrite=into_bias, applies=curved, scope="one or every",
    stays=True, bits=2.5,
    says="the bias gradient lacks the derivative of the activation",
    wrong="dL/d{b} = sum over rows of dL/dh{l}",
    right="dL/d{b} = sum over rows of dL/dz{l}",
    because=BECAUSE,
))  # fmt: skip
