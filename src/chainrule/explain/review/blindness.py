"""Blindness: which mistakes an exercise cannot show, and which it cannot tell apart.

For teachers: choose rows, outputs, rates and targets that separate what should be learnt. Knows
hypotheses; judges no hand-in.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.document import Document, Row, Sentence, Table
from chainrule.explain.explanation import Explanation
from chainrule.explain.review.arena import Sites
from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.mistakes import catalogue
from chainrule.explain.review.program import Kind
from chainrule.explain.review.rewrites import places
from chainrule.explain.review.space import Space
from chainrule.explain.review.words import in_words, sizes
from chainrule.train import Record
from chainrule.types import Array

AFTER_GRADIENTS = ("clipped", "new")
"""Places that gradients do not come past."""

SAME = 1e-9
"""Predictions nearer than this, relative to their size, are the same."""


def blind(found: Record, step: int = 0, kind: Kind = "gradients") -> Explanation:
    """Return what a review of a step cannot show.

    Parameters
    ----------
    found : Record
        The run.
    step : int
        Which step.
    kind : str
        What would be handed in.
    """
    space = Space(exercise_of(found, step), kind)
    with np.errstate(all="ignore"):
        hidden, groups, count = _sorted(space)
    return Explanation(_document(space, hidden, groups, count))


def _sorted(space: Space) -> tuple[list[Suspect], list[list[Suspect]], int]:
    """Return the mistakes that give the right numbers, and groups that give the same ones."""
    right = space.predictions(space.right)
    hidden: list[Suspect] = []
    kept: list[tuple[list[Suspect], Array, dict[str, Array]]] = []
    every = _every(space)
    for suspect, sites in every:
        predicted = space.predictions(sites)
        if _same(right, predicted):
            hidden.append(suspect)
            continue
        digest = _digest(predicted)
        alike = ((group, known) for group, other, known in kept if _near(other, digest))
        twin = next((group for group, known in alike if _same(known, predicted)), None)
        if twin is None:
            kept.append(([suspect], digest, predicted))
        else:
            twin.append(suspect)
    return hidden, [group for group, *_ in kept if len(group) > 1], len(every)


def _every(space: Space) -> list[tuple[Suspect, Sites]]:
    """Return every single mistake that could be made here, also those that change nothing."""
    found = [(p.suspect, space.after([p.suspect])) for p in space.patterns]
    for mistake in catalogue.values():
        if space.kind == "gradients" and mistake.at in AFTER_GRADIENTS:
            continue
        for where in places(space.program, mistake):
            suspect = Suspect(mistake.name, where)
            found.append((suspect, space.after([suspect])))
    return found


def _digest(predicted: dict[str, Array]) -> Array:
    """Return a few numbers in which different predictions differ."""
    return np.array([float(np.square(array).sum()) for array in predicted.values()])


def _near(a: Array, b: Array) -> bool:
    return bool((np.abs(a - b) <= 1e-6 * np.abs(a) + 1e-300).all())


def _same(a: dict[str, Array], b: dict[str, Array]) -> bool:
    return all(
        a[name].shape == b[name].shape
        and bool((np.abs(a[name] - b[name]) <= SAME * np.abs(a[name]).max(initial=0.0)).all())
        for name in a
    )


def _document(
    space: Space, hidden: list[Suspect], groups: list[list[Suspect]], count: int
) -> Document:
    exercise = space.exercise
    said = (
        f"Of {count} mistakes that this exercise has room for, {len(hidden)} cannot be seen "
        f"({sizes(exercise)})."
    )
    blocks: list[Sentence | Table] = [Sentence(said, role="answer")]
    if hidden:
        rows: tuple[Row, ...] = tuple((in_words(space, s).sentence,) for s in hidden)
        blocks.append(Table(("gives the right numbers here",), rows))
    if groups:
        blocks.append(Sentence("These give the same numbers as each other:"))
        told = [[in_words(space, s).sentence for s in group] for group in groups]
        table = tuple((str(i), sentence) for i, group in enumerate(told, 1) for sentence in group)
        blocks.append(Table(("group", "mistake"), table))
    data = {
        "hidden": [list(map(str, s)) for s in hidden],
        "groups": [[list(map(str, s)) for s in group] for group in groups],
        "tried": count,
    }
    return Document("blind", f"What step {exercise.step} cannot show", tuple(blocks), data)
