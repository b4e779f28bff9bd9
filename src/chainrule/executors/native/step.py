"""A step in machine code: the batch, then every kernel in order, with the checks before the update.

    i32 step(ptr state, ptr arena, ptr rows, ptr io)

returns 0, or why it stopped before anything was updated (`Stop`). `io` is a row of numbers that the
caller fills in and reads (`IO`). Knows kernels, places and their emitters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from chainrule.executors.native.batch import Source, write_gather
from chainrule.executors.native.dots import Dot, write_dot
from chainrule.executors.native.fuse import Group, Kernel, Single, Strips
from chainrule.executors.native.groups import (
    Lane,
    Pointers,
    Walk,
    as_stored,
    as_used,
    reduction_of,
)
from chainrule.executors.native.items import Item, Operand
from chainrule.executors.native.lines import Lines
from chainrule.executors.native.matmul import Part, parts_of
from chainrule.executors.native.moves import write_move
from chainrule.executors.native.place import SLACK, Places
from chainrule.executors.native.products import Product, write_product
from chainrule.executors.native.rows import Rows
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.transposes import transposed_panel, write_transpose
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Module, Writer


class Stop(IntEnum):
    """Why a step or a loop ended."""

    DONE = 0
    LOSS = 1
    REFUSED = 2
    FAILED = 3


class IO(IntEnum):
    """The numbers that a step reads and writes: each 8 bytes, in this order."""

    X = 0
    Y = 1
    W = 2
    LOSS = 3
    PENALTY = 4
    LIMIT = 5
    STEP = 6
    CALLBACK = 7


@dataclass(eq=False)
class Job:
    """Everything the writer of a step needs to know.

    Attributes
    ----------
    kernels : list of Group or Single
        In order.
    places : Places
        Where values lie.
    gathers : dict of str to (Item, Source)
        The leaves that are picked from arrays, by the name of the array in `IO`.
    rows : int
        Rows of a batch.
    checks : list of Item
        Numbers that must be 1, or the step is refused.
    loss, penalty : Operand or None
        What is written to `io`.
    is_training : bool
        Whether the state is updated in place, and not where the loss is above the limit.
    numpy : list of Item
        Filled in: the items that NumPy computes, in the order of their numbers.
    """

    kernels: list[Kernel]
    places: Places
    gathers: Mapping[str, tuple[Item, Source]]
    rows: int
    checks: list[Item]
    loss: Operand | None = None
    penalty: Operand | None = None
    is_training: bool = False
    numpy: list[Item] = field(default_factory=list)


def write_step(job: Job, *, fused: bool) -> tuple[str, dict[str, str]]:
    """Return the text of a module with the function ``step``, and the kernels that it calls."""
    module = Module()
    w = Writer(module, fused=fused)
    _Step(w, job).write()
    text = module.text
    head = "define i32 @step(ptr %state, ptr %arena, ptr %rows, ptr %io) nounwind {\nentry:\n"
    return f"{text}\n{head}{w.body}\n  ret i32 0\n}}\n", module.kernels


class _Step:
    """Writes the body of a step."""

    def __init__(self, w: Writer, job: Job) -> None:
        self.w, self.job = w, job
        self.bases = {
            "state": w.argument("state", "ptr"),
            "arena": w.argument("arena", "ptr"),
            "io": w.argument("io", "ptr"),
        }
        self.io = self.bases["io"]
        self.scratch: int | None = None

    def write(self) -> None:
        w, job = self.w, self.job
        for name, (item, source) in job.gathers.items():
            w.comment(f"rows of {item.name}")
            array = w.load(w.at(self.io, 8 * IO[name]), "ptr")
            rows = w.argument("rows", "ptr")
            write_gather(w, source, job.rows, array, rows, self.address(item))
        is_checked = False
        for kernel in job.kernels:
            if not is_checked and any(item.is_update for item in kernel.items):
                self.check()
                is_checked = True
            w.comment(describe(kernel))
            self.kernel(kernel)
        if not is_checked:
            self.check()
        for item, start in job.places.spare.items():
            self.copy(item, self.address(item), w.at(self.bases["arena"], start))
        for new, old in job.places.commits:
            self.commit(new, old)

    def address(self, item: Item) -> Value:
        """Return where an item lies."""
        region, start = self.job.places.at[item]
        return self.w.at(self.bases[region], start)

    def single(self, item: Item) -> Value:
        """Return the value of an item of one entry."""
        if item.is_number:
            assert item.data is not None, "constants have values"
            return self.w.constant(float(item.data.item()), item.kind)
        return self.w.load(self.address(item), item.kind)

    def check(self) -> None:
        """Write what must hold before anything is updated; report the loss."""
        w, job = self.w, self.job
        for name, operand in (("LOSS", job.loss), ("PENALTY", job.penalty)):
            if operand is not None:
                x = w.convert(self.single(operand.item), "f64")
                w.store(x, w.at(self.io, 8 * IO[name]))
        for item in job.checks:
            self.leave_unless(as_used(self.single(item), item), Stop.REFUSED)
        if job.loss is not None and job.is_training:
            loss = w.convert(self.single(job.loss.item), "f64")
            self.leave_unless(loss <= w.load(w.at(self.io, 8 * IO.LIMIT), "f64"), Stop.LOSS)

    def leave_unless(self, condition: Value, stop: Stop) -> None:
        """Return from the step where a condition is false."""
        if not condition.text.startswith("%"):
            condition = self.w.pure(f"and i1 true, {condition.text}", "i1")
        self.w.unless(condition, lambda: self.w.leave(int(stop)))

    def kernel(self, kernel: Kernel) -> None:
        if isinstance(kernel, Group):
            self.group(kernel)
            return
        if isinstance(kernel, Strips):
            self.strips(kernel)
            return
        (item,) = kernel.items
        SINGLES[kernel.what](self, item)

    # Groups

    def group(self, group: Group) -> None:
        walk = Walk(group, self.job.places.stored)
        if walk.space.entries == 1:
            self.scalars(walk)
        elif group.by_rows:
            Rows(self.w, walk, self.pointers(walk)).write(unroll=walk.is_inline)
        else:
            self.lines(walk)

    def pointers(self, walk: Walk) -> Pointers:
        """Return where everything that a walk reads and writes is."""
        found: Pointers = {}
        for item, near in walk.reads:
            if near == "scalar":
                found[item, near] = as_used(self.single(item), item)
            else:
                found[item, near] = self.address(item)
        for item in walk.writes:
            found[item, "out"] = self.address(item)
        return found

    def scalars(self, walk: Walk) -> None:
        """Write a group of single numbers."""
        lane = Lane(self.w, walk, 1, lambda item, near: as_used(self.single(item), item))
        for item in walk.group.items:
            value = lane.of(item)
            if item in walk.stored:
                self.w.store(as_stored(self.w, value, item.kind), self.address(item))

    def lines(self, walk: Walk) -> None:
        """Write a walk panel by panel: in place, or as a call of a routine that others share."""
        w, pointers = self.w, self.pointers(walk)
        totals = {item: pointers[item, "out"] for item in walk.totals}
        for n, item in enumerate(walk.totals):
            slot = w.at(self.bases["arena"], self.slots() + 128 * n)
            pointers[item, "out"] = slot
            for j, x in enumerate(reduction_of(item).start(w, lanes_of(walk.space.kind))):
                w.store(x, w.at(slot, 64 * j))
        space = walk.space
        hoists = any(near in ("row", "column") for _, near in walk.reads)
        if space.is_vector and not walk.totals:
            self.region(walk, pointers, space.panels, 1)
        elif space.is_vector:
            self.region(walk, pointers, space.width // space.panel, 1)
        elif hoists or walk.reduced:
            whole = space.width // space.panel if walk.totals else space.panels
            self.region(walk, pointers, space.rows, whole)
        else:
            self.region(walk, pointers, space.lines, 1)
        if walk.totals and space.rest:
            self.tail(walk, pointers)
        for item, out in totals.items():
            self.total(item, pointers[item, "out"], out, lanes_of(space.kind))

    def strips(self, kernel: Strips) -> None:
        """Write a product panel by panel, each followed by what the group makes of it."""
        w, job = self.w, self.job
        walk = Walk(kernel.group, job.places.stored)
        (part,) = parts_of(kernel.product) or []
        assert isinstance(part.form, Product), "only products of panels go in strips"
        space = walk.space
        room = w.at(self.bases["arena"], job.places.reserve(space.panel_bytes))
        form = replace(part.form, panels=1)
        pointers = {
            (item, near): room if item is kernel.product else self.address(item)
            for item, near in walk.reads if near != "scalar"
        }  # fmt: skip
        pointers |= {(item, "out"): self.address(item) for item in walk.writes}
        scalars = {
            (item, near): as_used(self.single(item), item)
            for item, near in walk.reads if near == "scalar"
        }  # fmt: skip
        left, right = self.address(part.left), self.address(part.right)

        def panel(j: Value, _: list[Value]) -> None:
            def moved(item: Item, near: str) -> Value:
                base = pointers[item, near]
                if item is kernel.product or near == "column":
                    return base
                by_column = near == "row" or (near == "out" and item.attrs.get("over"))
                return w.at(base, j * (space.line if by_column else space.panel_bytes))

            write_product(w, form, left, w.at(right, j * form.right_panel), room)
            here = {key: moved(*key) for key in pointers}
            self.region(walk, here | scalars, space.rows, 1)

        w.repeat(space.panels, panel)

    def slots(self) -> int:
        """Return where the arena has room for what totals carry."""
        if self.scratch is None:
            self.scratch = self.job.places.reserve(SLACK)
        return self.scratch

    def region(self, walk: Walk, pointers: Pointers, rows: int, panels: int) -> None:
        """Write the walk over so many rows of so many panels."""
        apart = walk.space.panel_bytes
        if walk.is_inline:
            Lines(self.w, walk, pointers).write(rows, panels, apart, unroll=True)
            return
        names = list(pointers)

        def build(inner: Writer, given: list[Value]) -> None:
            inside = dict(zip(names, given, strict=False))
            Lines(inner, walk, inside).write(*given[-3:], unroll=False)

        parameters = [(f"p{n}", x.kind, 1) for n, x in enumerate(pointers.values())]
        name = self.w.routine(
            "lines", [*parameters, *((n, "i64", 1) for n in ("rows", "panels", "apart"))], build
        )
        counts = [self.w.constant(n, "i64") for n in (rows, panels, apart)]
        self.w.call(name, *pointers.values(), *counts)

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

    def commit(self, new: Item, old: Item) -> None:
        """Copy a new value to where the old one was."""
        w = self.w
        w.comment(f"{old.name} takes its new value")
        out = self.address(old)
        if new.is_number or (old.layout.entries == 1 and new not in self.job.places.spare):
            x = self.single(new)
            for j in range(old.layout.entries):
                w.store(x, w.at(out, j * old.layout.size))
            return
        spare = self.job.places.spare.get(new)
        source = self.address(new) if spare is None else w.at(self.bases["arena"], spare)
        self.copy(old, source, out)

    def copy(self, item: Item, source: Value, out: Value) -> None:
        """Copy an array as it lies."""
        w, lanes = self.w, lanes_of(item.kind)

        def line(i: Value, _: list[Value]) -> None:
            w.store(w.load(w.at(source, i * 32), item.kind, lanes), w.at(out, i * 32))

        w.repeat(-(-item.layout.bytes // 32), line)

    # Kernels of one item

    def product(self, item: Item) -> None:
        """Write a matrix product, or each of a batch of them."""
        for part in parts_of(item) or []:
            self.part(part)

    def part(self, part: Part) -> None:
        """Write one product of two matrices."""
        w = self.w
        left = w.at(self.address(part.left), part.left_start)
        right = w.at(self.address(part.right), part.right_start)
        out = w.at(self.address(part.out), part.out_start)
        if isinstance(part.form, Dot):
            write_dot(w, part.form, left, right, out)
            return
        if part.turned is not None:
            panel, count = transposed_panel(part.turned)
            room = w.at(self.bases["arena"], self.job.places.reserve(count))
            write_transpose(w, part.turned, right, room, panel)
            right = room
        waiting = None
        if part.form.waiting_bytes:
            start = self.job.places.reserve(part.form.waiting_bytes)
            waiting = w.at(self.bases["arena"], start)
        write_product(w, part.form, left, right, out, waiting)

    def move(self, item: Item) -> None:
        """Write a transpose, reshape or expand that has to be carried out."""
        x = item.inputs[0].item
        if x.is_number:
            slot = self.w.at(self.bases["arena"], self.job.places.reserve(64))
            self.w.store(self.single(x), slot)
        else:
            slot = self.address(x)
        write_move(self.w, item, slot, self.address(item))

    def row(self, item: Item) -> None:
        """Write the reduction of rows that are too wide for registers."""
        w, x, how = self.w, item.inputs[0].item, reduction_of(item)
        layout, out = x.layout, self.address(item)
        base, lanes = self.address(x), lanes_of(layout.kind)
        chunks = layout.panel // lanes
        whole, vectors = layout.width // layout.panel, -(-layout.width // lanes)

        def vector(place: Value, held: list[Value], rest: int) -> list[Value]:
            v = w.load(place, layout.kind, lanes)
            if rest < lanes:
                v = w.where(w.lanes_below(rest, lanes), v, v.like(how.identity))
            return how.add(w, held, v)

        def row(r: Value, _: list[Value]) -> None:
            start = w.at(base, r * layout.line)

            def panel(p: Value, held: list[Value]) -> list[Value]:
                here = w.at(start, p * layout.panel_bytes)
                for h in range(chunks):
                    held = vector(w.at(here, 32 * h), held, lanes)
                return held

            held = w.repeat(whole, panel, how.start(w, lanes))
            for j in range(whole * chunks, vectors):
                p, h = divmod(j, chunks)
                place = w.at(start, p * layout.panel_bytes + 32 * h)
                held = vector(place, held, layout.width - j * lanes)
            w.store(how.finish(w, how.across(w, held)), w.at(out, r * layout.size))

        w.repeat(layout.rows, row)

    def numpy(self, item: Item) -> None:
        """Write a call back to Python, where NumPy computes the item."""
        w = self.w
        number = w.constant(len(self.job.numpy), "i64")
        self.job.numpy.append(item)
        function = w.load(w.at(self.io, 8 * IO.CALLBACK), "ptr")
        answer = w.value(f"call i64 {function.text}(i64 {number.text})", "i64")
        self.leave_unless(answer.same(0), Stop.FAILED)


SINGLES = {
    "product": _Step.product,
    "move": _Step.move,
    "row": _Step.row,
    "numpy": _Step.numpy,
}
"""Who writes which kernel of one item."""


def describe(kernel: Kernel) -> str:
    """Return a line on a kernel for people."""
    if isinstance(kernel, Single):
        item = kernel.items[0]
        return f"{kernel.what} {item.op} {item.shape} {item.name}".rstrip()
    names = " ".join(f"{i.name or i.op}" for i in kernel.items)
    if isinstance(kernel, Strips):
        return f"strips {kernel.group.space.rows} x {kernel.group.space.width}: {names}"
    form = f"{kernel.space.rows} x {kernel.space.width}"
    return f"{'rows' if kernel.by_rows else 'lines'} {form}: {names}"
