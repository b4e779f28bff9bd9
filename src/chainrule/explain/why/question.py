"""Questions: ``W1[0,2]``, ``h1[3,2]``, ``dL/dz2[3,0]``, ``out[3,Adelie]`` as people type them.

Knows names and shapes of a step; knows no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.errors import SpecError, shown
from chainrule.explain.asking import spelled
from chainrule.explain.entries import parts_of, resolved
from chainrule.explain.why.opened import Opened
from chainrule.graph import Node

FORM = re.compile(r"\s*(?P<d>d?L/d\s*)?(?P<name>[^\[\]]+?)\s*(?:\[(?P<index>.*)\])?\s*")


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: an entry of something that a step computes.

    Attributes
    ----------
    name : str
        Which array.
    node : Node
        Its node.
    index : tuple of int
        Which entry of the array of this batch.
    row : int or None
        The user's number of the row, if the array has one.
    """

    name: str
    node: Node
    index: tuple[int, ...]
    row: int | None

    @property
    def text(self) -> str:
        """The question as it is typed; rows by the user's numbers."""
        shown_index = self.index if self.row is None else (self.row, *self.index[1:])
        return f"{self.name}[{','.join(map(str, shown_index))}]" if shown_index else self.name


def parse(opened: Opened, asked: str) -> Question:
    """Return the question of a text.

    Raises
    ------
    SpecError
        If there is no such name, or no such entry; with what there is.
    """
    found = FORM.fullmatch(asked) if isinstance(asked, str) else None
    if found is None:
        raise SpecError(
            f"{shown(asked)} was asked for; ask for an entry such as W1[0,2], b1[2], z1[3,0], "
            "out[3,0] or L."
        )
    name = found["name"]
    names = opened.tape.names
    if name not in names:
        raise SpecError(f"nothing is called {name!r} in this run; there are {', '.join(names)}.")
    node = names[name]
    return _entry(opened, name, node, _numbers(opened, asked, name, found["index"]))


def _numbers(opened: Opened, asked: str, name: str, index: str | None) -> tuple[int, ...]:
    """Return the numbers between the brackets; names of columns and classes are looked up."""
    parts = parts_of(index or "")
    if parts is None:
        raise SpecError(
            f"{asked!r} was asked for; an entry is written such as W1[0,2]; a name with commas or "
            "quotes in it stands in quotes."
        )
    names = opened.axes.get(name, ())

    def live(axis: int, places: Sequence[int]) -> int | None:
        """Of the inputs that a column became, return the one that is not zero in the row."""
        row = opened.place(parts[0].number) if parts[0].number is not None else None
        if name != "x" or axis != 1 or row is None:
            return None
        values = opened.tape.values[opened.tape.names["x"]][row]
        those = [k for k in places if values[k] != 0]
        return those[0] if len(those) == 1 else None

    return resolved(asked, parts, names, live)


def _entry(opened: Opened, name: str, node: Node, index: tuple[int, ...]) -> Question:
    of_rows = opened.is_of_rows(node)
    axes = node.ndim
    if len(index) == axes - 1 and axes and node.shape[-1] == 1:
        index = (*index, 0)
    if len(index) != axes:
        first = [str(int(opened.rows[0]))] if of_rows else ["0"] * min(axes, 1)
        example = ",".join([*first, *["0"] * (axes - 1)])
        raise SpecError(
            f"{name} has shape {node.shape}; ask for one entry of it, such as {name}[{example}]."
            if axes
            else f"{name} is a single number; ask for {name}."
        )
    row = None
    if of_rows:
        row, place = index[0], opened.place(index[0])
        if place is None:
            raise SpecError(_no_row(opened, name, row))
        index = (place, *index[1:])
    for axis, (i, length) in enumerate(zip(index, node.shape, strict=True)):
        if not -length <= i < length:
            raise SpecError(
                f"{name} has shape {node.shape}; axis {axis} has entries 0 to {length - 1}, not "
                f"{i}."
            )
    return Question(
        name, node, tuple(i % length for i, length in zip(index, node.shape, strict=True)), row
    )


def _no_row(opened: Opened, name: str, row: int) -> str:
    some = ", ".join(map(str, opened.rows[:5].tolist()))
    more = f" ... ({len(opened.rows)} rows)" if len(opened.rows) > 5 else ""
    return (
        f"row {row} of {name} was asked for; the batch of step {opened.step} has rows "
        f"{some}{more}.\n  Rows have the numbers of your table, counted from 0; to see them all: "
        f"{spelled(opened.called, 'why', 'L', step=opened.step, terms=len(opened.rows))}"
    )
