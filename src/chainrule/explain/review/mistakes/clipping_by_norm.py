"""The gradient is scaled by its norm where entries were to be clipped.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def by_norm(place: Place) -> int:
    """Clip by the common norm."""
    return to_norm(place, place.exercise.optimizer.clip_value)


def to_norm(place: Place, limit: float | None) -> int:
    """Clip all gradients by their common norm."""
    specs = place.exercise.specs
    trained = [place["grad", name] for name in place.exercise.order if specs[name].trainable]
    return place("clip_norm", place["grad", place.name], *trained, setting=limit)


def has_value(exercise: Exercise, where: Any) -> bool:
    """Tell whether gradients are clipped by value alone."""
    rule = exercise.optimizer
    return rule.clip_value is not None and rule.clip_norm is None and moves(exercise, where)


BY_VALUE = Example(
    where="every layer", kind="updates", optimizer={"name": "sgd", "clip_value": 0.05}
)


declare(Mistake(
    "clipping_by_norm", at="clipped", rewrite=by_norm, applies=has_value, scope="every",
    bits=2.5,
    says="the gradient is scaled by its norm instead of clipped entry by entry",
    wrong="dL/d{p} = dL/d{p} * limit / norm",
    right="dL/d{p} = clip(dL/d{p}, -limit, limit)",
    because="clip_value cuts off single entries.",
    example=BY_VALUE,
))  # fmt: skip
