"""Factors: which wrong constants, block by block, take a hypothesis to the numbers handed in.

For each block there are alternatives: the hypothesis as it is, or after a mistake that stays in
the block. Each leaves an interval of factors that is possible; the table of constants is looked
up in it. Knows one hypothesis and one hand-in; ranks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.constants import Pattern
from chainrule.explain.review.finding import DOUBLE, Block
from chainrule.explain.review.match import Match, Parts
from chainrule.explain.review.mistake import Mistake, Place
from chainrule.types import Array

MOST_PAIRS = 400
"""Pairs of wrong constants that are looked at for one hypothesis at most."""


@dataclass(frozen=True, eq=False)
class Alternative:
    """A way to reach a block: the mistake that stays in it (None: none), and what it gives."""

    mistake: str | None
    layer: int
    node: int
    parts: Parts


class Factors:
    """The alternatives of every block under one hypothesis, and the factors they allow."""

    def __init__(self, match: Match, sites: Sites) -> None:
        self.match, self.sites = match, sites
        self._known: dict[tuple[int, int, float, float], bool] = {}

    @cached_property
    def alternatives(self) -> list[list[Alternative]]:
        """For each block, what could reach it with some factors; empty if nothing could."""
        found = []
        for block in self.match.blocks:
            kept = [a for a in self._of(block) if self._could_reach(block, a)]
            if not kept:
                return []
            found.append(kept)
        return found

    def _of(self, block: Block) -> Iterator[Alternative]:
        node = self.sites["out", block.name]
        yield Alternative(None, 0, node, self.match.parts(self.sites, block))
        space = self.match.space
        if not space.program.is_linear:
            return
        for mistake, layer in space.staying:
            form = space.exercise.layer(layer)
            if block.name == (form.bias if mistake.at == "sum" else form.weights):
                yield from self._after(block, mistake, layer)

    def _after(self, block: Block, mistake: Mistake, layer: int) -> Iterator[Alternative]:
        """Return the block after a mistake that stays in it."""
        program, label = self.match.space.program, (mistake.at, layer)
        arena = program.arena
        written = mistake.rewrite(Place(program, self.sites, label))
        marked = arena("site", written, setting=label)
        old = self.sites[label]
        node = arena.rebuild(self.sites["out", block.name], {old: marked}, old)
        if arena.value(node).shape != self.match.space.value(self.sites, block.name).shape:
            return
        base, data, penalty = self.match.parts(self.sites, block)
        moved = block.of(arena.value(node)) - base
        data = moved if penalty is None else moved - penalty
        yield Alternative(mistake.name, layer, node, Parts(base, data, penalty))

    def room(self, block: Block, alternative: Alternative, factor: float = 1.0) -> Array:
        """Return how far each entry may be off."""
        return self.match.room(self.sites, block, factor, alternative.node)

    def _could_reach(self, block: Block, alternative: Alternative) -> bool:
        """Tell whether any factors could do, by least squares: a necessary condition."""
        base, data, penalty = alternative.parts
        if data.shape != block.values.shape:
            return False
        target, room = block.values - base, self.room(block, alternative)
        columns = [data] if penalty is None else [data, penalty]
        weighed = np.stack(columns, 1) / room[:, None]
        gram = weighed.T @ weighed
        if not np.isfinite(gram).all():
            return False
        if not gram.any():
            return bool((np.abs(target) <= room).all())
        aim = target / room
        if penalty is None:
            factors = np.array([weighed[:, 0] @ aim / gram[0, 0]])
        else:
            factors = np.linalg.lstsq(weighed, aim, rcond=1e-13)[0]
        left = float(np.square(aim - weighed @ factors).sum())
        return left <= target.size * 1.001 * max(1.0, float(np.abs(factors).max())) ** 2

    def fits(self, number: int, choice: int, data: float, penalty: float) -> bool:
        """Tell whether an alternative with these factors gives a block."""
        key = (number, choice, data, penalty)
        if key not in self._known:
            block, alternative = self.match.blocks[number], self.alternatives[number][choice]
            parts = alternative.parts
            found = parts.base + data * parts.data
            if parts.penalty is not None:
                found = found + penalty * parts.penalty
            largest = data if parts.penalty is None else max(abs(data), abs(penalty))
            room = self.room(block, alternative, largest)
            self._known[key] = bool((np.abs(block.values - found) <= room).all())
        return self._known[key]

    @cached_property
    def intervals(self) -> list[tuple[Array, Array]]:
        """For each block, the possible data factors of each alternative: lowest and highest."""
        found = []
        for block, alternatives in zip(self.match.blocks, self.alternatives, strict=True):
            ends = np.array([self._interval(block, a) for a in alternatives])
            found.append((ends[:, 0], ends[:, 1]))
        return found

    def _interval(self, block: Block, alternative: Alternative) -> tuple[float, float]:
        base, data, penalty = alternative.parts
        room, target = self.room(block, alternative), block.values - base
        if penalty is not None:
            return _interval_beside(data, penalty, target, room)
        some = np.abs(data) > 0
        if not some.any():
            return -np.inf, np.inf
        ends = np.stack([(target - room)[some], (target + room)[some]]) / data[some]
        slack = 1e-6 * np.abs(ends).max()
        return float(ends.min(0).max() - slack), float(ends.max(0).min() + slack)

    @property
    def looseness(self) -> float:
        """How far, relative to it, a constant may lie outside an interval before it is tried."""
        return 1e-6 if self.match.tier.rounding == DOUBLE else 1e-2

    def allows(self, data: Array) -> bool:
        """Tell whether factors of all blocks lie in their intervals."""
        for (low, high), factor in zip(self.intervals, data, strict=True):
            room = abs(factor) * self.looseness
            if not ((low - room <= factor) & (factor <= high + room)).any():
                return False
        return True

    def pairs(self, patterns: list[Pattern], table: Array) -> list[tuple[Pattern, Pattern]]:
        """Return pairs of wrong constants whose products lie in all intervals."""
        possible = np.triu(np.ones((len(table), len(table)), bool), 1)
        for number, (low, high) in enumerate(self.intervals):
            product = table[:, number][:, None] * table[:, number][None, :]
            room = np.abs(product) * self.looseness
            inside = np.zeros_like(possible)
            for lowest, highest in zip(low, high, strict=True):
                inside |= (product >= lowest - room) & (product <= highest + room)
            possible &= inside
            if not possible.any():
                return []
        chosen = zip(*np.nonzero(possible), strict=True)
        found = [(patterns[i], patterns[j]) for i, j in chosen]
        return [(a, b) for a, b in found if a.suspect[:2] != b.suspect[:2]][:MOST_PAIRS]


def _interval_beside(
    data: Array, penalty: Array, target: Array, room: Array
) -> tuple[float, float]:
    """Return the possible data factors where a penalty has a factor of its own."""
    weighed = np.stack([data / room, penalty / room], 1)
    gram = weighed.T @ weighed
    if np.linalg.cond(gram) > 1e12:
        return -np.inf, np.inf
    factors = np.linalg.solve(gram, weighed.T @ (target / room))
    width = 2 * np.sqrt(len(room) * np.linalg.inv(gram)[0, 0]) * max(1.0, abs(factors[0]))
    width += 1e-6 * abs(factors[0])
    return float(factors[0] - width), float(factors[0] + width)
