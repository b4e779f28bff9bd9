"""Of the sigmoid's derivative s (1 - s) only 1 - s is left.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, uses


def only_complement(place: Place) -> int:
    """Return 1 - h."""
    return place("complement", place["h", place.number])


declare(Mistake(
    "only_one_minus_s", at="slope", rewrite=only_complement, applies=uses("sigmoid"),
    scope="one or every", bits=4,
    says="only 1 - s is used, the factor s is lost",
    wrong="slope{l} = 1 - h{l}",
    right="slope{l} = h{l} * (1 - h{l})",
    because="sigmoid'(z) = s (1 - s) with s = sigmoid(z): two factors.",
    example=Example(where=1),
))  # fmt: skip
