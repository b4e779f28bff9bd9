"""The bias gradient is the column sums of the weight gradient.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare


def of_weights(place: Place) -> int:
    """Sum the columns of the weight gradient."""
    return place("sum_rows", place["data", place.number])


declare(Mistake(
    "bias_of_weights", at="sum", rewrite=of_weights, scope="one or every", stays=True, bits=3.5,
    says="the bias gradient is the column sums of the weight gradient: the input is multiplied in",
    wrong="dL/d{b} = column sums of h{below}^T dL/dz{l}",
    right="dL/d{b} = column sums of dL/dz{l}",
    because="a bias is a weight whose input is always 1.",
))  # fmt: skip
