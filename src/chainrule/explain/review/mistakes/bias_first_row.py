"""The bias gradient is the first row only, not the sum over rows.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare, several_rows


def first(place: Place) -> int:
    """Take the first row."""
    return one_row(place, 0)


def one_row(place: Place, row: int) -> int:
    """Take a row."""
    return place("take_rows", place["gz", place.number], setting=(row,))


declare(Mistake(
    "bias_first_row", at="sum", rewrite=first, applies=several_rows, scope="one or every",
    stays=True, bits=2,
    says="the bias gradient is the first row only, not the sum over rows",
    wrong="dL/d{b} = dL/dz{l}[0]",
    right="dL/d{b} = sum over rows r of dL/dz{l}[r]",
    because="the one bias is added in every row, so every row has a say in its gradient.",
))  # fmt: skip
