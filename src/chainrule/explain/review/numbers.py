"""The numbers of a verdict: entries by name, as handed in, right, and with the mistake.

Knows hand-ins and hypotheses; judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explain.digits import Style
from chainrule.explain.document import Number, Symbol, Table
from chainrule.explain.entries import told
from chainrule.explain.review.finding import Block, Entry, Explanation, Finding, HandIn
from chainrule.explain.review.program import LOSS
from chainrule.explain.review.space import Space
from chainrule.types import Array

MOST_ENTRIES = 4
SIX_DECIMALS = 4e-7
"""Units from which on six decimals show all of a number."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a hand-in, beside the right ones.

    Attributes
    ----------
    space, handin, found
        The hypotheses, what was judged, and what was found.
    """

    space: Space
    handin: HandIn
    found: Finding

    def yours(self, block: Block, i: int) -> Number:
        """Return a number handed in, with six decimals if it came with no more."""
        style: Style = "table" if block.units[i] >= SIX_DECIMALS else "answer"
        return Number(float(block.values[i]), style)

    def symbol(self, name: str, flat: int) -> Symbol:
        """Return the name of an entry, as `why` takes it."""
        if name == LOSS:
            return Symbol("L")
        shape = self.space.exercise.parameters[name].shape
        index = np.unravel_index(flat, shape)
        kept = index[1:] if self.space.exercise.is_bias(name) else index
        return Symbol(f"{name}[{','.join(str(int(i)) for i in kept)}]")

    def which(self, name: str, flat: int) -> str:
        """Return what the inputs and outputs of an entry are called, if they have names."""
        exercise = self.space.exercise
        if name == LOSS or name not in exercise.axes:
            return ""
        index = [int(i) for i in np.unravel_index(flat, exercise.parameters[name].shape)]
        return ", ".join(told(index[-len(exercise.axes[name]) :], exercise.axes[name]))

    def worst(self) -> list[tuple[Block, int]]:
        """Return the entries that are farthest from right, of the first block that departs."""
        block = next(b for b in self.handin.blocks if b.name == self.found.departs)
        off = np.abs(block.values - block.of(self.space.value(self.space.right, block.name)))
        order = np.argsort(-off, kind="stable")[:MOST_ENTRIES]
        return [(block, int(i)) for i in order if off[i] > 0]

    def table(self, explanation: Explanation | None) -> Table:
        """Return a table of the numbers handed in, the right ones, and those of an explanation."""
        space = self.space
        sites = None if explanation is None else space.after(explanation)
        rows = []
        for block, i in self.worst():
            flat = i if block.index is None else int(block.index[i])
            right = float(space.value(space.right, block.name).ravel()[flat])
            cells: list[Any] = [
                self.symbol(block.name, flat), self.which(block.name, flat), self.yours(block, i),
                Number(right, "answer"),
            ]  # fmt: skip
            if sites is not None:
                predicted: Array = space.value(sites, block.name).ravel()
                cells.append(Number(float(predicted[flat]), "answer"))
            rows.append(tuple(cells))
        header = ("entry", "", "yours", "right", *(() if sites is None else ("with the mistake",)))
        return _without_blank(Table(header, tuple(rows)))

    def slips(self, entries: tuple[Entry, ...]) -> Table:
        """Return a table of single numbers that are off."""
        rows = []
        for entry in entries:
            block = next(b for b in self.handin.blocks if b.name == entry.name)
            right = self.space.value(self.space.right, entry.name)
            flat = int(np.ravel_multi_index(entry.at, right.shape))
            row = flat if block.index is None else int(np.flatnonzero(block.index == flat)[0])
            wanted = Number(float(right[entry.at]), "answer")
            which = self.which(entry.name, flat)
            rows.append((self.symbol(entry.name, flat), which, self.yours(block, row), wanted))
        return _without_blank(Table(("entry", "", "yours", "right"), tuple(rows)))

    def first_entry(self) -> tuple[str, int]:
        """Return the entry to ask about next."""
        exercise = self.space.exercise
        if self.space.kind == "loss":
            return exercise.layers[0].weights, 0
        block, i = (self.worst() or [(self.handin.blocks[0], 0)])[0]
        return block.name, i if block.index is None else int(block.index[i])


def _without_blank(table: Table) -> Table:
    """Return a table of entries without the column of their names, if none has one."""
    if any(row[1] for row in table.rows):
        return table
    header, *rows = ((row[0], *row[2:]) for row in (table.header, *table.rows))
    return Table(header, tuple(rows))
