"""Only the first row of the batch contributes.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, several_rows


def first(place: Place) -> int:
    """Let only the first row through."""
    return place("only_rows", place.here, setting=(0,))


declare(Mistake(
    "first_row_only", at="start", rewrite=first, applies=several_rows, scope="whole",
    says="only the first row of the batch contributes",
    wrong="dL/d{W} = gradient of row 0",
    right="dL/d{W} = sum over all {n} rows",
    because="the loss is a sum over the rows, and so is its gradient.",
    example=Example(where=0),
))  # fmt: skip
