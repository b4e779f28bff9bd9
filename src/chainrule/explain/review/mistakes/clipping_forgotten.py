"""Clipping is forgotten.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def forgotten(place: Place) -> int:
    """Leave the gradient as it is."""
    return place["grad", place.name]


BY_NORM = Example(where="every layer", kind="updates", optimizer={"name": "sgd", "clip_norm": 0.1})


declare(Mistake(
    "clipping_forgotten", at="clipped", rewrite=forgotten, scope="every", bits=1,
    applies=lambda exercise, where: exercise.clips and moves(exercise, where),
    says="clipping is forgotten",
    wrong="update with dL/d{p} as it is",
    right="update with dL/d{p} after clipping",
    because="this run clips its gradients before each update.",
    example=BY_NORM,
))  # fmt: skip
