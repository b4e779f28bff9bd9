"""The walk by lines: panel by panel and down the rows of each, vector by vector.

What does not change down a panel is read once; sums over rows are carried down it. Knows walks and
layouts; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


class Lines:
    """The walk panel by panel, down the rows of each, vector by vector.

    Parameters
    ----------
    w : Writer
        Where instructions go.
    walk : Walk
        The group.
    pointers : Pointers
        Where values are.
    masks : sequence of Value or None
        Which lanes count, for each vector of a row; None: all.
    """

    def __init__(
        self, w: Writer, walk: Walk, pointers: Pointers, masks: Sequence[Value] | None = None
    ) -> None:
        self.w, self.walk, self.pointers, self.masks = w, walk, pointers, masks
        self.space = walk.space
        self.lanes = lanes_of(self.space.kind)
        self.step = self.lanes * self.space.size
        self.by_panel = [i for i in walk.reduced if i.attrs["over"] == "rows"]

    def write(
        self, rows: int | Value, panels: int | Value, apart: int | Value, *, unroll: bool
    ) -> None:
        """Write the walk over so many rows of so many panels, that are so many bytes apart."""
        w, totals = self.w, self.walk.totals
        held = [x for item in totals for x in self.load_total(item)]

        def panel(p: Value, carried: list[Value]) -> list[Value]:
            return self.panel(p, p * apart, rows, carried, unroll=unroll)

        held = w.repeat(panels, panel, held, unroll=unroll)
        for item, parts in zip(totals, self.split(totals, held), strict=True):
            self.store_total(item, parts)

    def split(self, items: list[Item], held: list[Value]) -> list[list[Value]]:
        """Return carried values by item."""
        out, place = [], 0
        for item in items:
            count = len(reduction_of(item).carried)
            out.append(held[place : place + count])
            place += count
        return out

    def load_total(self, item: Item) -> list[Value]:
        """Read what a total carries so far."""
        w, slot = self.w, self.pointers[item, "out"]
        return [
            w.load(w.at(slot, 64 * j), kind, self.lanes)
            for j, kind in enumerate(reduction_of(item).carried)
        ]

    def store_total(self, item: Item, parts: list[Value]) -> None:
        """Write down what a total carries."""
        for j, x in enumerate(parts):
            self.w.store(x, self.w.at(self.pointers[item, "out"], 64 * j))

    def panel(
        self, p: Value, top: Value, rows: int | Value, held: list[Value], *, unroll: bool
    ) -> list[Value]:
        """Write the walk down one panel, which begins so many bytes from the first."""
        w, line = self.w, self.space.line
        across = p * line
        hoisted = self.hoisted(across)
        starts = [
            x for item in self.by_panel for _ in range(self.walk.chunks)
            for x in reduction_of(item).start(w, self.lanes)
        ]  # fmt: skip

        def row(r: Value, carried: list[Value]) -> list[Value]:
            return self.row(top + r * line, r, hoisted, carried)

        out = w.repeat(rows, row, [*starts, *held], unroll=unroll)
        self.finish_panel(across, out[: len(starts)])
        return out[len(starts) :]

    def hoisted(self, across: Value) -> dict[tuple[Item, str, int], Value]:
        """Read what does not change down a panel."""
        w = self.w
        found: dict[tuple[Item, str, int], Value] = {}
        for item, near in self.walk.reads:
            base = self.pointers[item, near]
            if near == "scalar":
                value = w.spread(base, self.lanes)
                found.update({(item, near, h): value for h in range(self.walk.chunks)})
            elif near == "row":
                for h in range(self.walk.chunks):
                    place = w.at(w.at(base, across), h * self.step)
                    found[item, near, h] = as_used(w.load(place, item.kind, self.lanes), item)
        return found

    def row(
        self, offset: Value, r: Value, hoisted: dict[tuple[Item, str, int], Value],
        held: list[Value],
    ) -> list[Value]:  # fmt: skip
        """Write one row of a panel."""
        new = list(held)
        for h in range(self.walk.chunks):
            lane = Lane(self.w, self.walk, self.lanes, self.reader(offset, r, hoisted, h))
            self.chunk(lane, offset, h, new)
        return new

    def reader(
        self, offset: Value, r: Value, hoisted: dict[tuple[Item, str, int], Value], h: int
    ) -> Callable[[Item, Relation], Value]:
        """Return what reads an input at one place."""
        w = self.w

        def read(item: Item, near: Relation) -> Value:
            known = hoisted.get((item, near, h))
            if known is not None:
                return known
            base = self.pointers[item, near]
            if near == "column":
                x = w.load(w.at(base, r * self.space.size), item.kind)
                x = w.spread(x, self.lanes)
            else:
                x = w.load(w.at(w.at(base, offset), h * self.step), item.kind, self.lanes)
            return as_used(x, item)

        return read

    def chunk(self, lane: Lane, offset: Value, h: int, held: list[Value]) -> None:
        """Write one vector: compute, store, reduce."""
        w = self.w
        for item in self.walk.group.items:
            if item.attrs.get("over"):
                self.reduce(lane, item, h, held)
                continue
            value = lane.of(item)
            if item in self.walk.stored:
                place = w.at(w.at(self.pointers[item, "out"], offset), h * self.step)
                w.store(as_stored(w, value, item.kind), place)

    def reduce(self, lane: Lane, item: Item, h: int, held: list[Value]) -> None:
        """Add one vector to what a reduction carries."""
        how = reduction_of(item)
        x = lane.reduced(item)
        if item.attrs["over"] == "all" and self.masks is not None:
            x = self.w.where(self.masks[h], x, x.like(how.identity))
        start = self.carried_at(item, h)
        held[start : start + len(how.carried)] = how.add(
            self.w, held[start : start + len(how.carried)], x
        )

    def carried_at(self, item: Item, h: int) -> int:
        """Return where the values that a reduction carries begin."""
        place = 0
        for other in self.by_panel:
            count = len(reduction_of(other).carried)
            if other is item:
                return place + h * count
            place += count * self.walk.chunks
        for other in self.walk.totals:
            if other is item:
                return place
            place += len(reduction_of(other).carried)
        raise AssertionError("a reduction over rows or all entries is carried")

    def finish_panel(self, across: Value, held: list[Value]) -> None:
        """Store what the rows of a panel came to."""
        w, place = self.w, 0
        for item in self.by_panel:
            how = reduction_of(item)
            for h in range(self.walk.chunks):
                value = how.finish(w, held[place : place + len(how.carried)])
                place += len(how.carried)
                base = self.pointers[item, "out"]
                w.store(value, w.at(w.at(base, across), h * self.step))
