"""Entries: one number of a step, and the numbers that are computed from it next.

A gradient is, at every entry, a sum over what is computed from it: upstream times local. Knows
opened steps; knows no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explain.why.opened import Ground
from chainrule.explain.why.segments import may_move, tangent
from chainrule.graph import Node
from chainrule.types import Array

Index = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of a milestone: for rows, all of them at once.

    Attributes
    ----------
    node : Node
        The milestone.
    index : tuple of int
        Which entry; without the first axis where `of_rows`.
    of_rows : bool
        Whether it stands for this entry in every row of the batch.
    """

    node: Node
    index: Index
    of_rows: bool

    def pick(self, array: Array) -> Array:
        """Return the entry's numbers from an array of the milestone's shape; (rows,) or ()."""
        found: Array = array[self._place]
        return found

    def one_hot(self) -> Array:
        """Return the direction in which only this entry moves."""
        direction = np.zeros(self.node.shape, self.node.dtype)
        direction[self._place] = 1
        return direction

    @property
    def _place(self) -> Any:
        """What an array of the milestone's shape is indexed by."""
        return (slice(None), *self.index) if self.of_rows else self.index


@dataclass(frozen=True, eq=False)
class Hop:
    """A step of the chain: from an entry to one that is computed from it.

    Attributes
    ----------
    source, target : Entry
        From where to where, against the direction of the gradient.
    local : numpy.ndarray
        The local derivative; (rows,) if either end is of rows, else ().
    upstream : numpy.ndarray
        The gradient of the loss by the target; of the same shape.
    """

    source: Entry
    target: Entry
    local: Array
    upstream: Array

    @property
    def product(self) -> Array:
        """Upstream times local, in float64."""
        return np.multiply(self.upstream, self.local, dtype=np.float64)


def hops(ground: Ground, entry: Entry) -> list[Hop]:
    """Return every entry that is computed from this one next, with its local derivative."""
    found: list[Hop] = []
    for target in ground.tape.consumers[entry.node]:
        if target in ground.tape.upstream:
            found += _hops_to(ground, entry, target)
    return found


def _hops_to(ground: Ground, entry: Entry, target: Node) -> list[Hop]:
    upstream = ground.tape.upstream[target]
    if entry.of_rows and not ground.is_of_rows(target):
        return [_gathered(ground, entry, target)]
    part = ground.segments[target]
    direction = entry.one_hot()
    moved = tangent(ground.tape, part, entry.node, direction)
    can_move = may_move(part, entry.node, direction) | (moved != 0)
    of_rows = ground.is_of_rows(target)
    columns = can_move.any(axis=0) if of_rows else can_move
    ends = [Entry(target, tuple(map(int, k)), of_rows) for k in np.argwhere(columns)]
    return [Hop(entry, end, end.pick(moved), end.pick(upstream)) for end in ends]


def _gathered(ground: Ground, entry: Entry, target: Node) -> Hop:
    """Return the hop from rows to something that is computed from all of them.

    Its local derivative is told by the gradients at both ends; the target is a scalar, so that no
    row can reach it in two ways.
    """
    assert target.shape == (), "what gathers rows in one hop is a scalar"
    end = Entry(target, (), False)
    upstream = ground.tape.upstream[target]
    local = entry.pick(ground.tape.upstream[entry.node]) / upstream if upstream else 0.0
    rows = np.shape(entry.pick(ground.tape.values[entry.node]))
    return Hop(entry, end, np.broadcast_to(local, rows), np.broadcast_to(upstream, rows))
