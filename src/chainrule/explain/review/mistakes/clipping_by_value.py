"""Entries are clipped one by one where the common norm was asked for.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def by_value(place: Place) -> int:
    """Clip each entry."""
    limit = place.exercise.optimizer.clip_norm
    return place("clip", place["grad", place.name], setting=limit)


def has_norm(exercise: Exercise, where: Any) -> bool:
    """Tell whether gradients are clipped by norm alone."""
    rule = exercise.optimizer
    return rule.clip_norm is not None and rule.clip_value is None and moves(exercise, where)


BY_NORM = Example(where="every layer", kind="updates", optimizer={"name": "sgd", "clip_norm": 0.1})


declare(Mistake(
    "clipping_by_value", at="clipped", rewrite=by_value, applies=has_norm, scope="every",
    bits=2.5,
    says="entries are clipped one by one instead of scaled by the common norm",
    wrong="dL/d{p} = clip(dL/d{p}, -limit, limit)",
    right="dL/d{p} = dL/d{p} * limit / norm    (if norm > limit)",
    because="clip_norm keeps the direction of the gradient, clipping entries does not.",
    example=BY_NORM,
))  # fmt: skip
