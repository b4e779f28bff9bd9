"""Explaining: every way in which so many mistakes give exactly the numbers handed in.

Knows how mistakes of different kinds combine; ranks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.factors import Factors
from chainrule.explain.review.finding import Explanation, Suspect
from chainrule.explain.review.match import Match
from chainrule.explain.review.mistake import EVERY
from chainrule.explain.review.mistakes import catalogue
from chainrule.types import Array

MOST_BLOCKS = 6
"""Blocks that may each need a mistake of their own; more is no slip but another method."""


def explanations(
    match: Match, made: frozenset[Suspect], sites: Sites, spare: int
) -> Iterator[Explanation]:
    """Return the explanations by the mistakes made so far and exactly `spare` more.

    The further ones are wrong constants and mistakes that stay in one block; they need no pass of
    their own.
    """
    if spare == 0:
        if match.fits(sites):
            yield made
        return
    factors = Factors(match, sites)
    if not factors.alternatives:
        return
    columns = [match.space.program.names.index(block.name) for block in match.blocks]
    ones = np.ones(len(columns))
    yield from _finished(factors, made, ones, ones, spare)
    patterns = match.space.patterns
    if not patterns:
        return
    data = np.array([pattern.data[columns] for pattern in patterns])
    for pattern, row in zip(patterns, data, strict=True):
        if factors.allows(row):
            more = made | {pattern.suspect}
            yield from _finished(factors, more, row, pattern.penalty[columns], spare - 1)
    if spare < 2:
        return
    for a, b in factors.pairs(patterns, data):
        both = (a.data * b.data)[columns], (a.penalty * b.penalty)[columns]
        yield from _finished(factors, made | {a.suspect, b.suspect}, *both, spare - 2)


def _finished(
    factors: Factors, made: frozenset[Suspect], data: Array, penalty: Array, spare: int
) -> Iterator[Explanation]:
    """Return what is left to explain by exactly `spare` mistakes that stay in their blocks."""
    needed: dict[int, list[int]] = {}
    for number, alternatives in enumerate(factors.alternatives):
        fitting = [
            i
            for i in range(len(alternatives))
            if factors.fits(number, i, float(data[number]), float(penalty[number]))
        ]
        if not fitting:
            return
        if alternatives[fitting[0]].mistake is not None:
            needed[number] = fitting
    if not needed:
        if spare == 0:
            yield made
        return
    if spare == 0 or len(needed) > MOST_BLOCKS:
        return
    for choice in product(*needed.values()):
        chosen = dict(zip(needed, choice, strict=True))
        found = _gathered(factors, chosen, data, penalty)
        if len(found) == spare:
            yield made | found


def _gathered(
    factors: Factors, chosen: dict[int, int], data: Array, penalty: Array
) -> frozenset[Suspect]:
    """Return the mistakes of some blocks; one that is made everywhere counts once."""
    by_name: dict[str, list[int]] = {}
    for number, choice in chosen.items():
        alternative = factors.alternatives[number][choice]
        by_name.setdefault(str(alternative.mistake), []).append(alternative.layer)
    found: set[Suspect] = set()
    for name, layers in by_name.items():
        if len(layers) > 1 and _is_everywhere(factors, name, layers, data, penalty):
            found.add(Suspect(name, EVERY))
        else:
            found |= {Suspect(name, layer) for layer in layers}
    return frozenset(found)


def _is_everywhere(
    factors: Factors, name: str, layers: list[int], data: Array, penalty: Array
) -> bool:
    """Tell whether a mistake fits in every block where it could be made."""
    if catalogue[name].scope != "one or every":
        return False
    for number, alternatives in enumerate(factors.alternatives):
        possible = [i for i, a in enumerate(alternatives) if a.mistake == name]
        could = any(
            layer not in layers
            and factors.match.blocks[number].name == _block_of(factors, name, layer)
            for mistake, layer in factors.match.space.staying
            if mistake.name == name
        )
        if could and not any(
            factors.fits(number, i, float(data[number]), float(penalty[number])) for i in possible
        ):
            return False
    return True


def _block_of(factors: Factors, name: str, layer: int) -> str | None:
    form = factors.match.space.exercise.layer(layer)
    return form.bias if catalogue[name].at == "sum" else form.weights
