"""What the optimizer remembers is left out: a plain step is taken.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def plain_step(place: Place) -> int:
    """Take a plain step of gradient descent."""
    step = place("scale", place["clipped", place.name], setting=place.exercise.rate)
    return place("sub", place["parameter", place.name], step)


def remembers(exercise: Exercise, where: Any) -> bool:
    """Tell whether the update rule has a memory and moves this parameter."""
    return bool(exercise.optimizer.slots) and exercise.specs[where].trainable


declare(Mistake(
    "memory_left_out", at="new", rewrite=plain_step, applies=remembers, scope="every", bits=2,
    says="the optimizer's memory is left out: this is a plain step of gradient descent",
    wrong="{p} = {p} - {rate:g} * dL/d{p}",
    right="{p} = {p} - (the step of this run's optimizer)",
    because="this run's optimizer remembers earlier gradients.",
    example=Example(
        where="every layer", kind="updates", step=2,
        optimizer={"name": "momentum", "learning_rate": 0.1},
    ),
))  # fmt: skip
