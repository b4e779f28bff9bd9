"""Carrying out a mistake: which places it can strike, and the pass that then results.

Knows programs and the catalogue's form; knows no particular mistake.
"""

from __future__ import annotations

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.mistake import EVERY, HIDDEN, Mistake, Place, Where
from chainrule.explain.review.program import Label, Program

OF_LAYERS = ("z", "h", "gh", "gz", "slope", "back", "data", "sum")
"""Places that every layer has; the others belong to parameters, or there is only one."""


def labels(program: Program, mistake: Mistake) -> list[Label]:
    """Return the places where a mistake can be made, counted from the loss."""
    exercise = program.exercise
    if mistake.scope == "whole":
        found = [(mistake.at,)] if mistake.applies(exercise, 0) else []
        return [label for label in found if label in program.right]
    numbers = range(exercise.depth, 0, -1)
    wheres = numbers if mistake.at in OF_LAYERS else exercise.order
    return [
        (mistake.at, where)
        for where in wheres
        if (mistake.at, where) in program.right and mistake.applies(exercise, where)
    ]


def places(program: Program, mistake: Mistake) -> list[Where]:
    """Return everything that a mistake can be made in: one layer, or a scope of several."""
    found = [label[-1] for label in labels(program, mistake)]
    if mistake.scope == "whole":
        return [0] if found else []
    if mistake.scope == "every":
        return [EVERY] if found else []
    if mistake.scope == "one" or len(found) < 2:
        return found
    return [*found, EVERY, *_smaller_scopes(program, mistake, found)]


def _smaller_scopes(program: Program, mistake: Mistake, layers: list[Where]) -> list[Where]:
    """Return the scopes of a wrong helper function: all hidden layers, all of one activation."""
    if mistake.at not in ("slope", "gz"):
        return []
    known, found = {tuple(layers)}, []
    activations = dict.fromkeys(layer.activation for layer in program.exercise.layers)
    for scope in (HIDDEN, *(f"every {name} layer" for name in activations)):
        struck = tuple(where for where in layers if is_struck(program, scope, where))
        if len(struck) > 1 and struck not in known:
            known.add(struck)
            found.append(scope)
    return list(found)


def is_struck(program: Program, scope: Where, where: Where) -> bool:
    """Tell whether a place lies in a scope."""
    if scope in (EVERY, where):
        return True
    if not isinstance(where, int):
        return False
    if scope == HIDDEN:
        return where < program.exercise.depth
    return scope == f"every {program.exercise.layer(where).activation} layer"


def strike(program: Program, sites: Sites, mistake: Mistake, where: Where) -> Sites:
    """Return the places after a mistake.

    In several layers it is made from the loss downwards, so that each sees the damage above it;
    a mistake of every parameter at once is made in all of them before anything follows.
    """
    if mistake.scope == "whole":
        return _struck(program, sites, mistake, [(mistake.at,)])
    struck = [at for at in labels(program, mistake) if is_struck(program, where, at[-1])]
    if mistake.scope == "every":
        return _struck(program, sites, mistake, struck)
    for label in struck:
        sites = _struck(program, sites, mistake, [label])
    return sites


def _struck(program: Program, sites: Sites, mistake: Mistake, at: list[Label]) -> Sites:
    return sites.rewritten({x: mistake.rewrite(Place(program, sites, x)) for x in at})
