"""Adam's running means are not corrected for their start at zero.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def uncorrected(place: Place) -> int:
    """Take the step as if it were a very late one, whose corrections are 1."""
    exercise = place.exercise
    slots = [place[slot, place.name] for slot in exercise.optimizer.slots]
    rule = replace(exercise.optimizer, learning_rate=exercise.rate)
    late = (rule, LATE, exercise.is_bias(place.name))
    weights, gradient = place["parameter", place.name], place["clipped", place.name]
    return place("step", weights, gradient, *slots, setting=late)


LATE = 1e9
"""A step at which no running mean needs a correction."""


def remembers(exercise: Exercise, where: Any) -> bool:
    """Tell whether the update rule has a memory and moves this parameter."""
    return bool(exercise.optimizer.slots) and exercise.specs[where].trainable


def corrects(exercise: Exercise, where: Any) -> bool:
    """Tell whether the update rule corrects its running means."""
    return remembers(exercise, where) and exercise.optimizer.kind in ("adam", "adamw")


declare(Mistake(
    "correction_left_out", at="new", rewrite=uncorrected, applies=corrects, scope="every", bits=2,
    says="the running means are not corrected for their start at zero",
    wrong="step = rate * m / (sqrt(v) + epsilon)",
    right="step = rate * m_hat / (sqrt(v_hat) + epsilon)",
    because="m_hat = m / (1 - beta1^(t+1)), v_hat = v / (1 - beta2^(t+1)).",
    example=Example(
        where="every layer", kind="updates", step=2,
        optimizer={"name": "adam", "learning_rate": 0.1},
    ),
))  # fmt: skip
