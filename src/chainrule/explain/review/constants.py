"""Wrong constants: a table of factors that people lose or add, and where they do it.

A factor is not a rewrite of its own: where the result is linear in the gradient, it is a number
for each block, which can be read off. Knows factors and places; judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import eq

import numpy as np

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.program import Label, Program
from chainrule.types import Array

ALL, START, BACKWARD = "every gradient", "start", "gz"
ONE, DATA, WEIGHTS, BIASES = "gradient", "data part", "weights", "biases"
PENALTY, PENALTIES = "penalty", "penalties"
UPDATES, UPDATE = "every update", "update"

ZERO = "0"
OF_PENALTIES = (ZERO, "2", "1/2", "n", "1/n", "-1", "rate")
"""Factors that people put before a penalty."""


def constants(exercise: Exercise, *, moves: bool) -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return the factors by name: value, and every name that has this value here.

    Parameters
    ----------
    exercise : Exercise
        Whose rows, outputs and rate they are.
    moves : bool
        Whether updates are judged: there the learning rate may also be missing.
    """
    n, k, rate = exercise.rows, exercise.outputs, exercise.rate
    table = {
        "-1": -1.0, "2": 2.0, "1/2": 0.5, "n": n, "1/n": 1 / n, "2/n": 2 / n, "n/2": n / 2,
        "k": k, "1/k": 1 / k, "2/k": 2 / k, "k/2": k / 2, "2/(n k)": 2 / (n * k),
        "1/(n k)": 1 / (n * k), "n k/2": n * k / 2, "rate": rate, "-rate": -rate,
        "rate/n": rate / n, "4": 4.0, "-2": -2.0, "-n": -n, "-1/n": -1 / n,
    }  # fmt: skip
    if moves and rate:
        table |= {"1/rate": 1 / rate, "-1/rate": -1 / rate}
    found: dict[str, tuple[float, tuple[str, ...]]] = {}
    for name, value in table.items():
        if abs(value - 1) < 1e-12 or not np.isfinite(value) or value == 0:
            continue
        twin = next((k for k, v in found.items() if abs(v[0] - value) <= 1e-12 * abs(value)), None)
        if twin is None:
            found[name] = float(value), (name,)
        else:
            found[twin] = found[twin][0], (*found[twin][1], name)
    return found


@dataclass(frozen=True, eq=False)
class Pattern:
    """A wrong constant as a factor of each block: of its data part, and of its penalty."""

    suspect: Suspect
    data: Array
    penalty: Array


class _Patterns:
    """A list of patterns that grows, for what is handed in under some names."""

    def __init__(self, names: tuple[str, ...], table: Mapping[str, float]) -> None:
        self.names, self.table = names, table
        self.found: list[Pattern] = []

    def add(self, suspect: Suspect, struck: Callable[[str], bool], parts: str = "both") -> None:
        """Add a factor of the data part, of the penalty, or of both, in the blocks it strikes."""
        value = 0.0 if suspect.constant == ZERO else self.table[suspect.constant]
        hit = np.array([struck(name) for name in self.names])
        data = np.where(hit & (parts != "penalty"), value, 1.0)
        penalty = np.where(hit & (parts != "data"), value, 1.0)
        self.found.append(Pattern(suspect, data, penalty))


def patterns(program: Program, table: Mapping[str, float]) -> list[Pattern]:
    """Return every wrong constant that is one factor for each block."""
    growing = _Patterns(program.names, table)
    for constant in table:
        if program.is_linear:
            _of_gradients(program, growing, constant)
        else:
            growing.add(Suspect(UPDATES, 0, constant), _everywhere)
            for name in program.names:
                growing.add(Suspect(UPDATE, name, constant), partial(eq, name))
    if program.is_linear:
        _of_penalties(program.exercise, growing)
    return growing.found


def _everywhere(name: str) -> bool:
    return True


def _of_gradients(program: Program, growing: _Patterns, constant: str) -> None:
    """Add a constant at every place where the gradient passes."""
    exercise = program.exercise
    penalized = [name for name in exercise.order if exercise.penalized(name)]
    growing.add(Suspect(ALL, 0, constant), _everywhere)
    if penalized:
        growing.add(Suspect(START, 0, constant), _everywhere, "data")
    for layer in range(1, exercise.depth) if not exercise.shared else ():
        growing.add(Suspect(BACKWARD, layer, constant), _at_or_below(exercise, layer), "data")
    for name in program.names:
        growing.add(Suspect(ONE, name, constant), partial(eq, name))
        if name in penalized:
            growing.add(Suspect(DATA, name, constant), partial(eq, name), "data")
    if exercise.depth > 1:
        growing.add(Suspect(WEIGHTS, 0, constant), lambda name: not exercise.is_bias(name))
        growing.add(Suspect(BIASES, 0, constant), exercise.is_bias)


def _of_penalties(exercise: Exercise, growing: _Patterns) -> None:
    """Add the constants that people put before a penalty."""
    penalized = [name for name in exercise.order if exercise.penalized(name)]
    for constant in OF_PENALTIES if penalized else ():
        if constant == ZERO or constant in growing.table:
            growing.add(Suspect(PENALTIES, 0, constant), penalized.__contains__, "penalty")
            for name in penalized if len(penalized) > 1 else ():
                growing.add(Suspect(PENALTY, name, constant), partial(eq, name), "penalty")


def _at_or_below(exercise: Exercise, layer: int) -> Callable[[str], bool]:
    return lambda name: exercise.layer_of[name] <= layer


def rewritten(program: Program, table: Mapping[str, float]) -> list[Suspect]:
    """Return the wrong constants that must be written into the pass to see what they do."""
    exercise, found = program.exercise, []
    penalized = [p for p in exercise.order if exercise.penalized(p)]
    inside = not program.is_linear
    for constant in table:
        if inside:
            found += [Suspect(ALL, 0, constant), Suspect(START, 0, constant)]
            found += [Suspect(ONE, name, constant) for name in exercise.order]
            found += [Suspect(WEIGHTS, 0, constant), Suspect(BIASES, 0, constant)]
            found += [Suspect(DATA, name, constant) for name in penalized]
        if inside or exercise.shared:
            found += [Suspect(BACKWARD, k, constant) for k in range(1, exercise.depth)]
    for constant in OF_PENALTIES if inside and penalized else ():
        if constant in table or constant == ZERO:
            found.append(Suspect(PENALTIES, 0, constant))
            if len(penalized) > 1:
                found += [Suspect(PENALTY, name, constant) for name in penalized]
    return found


def multiply(program: Program, sites: Sites, suspect: Suspect, value: float) -> Sites:
    """Return the places after a factor was written into the pass."""
    if suspect.name in (UPDATE, UPDATES):
        return _stretched(program, sites, suspect, value)
    for label in _struck(program.exercise, suspect):
        if label in sites:
            scaled = program.arena("scale", sites.inside(label), setting=value)
            sites = sites.rewritten({label: scaled})
    return sites


def _stretched(program: Program, sites: Sites, suspect: Suspect, value: float) -> Sites:
    """Return the places after updates were multiplied by a factor."""
    arena, changes = program.arena, {}
    for name in program.exercise.order:
        if suspect.where not in (0, name):
            continue
        if program.kind == "clipped":
            label = ("clipped", name)
            changes[label] = arena("scale", sites.inside(label), setting=value)
        else:
            old = sites["parameter", name]
            update = arena("sub", sites.inside(("new", name)), old)
            changes["new", name] = arena("add", old, arena("scale", update, setting=value))
    return sites.rewritten(changes)


def _struck(exercise: Exercise, suspect: Suspect) -> list[Label]:
    """Return the places that a factor acts on."""
    order, where = exercise.order, suspect.where
    if suspect.name == START:
        return [("start",)]
    if suspect.name == BACKWARD:
        return [("gz", where)]
    if suspect.name in (PENALTY, PENALTIES):
        return [("penalty", p) for p in order if suspect.name == PENALTIES or p == where]
    if suspect.name == DATA:
        return [("from data", where)]
    struck = {
        ALL: lambda p: True,
        ONE: lambda p: p == where,
        WEIGHTS: lambda p: not exercise.is_bias(p),
        BIASES: exercise.is_bias,
    }[suspect.name]
    return [("grad", p) for p in order if struck(p)]
