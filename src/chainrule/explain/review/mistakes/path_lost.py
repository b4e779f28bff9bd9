"""Where a parameter is used twice, only one path is kept: = for +=.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare
from chainrule.explain.review.program import paths


def first_path(place: Place) -> int:
    """Keep the path nearest the loss only."""
    return place[paths(place.exercise, place.name)[0]]


def last_path(place: Place) -> int:
    """Keep the path nearest the inputs only: it overwrites the others."""
    return place[paths(place.exercise, place.name)[-1]]


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether paths meet in a parameter."""
    return where in exercise.shared


SHARED = Example(
    "4-4:sigmoid-4:tanh-2", where="shared", layer={"weights_name": "shared"}, reduction="mean"
)

for _name, _rewrite, _which in (
    ("path_lost_inner", first_path, "nearest the loss"),
    ("path_lost_outer", last_path, "nearest the inputs"),
):
    declare(Mistake(
        _name, at="from data", rewrite=_rewrite, applies=applies, bits=2,
        says=f"of the paths that meet in this parameter only the one {_which} is kept",
        wrong="dL/d{p} = ...     (overwritten)",
        right="dL/d{p} += ...    (added up)",
        because="{p} acts on the loss through every layer that uses it; the paths add up.",
        example=SHARED,
    ))  # fmt: skip
