"""The gradient by h is sent down where the gradient by z belongs.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def sent_down(place: Place) -> int:
    """Send the gradient by h through the weights."""
    return place("second_transposed", place["gh", place.number], place.weights())


BECAUSE = (
    "between h{l} and z{l} lies the activation; its derivative belongs into all three: the "
    "gradients of the weights and of the bias, and what is sent down."
)


declare(Mistake(
    "upstream_sent_down", at="back", rewrite=sent_down, applies=curved, scope="one or every",
    bits=3.5,
    says="what is sent down lacks the derivative of the activation",
    wrong="dL/dh{below} = dL/dh{l} {W}^T",
    right="dL/dh{below} = dL/dz{l} {W}^T",
    because=BECAUSE,
))  # fmt: skip
