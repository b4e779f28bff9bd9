"""Groups and strips in machine code: which walk, over which part of memory, written where.

A walk of more than a few vectors is a routine; equal groups of other sizes share it. Knows groups
and their walks; knows no operation.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.executors.native.forms import Product
from chainrule.executors.native.frame import Frame
from chainrule.executors.native.fuse import Group, Strips
from chainrule.executors.native.groups import (
    Lane,
    Pointers,
    Walk,
    as_stored,
    as_used,
    instructions_of,
    reduction_of,
)
from chainrule.executors.native.items import Item
from chainrule.executors.native.lines import Lines
from chainrule.executors.native.matmul import parts_of
from chainrule.executors.native.products import write_product
from chainrule.executors.native.rows import Rows
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer

CALLED_LINES = 60
"""A single number that takes more instructions than this is found by a function."""


def _is_special(item: Item) -> bool:
    """Tell whether an operation is written in another way for a number that is known."""
    return item.op == "power" and item.inputs[1].item.is_number


class Walks:
    """Writes groups.

    Parameters
    ----------
    frame : Frame
        The step's.
    stored : frozenset of Item
        What must be in memory afterwards.
    is_tiny : bool
        Whether the whole step is so short that calls would be felt.
    """

    def __init__(self, frame: Frame, stored: frozenset[Item], *, is_tiny: bool) -> None:
        self.frame, self.w, self.stored, self.is_tiny = frame, frame.w, stored, is_tiny

    def group(self, group: Group) -> None:
        """Write a group."""
        walk = Walk(group, self.stored, self.is_tiny)
        if walk.space.entries == 1:
            self.frame.leader(lambda: self.scalars(walk))
        elif group.by_rows:
            self.frame.leader(lambda: self.rows(walk))
        elif walk.totals or walk.is_inline:
            self.frame.leader(lambda: self.lines(walk))
        else:
            self.lines(walk)

    def rows(self, walk: Walk) -> None:
        """Write a walk row by row."""
        Rows(self.w, walk, self.pointers(walk)).write(unroll=walk.is_inline)

    def pointers(self, walk: Walk) -> Pointers:
        """Return where everything that a walk reads and writes is."""
        found: Pointers = {}
        for item, near in walk.reads:
            if near == "scalar":
                found[item, near] = as_used(self.frame.single(item), item)
            else:
                found[item, near] = self.frame.address(item)
        for item in walk.writes:
            found[item, "out"] = self.frame.address(item)
        return found

    def scalars(self, walk: Walk) -> None:
        """Write a group of single numbers."""
        lane = Lane(self.w, walk, 1, lambda item, near: as_used(self.frame.single(item), item))
        for item in walk.group.items:
            is_long = instructions_of(item) > CALLED_LINES and not _is_special(item)
            value = lane.of(item, by_call=is_long and not self.is_tiny)
            if item in walk.stored:
                self.w.store(as_stored(self.w, value, item.kind), self.frame.address(item))

    def lines(self, walk: Walk) -> None:
        """Write a walk panel by panel: in place, or as a call of a routine that others share."""
        w, pointers = self.w, self.pointers(walk)
        totals = {item: pointers[item, "out"] for item in walk.totals}
        room = self.frame.room(128 * len(totals)) if totals else None
        for n, item in enumerate(walk.totals):
            assert room is not None, "totals have room for what they carry"
            slot = w.at(room, 128 * n)
            pointers[item, "out"] = slot
            for j, x in enumerate(reduction_of(item).start(w, lanes_of(walk.space.kind))):
                w.store(x, w.at(slot, 64 * j))
        space = walk.space
        hoists = any(near in ("row", "column") for _, near in walk.reads)
        if space.is_vector and not walk.totals:
            self.shared(walk, pointers, space.panels, 1)
        elif space.is_vector:
            self.region(walk, pointers, space.width // space.panel, 1)
        elif walk.totals:
            self.region(walk, pointers, space.rows, space.width // space.panel)
        elif hoists or walk.reduced:
            self.shared(walk, pointers, space.rows, space.panels)
        else:
            self.shared(walk, pointers, space.lines, 1)
        if walk.totals and space.rest:
            self.tail(walk, pointers)
        for item, out in totals.items():
            self.total(item, pointers[item, "out"], out, lanes_of(space.kind))

    def shared(self, walk: Walk, pointers: Pointers, rows: int, panels: int) -> None:
        """Write a thread's share of a walk: some of the panels, or of the rows of one."""
        if not self.frame.is_threaded or walk.is_inline:  # which one thread does for all
            self.region(walk, pointers, rows, panels)
            return
        space, by_panel = walk.space, panels > 1
        if walk.reduced and not by_panel:
            self.frame.leader(lambda: self.region(walk, pointers, rows, panels))
            return
        first, count = self.frame.share(panels if by_panel else rows)
        down = first * (space.panel_bytes if by_panel else space.line)

        def moved(item: Item, near: str, base: Value) -> Value:
            if near == "scalar" or (near in ("row", "column") and by_panel != (near == "row")):
                return base
            if near == "row" or (near == "out" and item.attrs.get("over")):
                return self.w.at(base, first * space.line)
            return self.w.at(base, first * space.size if near == "column" else down)

        here = {(item, near): moved(item, near, x) for (item, near), x in pointers.items()}
        self.region(walk, here, rows if by_panel else count, count if by_panel else panels)

    def strips(self, kernel: Strips) -> None:
        """Write a product panel by panel, each followed by what the group makes of it."""
        w = self.w
        walk = Walk(kernel.group, self.stored, self.is_tiny)
        (part,) = parts_of(kernel.product) or []
        assert isinstance(part.form, Product), "only products of panels go in strips"
        space = walk.space
        room = self.frame.own_room(space.panel_bytes)
        form = replace(part.form, panels=1)
        pointers: Pointers = {(item, "out"): self.frame.address(item) for item in walk.writes}
        scalars: Pointers = {}
        for item, near in walk.reads:
            if near == "scalar":
                scalars[item, near] = as_used(self.frame.single(item), item)
            else:
                pointers[item, near] = room if item is kernel.product else self.frame.address(item)
        left, right = self.frame.address(part.left), self.frame.address(part.right)

        first, count = self.frame.share(space.panels)

        def panel(n: Value, _: list[Value]) -> None:
            j = first + n

            def moved(item: Item, near: str) -> Value:
                base = pointers[item, near]
                if item is kernel.product or near == "column":
                    return base
                by_column = near == "row" or (near == "out" and item.attrs.get("over"))
                return w.at(base, j * (space.line if by_column else space.panel_bytes))

            write_product(w, form, left, w.at(right, j * form.right_panel), room)
            here = {key: moved(*key) for key in pointers}
            self.region(walk, here | scalars, space.rows, 1)

        w.repeat(count if self.frame.is_threaded else space.panels, panel)

    def region(
        self, walk: Walk, pointers: Pointers, rows: int | Value, panels: int | Value
    ) -> None:
        """Write the walk over so many rows of so many panels."""
        apart = walk.space.panel_bytes
        if walk.is_inline:
            Lines(self.w, walk, pointers).write(rows, panels, apart, unroll=True)
            return
        names = list(pointers)
        counts = {"rows": rows} if panels == 1 else {"rows": rows, "panels": panels, "apart": apart}

        def build(inner: Writer, given: list[Value]) -> None:
            inside = dict(zip(names, given, strict=False))
            lines, (height, *outer) = Lines(inner, walk, inside), given[len(names) :]
            if outer:
                lines.write(height, *outer, unroll=False)
            else:  # one panel needs no loop over panels
                lines.write(height, 1, 0, unroll=False)

        parameters = [(f"p{n}", x.kind, 1) for n, x in enumerate(pointers.values())]
        name = self.w.routine("lines", [*parameters, *((n, "i64", 1) for n in counts)], build)
        numbers = [
            n if isinstance(n, Value) else self.w.constant(n, "i64") for n in counts.values()
        ]
        self.w.call(name, *pointers.values(), *numbers)

    def tail(self, walk: Walk, pointers: Pointers) -> None:
        """Write the last, partly filled panel; what totals take is masked there."""
        w, space = self.w, walk.space
        whole, lanes = space.width // space.panel, lanes_of(space.kind)
        down = whole * (space.line if space.is_vector else space.panel_bytes)
        across = whole * space.line

        def start(item: Item, near: str) -> int:
            if near == "row" or (near == "out" and item.attrs.get("over") == "rows"):
                return across
            is_total = near == "out" and item.attrs.get("over")
            return 0 if near in ("scalar", "column") or is_total else down

        moved = {
            (item, near): w.at(x, start(item, near)) if start(item, near) else x
            for (item, near), x in pointers.items()
        }
        masks = [w.lanes_below(space.rest - h * lanes, lanes) for h in range(walk.chunks)]
        rows = 1 if space.is_vector else space.rows
        Lines(w, walk, moved, masks).write(rows, 1, 0, unroll=walk.is_inline)

    def total(self, item: Item, slot: Value, out: Value, lanes: int) -> None:
        """Write the end of a total: its lanes come together."""
        w, how = self.w, reduction_of(item)
        held = [w.load(w.at(slot, 64 * j), kind, lanes) for j, kind in enumerate(how.carried)]
        w.store(how.finish(w, how.across(w, held)), out)
