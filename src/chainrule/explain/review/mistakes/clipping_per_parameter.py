"""Each parameter is clipped by its own norm.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def per_parameter(place: Place) -> int:
    """Clip each parameter by its own norm."""
    grad = place["grad", place.name]
    return place("clip_norm", grad, grad, setting=place.exercise.optimizer.clip_norm)


def has_norm(exercise: Exercise, where: Any) -> bool:
    """Tell whether gradients are clipped by norm alone."""
    rule = exercise.optimizer
    return rule.clip_norm is not None and rule.clip_value is None and moves(exercise, where)


BY_NORM = Example(where="every layer", kind="updates", optimizer={"name": "sgd", "clip_norm": 0.1})


declare(Mistake(
    "clipping_per_parameter", at="clipped", rewrite=per_parameter, applies=has_norm,
    scope="every", bits=2.5,
    says="each parameter is clipped by its own norm",
    wrong="scale = limit / |dL/d{p}|",
    right="scale = limit / norm of all gradients together",
    because="the norm is that of all gradients as one long vector, so that its direction stays.",
    example=BY_NORM,
))  # fmt: skip
