"""The weight gradient is made with the gradient by h instead of that by z.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def into_weights(place: Place) -> int:
    """Give the weights the gradient by h."""
    return place("first_transposed", place["h", place.number - 1], place["gh", place.number])


BECAUSE = (
    "between h{l} and z{l} lies the activation; its derivative belongs into all three: the "
    "gradients of the weights and of the bias, and what is sent down."
)


declare(Mistake(
    "upstream_into_weights", at="data", rewrite=into_weights, applies=curved, stays=True,
    bits=3.5,
    says="the weight gradient lacks the derivative of the activation",
    wrong="dL/d{W} = h{below}^T dL/dh{l}",
    right="dL/d{W} = h{below}^T dL/dz{l}",
    because=BECAUSE,
))  # fmt: skip
