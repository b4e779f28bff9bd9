"""The targets stand against other rows than their own.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def declare_order(name: str, order: Any, says: str, least: int) -> None:
    """Declare an order in which the targets are taken."""

    def rewrite(place: Place) -> int:
        return place("take_rows", place.here, setting=tuple(order(place.exercise.rows)))

    def applies(exercise: Exercise, where: Any) -> bool:
        return exercise.rows >= least

    declare(Mistake(
        name, at="targets", rewrite=rewrite, applies=applies, scope="whole", bits=5,
        says=says,
        wrong="error = out - y, with y in another order than x",
        right="error = out - y, row by row",
        because="row r of the outputs belongs to row r of the targets.",
        example=Example("3-4:tanh-2", where=0),
    ))  # fmt: skip


declare_order(
    "targets_reversed",
    lambda n: range(n - 1, -1, -1),
    "the targets are in reversed order against the rows",
    2,
)
declare_order(
    "targets_one_down",
    lambda n: [n - 1, *range(n - 1)],
    "each row is compared with the target of the row before it",
    2,
)
declare_order(
    "targets_one_up",
    lambda n: [*range(1, n), 0],
    "each row is compared with the target of the row after it",
    3,
)
