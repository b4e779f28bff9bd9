"""Items: a plan as machine code sees it: without what costs nothing, and with more words.

What only renames a value (a reshape that moves nothing, a transpose of one row, a sum over one
entry) is gone: its readers read the value itself, under another shape. What has no kernel of its
own is spelled out in operations that have one. Knows plans; knows no instruction of a machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.executors.native.layout import Layout, layout_of
from chainrule.graph import LEAVES, Node
from chainrule.plan import Plan
from chainrule.types import Array, Shape

REDUCTIONS = ("sum", "mean", "max", "min")


@dataclass(eq=False)
class Item:
    """One value that machine code computes or is given.

    Attributes
    ----------
    number : int
        The instruction of the plan that it belongs to.
    op : str
        The operation; "check" stops the step where its input is not true everywhere.
    inputs : list of Operand
        What it reads.
    shape : tuple of int
        Its shape.
    kind : {"f32", "f64"}
        How its numbers are held in memory: integers and booleans as floats.
    is_bool : bool
        Whether it is true or false in registers.
    attrs : dict
        Attributes of the operation.
    data : numpy.ndarray or None
        The value of a constant.
    name : str
        Its name in the plan, or "".
    is_update : bool
        Whether only the update needs it.
    node : Node or None
        The node of the plan that it computes.
    """

    number: int
    op: str
    inputs: list[Operand]
    shape: Shape
    kind: str
    is_bool: bool = False
    attrs: dict[str, Any] = field(default_factory=dict)
    data: Array | None = None
    name: str = ""
    is_update: bool = False
    node: Node | None = None

    @property
    def layout(self) -> Layout:
        """How it lies in memory."""
        return layout_of(self.shape, self.kind)

    @property
    def is_leaf(self) -> bool:
        """Whether it is given, not computed."""
        return self.op in LEAVES

    @property
    def is_number(self) -> bool:
        """Whether it is a constant of one entry, which code holds itself."""
        return self.op == "constant" and self.data is not None and self.data.size == 1

    def __repr__(self) -> str:
        return f"{self.op}#{self.number}"


@dataclass(frozen=True, eq=False)
class Operand:
    """A value as a reader sees it: the item, under a shape of as many entries."""

    item: Item
    shape: Shape


@dataclass(eq=False)
class Items:
    """All items of a plan, in order, and which of them is the value of each node.

    Attributes
    ----------
    all : list of Item
        In an order in which they can be computed.
    of : dict of Node to Operand
        The value of each node of the plan.
    kind : str
        The kind of most numbers: "f32" if the plan has arrays of it.
    """

    all: list[Item]
    of: dict[Node, Operand]
    kind: str

    def __iter__(self) -> Iterator[Item]:
        return iter(self.all)


def items_of(plan: Plan) -> Items:
    """Return a plan as items."""
    builder = _Builder(_main_kind(plan))
    for instruction in plan.instructions:
        builder.number = instruction.number
        builder.is_update = instruction.phase == "update"
        builder.of[instruction.node] = builder.translate(instruction.node)
    kept = {operand.item for operand in builder.of.values()}
    _absorb_transposes(builder.all)
    return Items(_needed(builder.all, plan, builder.of, kept), builder.of, builder.kind)


def _main_kind(plan: Plan) -> str:
    floats = [i.node for i in plan.instructions if i.node.dtype == np.float32]
    return "f32" if floats else "f64"


def _needed(items: list[Item], plan: Plan, of: dict[Node, Operand], known: set[Item]) -> list[Item]:
    """Return the items that results or checks depend on."""
    wanted = {of[node].item for node in plan.results} | {i for i in items if i.op == "check"}
    for item in reversed(items):
        if item in wanted or (item.is_leaf and item in known and not item.is_number):
            wanted.add(item)
            wanted.update(operand.item for operand in item.inputs)
    return [item for item in items if item in wanted]


def _absorb_transposes(items: list[Item]) -> None:
    """Let products read the matrix itself where they would read its transpose."""
    for item in items:
        if item.op != "matmul":
            continue
        flips = []
        for place, x in enumerate(item.inputs):
            rank = len(x.shape)
            swap = (*range(rank - 2), rank - 1, rank - 2)
            is_flip = x.item.op == "transpose" and x.item.attrs["axes"] == swap
            flips.append(is_flip and x.shape == x.item.shape)
            if flips[-1]:
                item.inputs[place] = x.item.inputs[0]
        item.attrs["flips"] = tuple(flips)


class _Builder:
    """Translates node after node."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.all: list[Item] = []
        self.of: dict[Node, Operand] = {}
        self.number = 0
        self.is_update = False

    def translate(self, node: Node) -> Operand:
        """Return the value of a node whose inputs are translated."""
        if node.op in LEAVES:
            return self.leaf(node)
        inputs = [self.of[x] for x in node.inputs]
        shown = self.renamed(node, inputs)
        if shown is not None:
            return Operand(shown.item, node.shape)
        spell = SPELLINGS.get(node.op)
        found = spell(self, node, inputs) if spell else None
        if found is not None:
            return found
        return self.add(
            node.op, inputs, node.shape, is_bool=node.dtype == np.bool_, attrs=dict(node.attrs),
            kind=self.kind_of(node, inputs), node=node,
        )  # fmt: skip

    def add(self, op: str, inputs: list[Operand], shape: Shape, **facts: Any) -> Operand:
        """Append an item and return it as an operand."""
        kind = facts.pop("kind", None) or inputs[0].item.kind
        node = facts.pop("node", None)
        name = "" if node is None else node.name or ""
        item = Item(
            self.number, op, inputs, shape, kind, name=name,
            is_update=self.is_update, node=node, **facts,
        )  # fmt: skip
        self.all.append(item)
        return Operand(item, shape)

    def leaf(self, node: Node) -> Operand:
        return self.add(
            node.op, [], node.shape, kind=self.kind_of(node, []), is_bool=node.dtype == np.bool_,
            data=node.data if node.op == "constant" else None, node=node,
        )  # fmt: skip

    def over(self, op: str, x: Operand, like: Node) -> Operand:
        """Append a reduction of `x` that keeps its axes; over axes of length 1 it is `x` itself."""
        axes = like.attrs["axes"]
        if all(x.shape[a] == 1 for a in axes):
            return Operand(x.item, like.shape)
        whole = replace(like, op=op, attrs={"axes": axes, "keepdims": True}, name=None)
        found = _reduction(self, whole, [x])
        assert found is not None, "only arrays with entries come here"
        return found

    def over_all(self, op: str, x: Operand) -> Operand:
        """Append a reduction of `x` to one number."""
        if math.prod(x.shape) == 1:
            return x
        facts: dict[str, Any] = {"kind": x.item.kind, "is_bool": x.item.is_bool}
        return self.add(op, [x], (), attrs={"over": "all"}, **facts)

    def reshaped(self, x: Operand, shape: Shape) -> Operand:
        """Return a value under another shape, moved only if it lies differently then."""
        if _same_places(x.shape, shape, x.item.kind):
            return Operand(x.item, shape)
        facts: dict[str, Any] = {"kind": x.item.kind, "is_bool": x.item.is_bool}
        return self.add("reshape", [x], shape, attrs={"shape": shape}, **facts)

    def kind_of(self, node: Node, inputs: list[Operand]) -> str:
        """Return how a node's numbers are held: booleans like what they were found from."""
        if node.dtype == np.float32:
            return "f32"
        if node.dtype == np.float64:
            return "f64"
        found = [x.item.kind for x in inputs if not x.item.is_number]
        return found[0] if found and node.dtype == np.bool_ else self.kind

    def renamed(self, node: Node, inputs: list[Operand]) -> Operand | None:
        """Return the input that already is the node's value, if there is one."""
        if not inputs:
            return None
        first = inputs[0]
        if node.op == "guard" and 0 in inputs[1].shape:
            return first
        if node.op == "guard":
            fine = self.over_all("min", inputs[1])
            self.add("check", [fine], fine.shape, is_bool=True)
            return first
        same = first.item.kind == self.kind_of(node, inputs)
        if node.op in ("alias", "stop_gradient"):
            return first
        if node.op == "cast" and first.item.node is not None:
            return first if first.item.node.dtype == node.dtype else None
        if node.op in REDUCTIONS and all(first.shape[a] == 1 for a in node.attrs["axes"]):
            return self.reshaped(first, node.shape)
        if node.op in ("reshape", "expand") and same:
            return first if _same_places(first.shape, node.shape, first.item.kind) else None
        if node.op == "transpose" and same:
            return first if _keeps_order(first.shape, node.attrs["axes"]) else None
        return None


def _same_places(old: Shape, new: Shape, kind: str) -> bool:
    """Tell whether arrays of two shapes of equally many entries lie in the same way."""
    return math.prod(old) == math.prod(new) and layout_of(old, kind) == layout_of(new, kind)


def _keeps_order(shape: Shape, axes: tuple[int, ...]) -> bool:
    """Tell whether a transpose only moves axes of length 1, and the layout stays the same."""
    long = [a for a in axes if shape[a] != 1]
    new = tuple(shape[a] for a in axes)
    return long == sorted(long) and _same_places(shape, new, "f32")


def _decided(build: _Builder, node: Node, inputs: list[Operand]) -> Operand | None:
    """Spell out `decided`: a row has a finite largest entry, exactly one that is +inf, or a NaN.

    Where the largest entry is +inf the sum of exp(entry - largest) counts those that are; softmax
    needs it anyway.
    """
    (x,) = inputs
    if 0 in x.shape:
        return None
    facts: dict[str, Any] = {"kind": x.item.kind}
    top = build.over("max", x, node)
    below = build.add("shift", [x, top], x.shape, **facts)
    peaks = build.over("sum", build.add("exp", [below], x.shape, **facts), node)
    return build.add("decided", [top, peaks], node.shape, is_bool=True, node=node, **facts)


def _reduction(build: _Builder, node: Node, inputs: list[Operand]) -> Operand | None:
    """Spell out a reduction as one over each row, over all rows, or over everything."""
    (x,) = inputs
    if 0 in x.shape:
        return None
    long = [a for a, n in enumerate(x.shape) if n != 1]
    axes = [a for a in node.attrs["axes"] if x.shape[a] != 1]
    is_vector, last = x.item.layout.is_vector, len(x.shape) - 1
    if axes == long:
        return _reduced(build, node, x, "all", node.shape, node)
    if not is_vector and axes == [a for a in long if a != last]:
        return _reduced(build, node, x, "rows", node.shape, node)
    if is_vector or axes != [last]:
        x = _turned(build, x, axes)
    lead = x.shape[:-1]
    found = _reduced(build, node, x, "row", (*lead, 1), node)
    return build.reshaped(found, node.shape)


def _reduced(
    build: _Builder, node: Node, x: Operand, over: str, shape: Shape, whole: Node | None = None
) -> Operand:
    facts: dict[str, Any] = {"kind": x.item.kind, "is_bool": x.item.is_bool}
    return build.add(node.op, [x], shape, attrs={"over": over}, node=whole, **facts)


def _turned(build: _Builder, x: Operand, axes: list[int]) -> Operand:
    """Return a matrix whose rows are what is reduced over these axes."""
    kept = [a for a in range(len(x.shape)) if a not in axes]
    order = (*kept, *axes)
    shape = tuple(x.shape[a] for a in order)
    facts: dict[str, Any] = {"kind": x.item.kind, "is_bool": x.item.is_bool}
    turned = build.add("transpose", [x], shape, attrs={"axes": order}, **facts)
    count = math.prod(x.shape[a] for a in axes)
    return build.reshaped(turned, (math.prod(shape) // count, count))


SPELLINGS: dict[str, Callable[[_Builder, Node, list[Operand]], Operand | None]] = {
    "decided": _decided,
    **dict.fromkeys(REDUCTIONS, _reduction),
}
"""Operations that are spelled out in others, where that is needed."""
