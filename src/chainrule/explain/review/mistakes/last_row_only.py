"""Only the last row of the batch contributes: the sum is overwritten.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, several_rows


def last(place: Place) -> int:
    """Let only the last row through."""
    return place("only_rows", place.here, setting=(place.exercise.rows - 1,))


declare(Mistake(
    "last_row_only", at="start", rewrite=last, applies=several_rows, scope="whole", bits=2,
    says="only the last row of the batch contributes (the sum is overwritten)",
    wrong="for each row: dL/d{W} = ...",
    right="for each row: dL/d{W} += ...",
    because="the loss is a sum over the rows, and so is its gradient.",
    example=Example(where=0),
))  # fmt: skip
