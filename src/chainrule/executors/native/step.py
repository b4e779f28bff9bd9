"""A step in machine code: the batch, then every kernel in order, with the checks before the update.

    i32 step(ptr state, ptr arena, ptr rows, ptr io)

returns 0, or why it stopped before anything was updated (`Stop`). `io` is a row of numbers that the
caller fills in and reads (`IO`). Knows kernels, places and their emitters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chainrule.executors.native.batch import Source, write_gather
from chainrule.executors.native.dots import Dot, write_dot
from chainrule.executors.native.frame import Frame
from chainrule.executors.native.fuse import Group, Kernel, Single, Strips
from chainrule.executors.native.groups import (
    as_used,
    reduction_of,
)
from chainrule.executors.native.items import Item, Operand
from chainrule.executors.native.maths import Maths
from chainrule.executors.native.maths.trigonometric import NEAR
from chainrule.executors.native.matmul import Part, parts_of
from chainrule.executors.native.moves import write_move
from chainrule.executors.native.place import Places
from chainrule.executors.native.products import write_product
from chainrule.executors.native.signals import IO, Stop
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.transposes import transposed_panel, write_transpose
from chainrule.executors.native.values import Value
from chainrule.executors.native.walks import Walks
from chainrule.executors.native.writer import Module, Writer


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
    is_threaded : bool
        Whether several threads carry out the step together.
    is_tiny : bool
        Whether the step is so short that calls would be felt.
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
    is_threaded: bool = False
    is_tiny: bool = False
    numpy: list[Item] = field(default_factory=list)


def write_step(job: Job, *, fused: bool, pause: str) -> tuple[str, dict[str, str]]:
    """Return the text of a module with the function ``step``, and the kernels that it calls."""
    module = Module()
    w = Writer(module, fused=fused, pause=pause)
    _Step(w, job).write()
    text = module.text
    head = "define i32 @step(ptr %state, ptr %arena, ptr %rows, ptr %io) nounwind {\nentry:\n"
    return f"{text}\n{head}{w.body}\n  ret i32 0\n}}\n", module.kernels


class _Step:
    """Writes the body of a step."""

    def __init__(self, w: Writer, job: Job) -> None:
        self.w, self.job = w, job
        self.frame = Frame(w, job.places, is_threaded=job.is_threaded)
        self.walks = Walks(self.frame, job.places.stored, is_tiny=job.is_tiny)
        self.io = self.frame.bases["io"]

    def write(self) -> None:
        w, job = self.w, self.job
        for name, (item, source) in job.gathers.items():
            w.comment(f"rows of {item.name}")
            array = w.load(w.at(self.io, 8 * IO[name]), "ptr")
            rows = w.argument("rows", "ptr")
            out, share = self.frame.address(item), self.frame.share(job.rows)
            write_gather(w, source, job.rows, array, rows, out, share)
        is_checked, level = False, None
        for kernel in job.kernels:
            if kernel.level != level:
                self.frame.meet()
            level = kernel.level
            if not is_checked and any(item.is_update for item in kernel.items):
                self.check()
                is_checked = True
            w.comment(describe(kernel))
            self.kernel(kernel)
        self.frame.meet()
        if not is_checked:
            self.check()
        self.frame.leader(self.commits)
        self.frame.meet()

    def commits(self) -> None:
        """Copy new values that could not be written over the old ones at once."""
        places = self.job.places
        for item, start in places.spare.items():
            self.copy(item, self.frame.address(item), self.w.at(self.frame.bases["arena"], start))
        for new, old in places.commits:
            self.commit(new, old)

    def check(self) -> None:
        """Write what must hold before anything is updated; report the loss."""
        w, job = self.w, self.job
        for name, operand in (("LOSS", job.loss), ("PENALTY", job.penalty)):
            if operand is not None:
                x = w.convert(self.frame.single(operand.item), "f64")
                w.store(x, w.at(self.io, 8 * IO[name]))
        for item in job.checks:
            self.leave_unless(as_used(self.frame.single(item), item), Stop.REFUSED)
        if job.loss is not None and job.is_training:
            loss = w.convert(self.frame.single(job.loss.item), "f64")
            self.leave_unless(loss <= w.load(w.at(self.io, 8 * IO.LIMIT), "f64"), Stop.LOSS)

    def leave_unless(self, condition: Value, stop: Stop) -> None:
        """Return from the step where a condition is false."""
        if not condition.text.startswith("%"):
            condition = self.w.pure(f"and i1 true, {condition.text}", "i1")
        self.w.leave_unless(condition, int(stop))

    def kernel(self, kernel: Kernel) -> None:
        if isinstance(kernel, Group):
            self.walks.group(kernel)
            return
        if isinstance(kernel, Strips):
            self.walks.strips(kernel)
            return
        (item,) = kernel.items
        if kernel.what == "product":
            self.product(item)
        else:
            self.frame.leader(lambda: SINGLES[kernel.what](self, item))

    # State

    def commit(self, new: Item, old: Item) -> None:
        """Copy a new value to where the old one was."""
        w = self.w
        w.comment(f"{old.name} takes its new value")
        out = self.frame.address(old)
        if new.is_number or (old.layout.entries == 1 and new not in self.job.places.spare):
            x = self.frame.single(new)
            for j in range(old.layout.entries):
                w.store(x, w.at(out, j * old.layout.size))
            return
        spare = self.job.places.spare.get(new)
        source = (
            self.frame.address(new) if spare is None else w.at(self.frame.bases["arena"], spare)
        )
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
        left = w.at(self.frame.address(part.left), part.left_start)
        right = w.at(self.frame.address(part.right), part.right_start)
        out = w.at(self.frame.address(part.out), part.out_start)
        if isinstance(part.form, Dot):
            dot = part.form
            self.frame.leader(lambda: write_dot(w, dot, left, right, out))
            return
        if part.turned is not None:
            panel, count = transposed_panel(part.turned)
            room = self.frame.room(count)
            write_transpose(w, part.turned, right, room, panel, self.frame.share)
            self.frame.meet()
            right = room
        waiting = None
        if part.form.waiting_bytes:
            waiting = self.frame.room(part.form.waiting_bytes)
        write_product(w, part.form, left, right, out, waiting, self.frame.share)

    def move(self, item: Item) -> None:
        """Write a transpose, reshape, slice ... that has to be carried out."""
        sources = [self.in_memory(x.item) for x in item.inputs]
        write_move(self.w, item, sources, self.frame.address(item))

    def in_memory(self, item: Item) -> Value:
        """Return where an item lies; a number is put somewhere."""
        if not item.is_number:
            return self.frame.address(item)
        slot = self.frame.room(64)
        self.w.store(self.frame.single(item), slot)
        return slot

    def row(self, item: Item) -> None:
        """Write the reduction of rows that are too wide for registers."""
        w, x, how = self.w, item.inputs[0].item, reduction_of(item)
        layout, out = x.layout, self.frame.address(item)
        base, lanes = self.frame.address(x), lanes_of(layout.kind)
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
        self.leave_unless(self.ask_numpy(item).same(0), Stop.FAILED)

    def ask_numpy(self, item: Item) -> Value:
        """Call back to Python; return 0 if NumPy has computed the item."""
        w = self.w
        number = w.constant(len(self.job.numpy), "i64")
        self.job.numpy.append(item)
        function = w.load(w.at(self.io, 8 * IO.CALLBACK), "ptr")
        return w.value(f"call i64 {function.text}(i64 {number.text})", "i64")

    def number(self, item: Item) -> None:
        """Write the sine or cosine of a number; a huge one is left to NumPy, which cannot fail."""
        w = self.w
        if not w.fused:
            self.ask_numpy(item)
            return
        x = self.frame.single(item.inputs[0].item)
        w.store(getattr(Maths(w), item.op)(x), self.frame.address(item))
        is_near = w.intrinsic("fabs", x) <= NEAR
        w.unless(is_near, lambda: self.ask_numpy(item))


SINGLES = {
    "move": _Step.move,
    "row": _Step.row,
    "numpy": _Step.numpy,
    "number": _Step.number,
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
