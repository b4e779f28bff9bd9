"""Class numbers that begin with 1 are read as if they began with 0, or the reverse.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Move each row's class by one."""
    return place("roll_columns", place.here, setting=1)


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether the targets are classes."""
    return exercise.loss.targets == "class"


declare(Mistake(
    "classes_off_by_one", at="targets", rewrite=rewrite, applies=applies, scope="whole",
    says="the class numbers are off by one",
    wrong="y[r, class + 1] = 1",
    right="y[r, class] = 1",
    because="classes are counted from 0 here.",
    example=Example("3-4:tanh-3:softmax", 0, "cross_entropy"),
))  # fmt: skip
