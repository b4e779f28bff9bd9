"""The gradient is clipped where nobody asked for it.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def to_norm(place: Place, limit: float | None) -> int:
    """Clip all gradients by their common norm."""
    specs = place.exercise.specs
    trained = [place["grad", name] for name in place.exercise.order if specs[name].trainable]
    return place("clip_norm", place["grad", place.name], *trained, setting=limit)


def declare_added(limit: float) -> None:
    """Declare clipping to a usual norm where none was asked for."""
    declare(Mistake(
        f"clipping_to_{limit:g}", at="grad", scope="every", reads=True, bits=4,
        rewrite=lambda place: to_norm(place, limit),
        applies=lambda exercise, where: not exercise.clips and moves(exercise, where),
        says=f"the gradient is clipped to norm {limit:g}, which this run does not do",
        wrong=f"dL/d{{p}} = dL/d{{p}} * {limit:g} / norm",
        right="dL/d{p} as it is",
        because="the optimizer of this run has no clip_norm.",
        example=Example("3-4:relu-2", where="every layer", rows=30),
    ))  # fmt: skip


declare_added(1.0)
declare_added(5.0)
