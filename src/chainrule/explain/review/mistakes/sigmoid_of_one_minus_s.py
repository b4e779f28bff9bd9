"""sigmoid(1 - s) is written for s (1 - s).

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, uses


def only_complement(place: Place) -> int:
    """Return 1 - h."""
    return place("complement", place["h", place.number])


def sigmoid_of_complement(place: Place) -> int:
    """Return sigmoid(1 - s)."""
    return place("act", only_complement(place), setting="sigmoid")


declare(Mistake(
    "sigmoid_of_one_minus_s", at="slope", rewrite=sigmoid_of_complement,
    applies=uses("sigmoid"), scope="one or every", bits=5,
    says="sigmoid(1 - s) is used for s (1 - s)",
    wrong="slope{l} = sigmoid(1 - h{l})",
    right="slope{l} = h{l} * (1 - h{l})",
    because="in s (1 - s) the s is a number, the output, and not the function sigmoid.",
    example=Example(where=1),
))  # fmt: skip
