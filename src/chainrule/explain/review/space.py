"""The space of hypotheses about one exercise: the right pass, every single mistake, every factor.

Knows how hypotheses are made and what they predict; judges no hand-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.constants import ALL, START, ZERO, Pattern, constants, multiply
from chainrule.explain.review.constants import patterns as factor_patterns
from chainrule.explain.review.constants import rewritten as factors_to_write
from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.finding import Explanation, Suspect
from chainrule.explain.review.mistake import Mistake
from chainrule.explain.review.mistakes import catalogue
from chainrule.explain.review.program import Kind, Program
from chainrule.explain.review.rewrites import places, strike
from chainrule.types import Array

USUAL = ("-1", "2", "1/2", "n", "1/n", "2/n", "n/2", "rate", "-rate", "1/rate", "2/(n k)", ZERO)
"""Factors that people get wrong most often."""

ORDER_OF_TARGETS, SOME_ROWS = "targets_shuffled", "some_rows_only"
"""Mistakes in rows; which rows, or which order, stands in the suspect's constant."""

ORDER = {name: number for number, name in enumerate(catalogue)}


class Space:
    """Every hypothesis about what was handed in for an exercise.

    Attributes
    ----------
    program : Program
        The right pass.
    table : dict
        Wrong constants by name.
    twins : dict
        All the names that each constant's value has here.
    """

    def __init__(self, exercise: Exercise, kind: Kind = "gradients") -> None:
        self.program = Program(exercise, kind)
        found = constants(exercise, moves=kind != "gradients")
        self.table = {name: value for name, (value, _) in found.items()}
        self.twins = {name: names for name, (_, names) in found.items()}
        self._departs: dict[Suspect, int] = {}

    @property
    def exercise(self) -> Exercise:
        """What is worked out."""
        return self.program.exercise

    @property
    def kind(self) -> Kind:
        """What is handed in."""
        return self.program.kind

    @property
    def right(self) -> Sites:
        """The right pass."""
        return self.program.right

    def value(self, sites: Sites, name: str) -> Array:
        """Return what a hypothesis predicts for something handed in."""
        return self.program.arena.value(sites["out", name])

    def gain(self, name: str) -> float:
        """Return what a gradient is multiplied by in what is handed in, where that is linear."""
        if self.kind in ("gradients", "clipped"):
            return 1.0
        if not self.exercise.specs[name].trainable:
            return 0.0
        momentum = getattr(self.exercise.optimizer, "momentum", 0.0)
        nesterov = self.exercise.optimizer.kind == "nesterov"
        return -self.exercise.rate * (1.0 + momentum if nesterov else 1.0)

    @cached_property
    def patterns(self) -> list[Pattern]:
        """Wrong constants that are a factor for each block."""
        return [] if self.kind == "loss" else factor_patterns(self.program, self.table)

    @cached_property
    def staying(self) -> list[tuple[Mistake, int]]:
        """Mistakes that change one parameter's gradient only, and their layers."""
        return [
            (mistake, where)
            for mistake in catalogue.values()
            if mistake.stays
            for where in places(self.program, mistake)
            if isinstance(where, int)
        ]

    @cached_property
    def singles(self) -> list[tuple[Suspect, Sites]]:
        """Every single mistake that must be written into the pass; equal ones once."""
        suspects = factors_to_write(self.program, self.table)
        for mistake in catalogue.values():
            if not (mistake.stays and self.program.is_linear):
                found = places(self.program, mistake)
                suspects += [Suspect(mistake.name, where) for where in found]
        seen = {self._outcome(self.right)}
        kept = []
        for suspect in suspects:
            sites = self.struck(self.right, suspect)
            if (outcome := self._outcome(sites)) not in seen:
                seen.add(outcome)
                kept.append((suspect, sites))
        return kept

    @cached_property
    def staying_singles(self) -> list[tuple[Suspect, Sites]]:
        """Single mistakes of one block, and factors, written into the pass as well."""
        suspects = [pattern.suspect for pattern in self.patterns]
        for mistake in catalogue.values():
            if mistake.stays and self.program.is_linear:
                found = places(self.program, mistake)
                suspects += [Suspect(mistake.name, where) for where in found]
        return [(suspect, self.struck(self.right, suspect)) for suspect in suspects]

    def _outcome(self, sites: Sites) -> tuple[int, ...]:
        return tuple(sites["out", name] for name in self.program.names)

    def struck(self, sites: Sites, suspect: Suspect) -> Sites:
        """Return the places after one more mistake."""
        if suspect.name in catalogue:
            return strike(self.program, sites, catalogue[suspect.name], suspect.where)
        if suspect.name in (ORDER_OF_TARGETS, SOME_ROWS):
            return self._with_rows(sites, suspect)
        value = 0.0 if suspect.constant == ZERO else self.table[suspect.constant]
        return multiply(self.program, sites, suspect, value)

    def _with_rows(self, sites: Sites, suspect: Suspect) -> Sites:
        """Return the places with targets in another order, or with some rows only."""
        rows = tuple(int(row) for row in suspect.constant.split(","))
        shuffled = suspect.name == ORDER_OF_TARGETS
        label, op = (("targets",), "take_rows") if shuffled else (("start",), "only_rows")
        new = self.program.arena(op, sites.inside(label), setting=rows)
        return sites.rewritten({label: new})

    def after(self, explanation: Iterable[Suspect]) -> Sites:
        """Return the places after several mistakes; those that read the gradient come last."""
        sites = self.right
        for suspect in sorted(explanation, key=_turn):
            sites = self.struck(sites, suspect)
        return sites

    def predictions(self, sites: Sites) -> dict[str, Array]:
        """Return everything that a hypothesis predicts."""
        return {name: self.value(sites, name) for name in self.program.names}

    def departs(self, suspect: Suspect, sites: Sites) -> int:
        """Return the place, counted from the loss, of the first block a mistake changes."""
        if suspect not in self._departs:
            self._departs[suspect] = next(self._changes(sites), len(self.program.names))
        return self._departs[suspect]

    def _changes(self, sites: Sites) -> Iterator[int]:
        for number, name in enumerate(self.program.names):
            right, other = self.value(self.right, name), self.value(sites, name)
            room = 1e-9 * np.abs(right).max(initial=0.0)
            if right.shape != other.shape or (np.abs(right - other) > room).any():
                yield number

    def cost(self, explanation: Explanation) -> float:
        """Return how unlikely an explanation is beforehand, in bits."""
        return sum(map(_cost, explanation))


def _cost(suspect: Suspect) -> float:
    if suspect.name in catalogue:
        return catalogue[suspect.name].bits
    near = 1.5 if suspect.name in (ALL, START) else 3.0
    return near + (0.0 if suspect.constant in USUAL else 2.0)


def reads(suspect: Suspect) -> bool:
    """Tell whether what a mistake writes depends on the gradients themselves."""
    return suspect.name in catalogue and catalogue[suspect.name].reads


def _turn(suspect: Suspect) -> tuple[int, str]:
    known = ORDER.get(suspect.name, len(ORDER))
    return (known + (1000 if reads(suspect) else 0), str(suspect))
