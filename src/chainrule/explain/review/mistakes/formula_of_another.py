"""The output form of another activation's derivative: 1-h*h for a sigmoid, s(1-s) for tanh.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, curved, declare


def declare_formula(other: str, form: str) -> None:
    """Declare the use of one activation's formula on another's output."""

    def rewrite(place: Place) -> int:
        return place("form", place["h", place.number], setting=other)

    def applies(exercise: Exercise, where: Any) -> bool:
        return curved(exercise, where) and exercise.layer(where).activation != other

    declare(Mistake(
        f"formula_of_{other}", at="slope", rewrite=rewrite, applies=applies,
        scope="one or every", bits=2,
        says=f"the formula {form}, which is the derivative of {other}, is used",
        wrong=f"slope{{l}} = {form}    with h = h{{l}}",
        right="slope{l} = {f}'(z{l})",
        because=f"layer {{l}} has activation {{f}}; {form} is the derivative of {other} only.",
        example=Example(where=1 if other == "tanh" else 2),
    ))  # fmt: skip


declare_formula("sigmoid", "h * (1 - h)")
declare_formula("tanh", "1 - h * h")
