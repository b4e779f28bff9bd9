"""The walk by rows: each row is held as a whole, because it is reduced and used again.

Knows walks and layouts; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.executors.native.fuse import Relation
from chainrule.executors.native.groups import (
    Lane,
    Pointers,
    Walk,
    as_stored,
    as_used,
    reduction_of,
)
from chainrule.executors.native.items import Item
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer


class Rows:
    """The walk row by row, each held as a whole: rows are reduced, and used again.

    Parameters
    ----------
    w : Writer
        Where instructions go.
    walk : Walk
        The group; its rows are at most `ROW_VECTORS` vectors wide.
    pointers : Pointers
        Where values are.
    """

    def __init__(self, w: Writer, walk: Walk, pointers: Pointers) -> None:
        self.w, self.walk, self.pointers = w, walk, pointers
        self.space = walk.space
        self.lanes = lanes_of(self.space.kind)
        self.count = -(-self.space.width // self.lanes)
        rest = self.space.width % self.lanes
        self.mask = w.lanes_below(rest, self.lanes) if rest else None

    def write(self, *, unroll: bool) -> None:
        """Write the walk."""
        w = self.w
        held = [
            x for item in self.walk.reduced for _ in range(self.count)
            for x in reduction_of(item).start(w, self.lanes)
        ]  # fmt: skip
        out = w.repeat(self.space.rows, self.row, held, unroll=unroll)
        place = 0
        for item in self.walk.reduced:
            how = reduction_of(item)
            for j in range(self.count):
                value = how.finish(w, out[place : place + len(how.carried)])
                place += len(how.carried)
                step = self.lanes * self.space.size
                w.store(value, w.at(self.pointers[item, "out"], j * step))

    def place(self, item: Item, near: str, r: Value, j: int) -> Value:
        """Return where a vector of a row is."""
        w, space = self.w, self.space
        base = self.pointers[item, near]
        start = j * self.lanes * space.size
        if near == "row":
            return w.at(base, start)
        panel, inside = divmod(start, space.line)
        return w.at(w.at(base, r * space.line), panel * space.panel_bytes + inside)

    def row(self, r: Value, held: list[Value]) -> list[Value]:
        """Write one row."""
        new, parts = list(held), [self.lane(r, j) for j in range(self.count)]
        single = Lane(self.w, self.walk, 1, self.column(r))
        for item in self.walk.group.items:
            over = item.attrs.get("over")
            if over == "row":
                value = self.reduce_row(item, parts)
                self.column_found(item, value, parts, single, r)
            elif over:
                self.reduce_rows(item, parts, new)
            elif item.layout != self.space:
                self.column_found(item, single.of(item), parts, single, r)
            else:
                self.full(item, parts, r)
        return new

    def lane(self, r: Value, j: int) -> Lane:
        """Return what reads and computes one vector of a row."""
        w = self.w

        def read(item: Item, near: Relation) -> Value:
            if near == "scalar":
                return self.pointers[item, near]
            if near == "column":
                return self.column(r)(item, near)
            x = w.load(self.place(item, near, r, j), item.kind, self.lanes)
            return as_used(x, item)

        return Lane(w, self.walk, self.lanes, _once(read))

    def column(self, r: Value) -> Callable[[Item, Relation], Value]:
        """Return what reads the one number that a row has."""

        def read(item: Item, near: Relation) -> Value:
            if near == "scalar":
                return self.pointers[item, near]
            place = self.w.at(self.pointers[item, "column"], r * self.space.size)
            return as_used(self.w.load(place, item.kind), item)

        return _once(read)

    def full(self, item: Item, parts: list[Lane], r: Value) -> None:
        """Compute a whole row of an item, and store it if it must be."""
        for j, part in enumerate(parts):
            value = part.of(item)
            if item in self.walk.stored:
                self.w.store(as_stored(self.w, value, item.kind), self.place(item, "out", r, j))

    def column_found(
        self, item: Item, value: Value, parts: list[Lane], single: Lane, r: Value
    ) -> None:
        """Let the one number that a row has be known to all parts of the row."""
        for part in (*parts, single):
            part.values[item] = value
        if item in self.walk.stored:
            place = self.w.at(self.pointers[item, "out"], r * self.space.size)
            self.w.store(as_stored(self.w, value, item.kind), place)

    def reduce_row(self, item: Item, parts: list[Lane]) -> Value:
        """Return what a row comes to: vector after vector, then the lanes in halves."""
        how, w = reduction_of(item), self.w
        held = how.start(w, self.lanes)
        for j, part in enumerate(parts):
            x = part.reduced(item)
            if self.mask is not None and j == self.count - 1:
                x = w.where(self.mask, x, x.like(how.identity))
            held = how.add(w, held, x)
        return how.finish(w, how.across(w, held))

    def reduce_rows(self, item: Item, parts: list[Lane], held: list[Value]) -> None:
        """Add a row to what the sum of all rows carries."""
        how, place = reduction_of(item), 0
        for other in self.walk.reduced:
            if other is item:
                break
            place += self.count * len(reduction_of(other).carried)
        for part in parts:
            end = place + len(how.carried)
            held[place:end] = how.add(self.w, held[place:end], part.reduced(item))
            place = end


def _once(read: Callable[[Item, Relation], Value]) -> Callable[[Item, Relation], Value]:
    """Return a reader that reads each value once."""
    known: dict[tuple[Item, str], Value] = {}

    def found(item: Item, near: Relation) -> Value:
        if (item, near) not in known:
            known[item, near] = read(item, near)
        return known[item, near]

    return found
