"""The derivative of another activation, at the right place z.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, curved, declare


def declare_slope(other: str) -> None:
    """Declare the use of another activation's derivative."""

    def rewrite(place: Place) -> int:
        return place("slope", place["z", place.number], setting=other)

    def applies(exercise: Exercise, where: Any) -> bool:
        return curved(exercise, where) and exercise.layer(where).activation != other

    declare(Mistake(
        f"slope_of_{other}", at="slope", rewrite=rewrite, applies=applies,
        scope="one or every", bits=2.5,
        says=f"the derivative of {other} is used instead of the layer's own",
        wrong=f"dL/dz{{l}} = dL/dh{{l}} * {other}'(z{{l}})",
        right="dL/dz{l} = dL/dh{l} * {f}'(z{l})",
        because=f"layer {{l}} computes {{f}}, not {other}.",
        example=Example(where=1 if other == "tanh" else 2),
    ))  # fmt: skip


for _other in ("sigmoid", "tanh", "relu"):
    declare_slope(_other)
