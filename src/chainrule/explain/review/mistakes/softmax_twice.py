"""The softmax derivative is applied to p - y, which already contains it.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, last_of


def rewrite(place: Place) -> int:
    """Apply the Jacobian once more."""
    return place("jacobian", place["h", place.number], place.here)


declare(Mistake(
    "softmax_twice", at="gz", rewrite=rewrite, applies=last_of("cross_entropy"), bits=1.5,
    says="the derivative of softmax is applied twice",
    wrong="dL/dz{l} = J_softmax * (p - y)",
    right="dL/dz{l} = p - y    (times 1/n for a mean)",
    because="p - y is already the gradient by the logits: softmax and logarithm together.",
    example=Example("3-4:tanh-3:softmax", loss="cross_entropy"),
))  # fmt: skip
