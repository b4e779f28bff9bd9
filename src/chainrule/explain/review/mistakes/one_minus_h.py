"""1 - h is written for 1 - h * h, the derivative of tanh.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare, uses


def only_complement(place: Place) -> int:
    """Return 1 - h."""
    return place("complement", place["h", place.number])


declare(Mistake(
    "one_minus_h", at="slope", rewrite=only_complement, applies=uses("tanh"),
    scope="one or every", bits=4,
    says="1 - h is used for 1 - h * h",
    wrong="slope{l} = 1 - h{l}",
    right="slope{l} = 1 - h{l} * h{l}",
    because="tanh'(z) = 1 - tanh(z)^2.",
))  # fmt: skip
