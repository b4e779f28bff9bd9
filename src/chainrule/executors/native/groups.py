"""Groups in machine code: what a walk over memory reads, computes and writes at one place.

`lines` and `rows` are the two walks. Knows groups and operations; knows no loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from chainrule.executors.native.fuse import Group, Relation, relation
from chainrule.executors.native.items import Item, Operand
from chainrule.executors.native.layout import Layout
from chainrule.executors.native.maths import Maths
from chainrule.executors.native.reductions import Reduction
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer
from chainrule.graph import primitives

INLINE_VECTORS = 8
"""A walk of at most so many vectors is written out where it happens."""

INLINE_LINES = 480
"""But only if that is at most so many instructions."""

Pointers = dict[tuple[Item, str], Value]
"""Where each value is: read as (item, relation), written as (item, "out")."""


def compute(w: Writer, item: Item, inputs: Sequence[Value]) -> Value:
    """Write one entry-by-entry operation.

    Parameters
    ----------
    w : Writer
        Where it is written.
    item : Item
        What is computed.
    inputs : sequence of Value
        Its inputs, with equal lanes.
    """
    m = Maths(w)
    if item.op == "expand":
        return inputs[0]
    if item.op == "cast":
        return _cast(w, item, inputs[0])
    if item.op == "decided":
        top, peaks = inputs
        one_peak = (top > 0.0) & peaks.same(1.0)
        return m.is_finite(top) | one_peak | top.differs(top)
    rule = primitives[item.op].native
    assert rule is not None, "only operations with native code are in groups"
    value: Value = rule(m, *_as_numbers(w, item, inputs), **item.attrs)
    return value


TRUTH = {"logical_and": (0, 1), "logical_or": (0, 1), "logical_not": (0,), "where": (0,)}
"""Which inputs of an operation are true or false; all others are numbers."""


def _as_numbers(w: Writer, item: Item, inputs: Sequence[Value]) -> list[Value]:
    """Return inputs as the operation takes them: truth values as 1 and 0 where it takes numbers."""
    truth = TRUTH.get(item.op, ())
    if item.op == "where" and item.is_bool:
        truth = (0, 1, 2)
    return [x if n in truth else w.convert(x, item.kind) for n, x in enumerate(inputs)]


def _cast(w: Writer, item: Item, x: Value) -> Value:
    """Return a number as another kind of number; whole ones are cut off towards 0."""
    if item.attrs["dtype"] == "bool":
        return x if x.kind == "i1" else x.differs(0.0)
    if item.attrs["dtype"] == "int64" and x.kind != "i1":
        return Maths(w).trunc(x)
    return w.convert(x, item.kind)


def instructions_of(item: Item) -> int:
    """Return how many instructions an entry-by-entry item takes, found by writing it once."""
    attrs = tuple(sorted((k, str(v)) for k, v in item.attrs.items()))
    inputs = tuple("i1" if x.item.is_bool else item.kind for x in item.inputs)
    return _instructions(item.op, item.kind, inputs, attrs, _Shown(item))


class _Shown:
    """An item, equal to any other: it only shows how the operation is written."""

    def __init__(self, item: Item) -> None:
        self.item = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shown)

    def __hash__(self) -> int:
        return 0


@cache
def _instructions(op: str, kind: str, inputs: tuple[str, ...], attrs: object, shown: _Shown) -> int:
    w = Writer()
    compute(w, shown.item, [Value(w, f"%x{n}", k) for n, k in enumerate(inputs)])
    return len(w.lines)


def number(w: Writer, item: Item, like: str, lanes: int, *, is_bool: bool) -> Value:
    """Return a constant of one entry."""
    assert item.data is not None, "constants have values"
    if is_bool:
        return w.constant(bool(item.data), "i1", lanes)
    return w.constant(
        float(item.data.item()), item.kind if item.data.dtype.kind == "f" else like, lanes
    )


def as_stored(w: Writer, x: Value, kind: str) -> Value:
    """Return a value as memory holds it: true and false as 1 and 0."""
    return w.convert(x, kind)


def as_used(x: Value, item: Item) -> Value:
    """Return a value from memory as operations take it."""
    return x.differs(0.0) if item.is_bool else x


def reduction_of(item: Item) -> Reduction:
    """Return how a reducing item does it."""
    read = item.inputs[0].item.layout
    count = {"row": read.width, "rows": read.rows, "all": read.entries}[item.attrs["over"]]
    return Reduction(item.op, item.kind, count)


@dataclass(eq=False)
class Walk:
    """What a walk over a group reads, computes and writes.

    Attributes
    ----------
    group : Group
        The group.
    stored : frozenset of Item
        The items that must be in memory afterwards.
    is_tiny : bool
        Whether the whole step is so short that calls would be felt.
    """

    group: Group
    stored: frozenset[Item]
    is_tiny: bool = True

    @property
    def space(self) -> Layout:
        """What is walked over."""
        return self.group.space

    @cached_property
    def reads(self) -> list[tuple[Item, Relation]]:
        """What is read from memory, and how, each once."""
        inside = set(self.group.items)
        found: dict[tuple[Item, Relation], None] = {}
        for item in self.group.items:
            for x in item.inputs:
                if x.item not in inside and not x.item.is_number:
                    found[x.item, self.relation(x, item)] = None
        return list(found)

    def relation(self, x: Operand, item: Item) -> Relation:
        """Return how an item of the group reads an input."""
        if item.attrs.get("over"):
            return "full"
        near = relation(x.shape, item.shape)
        assert near is not None, "inputs are spread before"
        is_column = item.layout != self.space and near == "full"
        return "column" if is_column else near

    @cached_property
    def writes(self) -> list[Item]:
        """What is written to memory."""
        return [i for i in self.group.items if i in self.stored]

    @property
    def reduced(self) -> list[Item]:
        """Items that are finished only when rows, or all entries, were seen."""
        return [i for i in self.group.items if i.attrs.get("over") in ("rows", "all")]

    @property
    def totals(self) -> list[Item]:
        """Items that are one number for all entries."""
        return [i for i in self.group.items if i.attrs.get("over") == "all"]

    @property
    def chunks(self) -> int:
        """Vectors in a row of a panel."""
        return self.space.panel // lanes_of(self.space.kind)

    @property
    def vectors(self) -> int:
        """Vectors of the whole walk."""
        if self.space.is_vector:
            return self.space.panels
        return self.space.panels * self.space.rows * self.chunks

    @property
    def is_inline(self) -> bool:
        """Whether it is written out where it happens."""
        if self.vectors > INLINE_VECTORS or not self.is_tiny:
            return False
        maps = [i for i in self.group.items if not i.attrs.get("over")]
        return self.vectors * sum(instructions_of(i) for i in maps) <= INLINE_LINES


class Lane:
    """The values of a group at one place: reads what it needs, computes in order.

    Parameters
    ----------
    w : Writer
        Where instructions go.
    walk : Walk
        The group.
    lanes : int
        Entries at once.
    read : callable
        ``(item, relation) -> Value``: reads from memory.
    """

    def __init__(
        self, w: Writer, walk: Walk, lanes: int, read: Callable[[Item, Relation], Value]
    ) -> None:
        self.w, self.walk, self.lanes, self.read = w, walk, lanes, read
        self.values: dict[Item, Value] = {}

    def input(self, x: Operand, item: Item) -> Value:
        """Return an input of an item."""
        if x.item.is_number:
            is_bool = x.item.is_bool
            return number(self.w, x.item, item.kind, self.lanes, is_bool=is_bool)
        found = self.values.get(x.item)
        if found is None:
            found = self.read(x.item, self.walk.relation(x, item))
        return self.w.spread(found, self.lanes)

    def of(self, item: Item, *, by_call: bool = False) -> Value:
        """Compute an entry-by-entry item, in place or as a call that equal ones share."""
        inputs = [self.input(x, item) for x in item.inputs]
        if by_call:
            found = self.w.function(item.op, inputs, lambda w, given: compute(w, item, given))
        else:
            found = compute(self.w, item, inputs)
        self.values[item] = found
        return found

    def reduced(self, item: Item) -> Value:
        """Return what a reducing item takes, as a number."""
        x = self.input(item.inputs[0], item)
        return self.w.convert(x, item.kind)
