"""Fusion: items become kernels, each one walk over memory, in an order.

A *group* is everything that is computed entry by entry over arrays of one form, and what is
reduced from it. An item joins the group of its inputs where it can, else it waits for the next
*level*; groups of one level do not depend on each other. What is cheap is then moved to its only
readers, so that it is computed where it is used instead of being stored.

Knows items; emits nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from chainrule.executors.native.items import REDUCTIONS, Item, Items, Operand
from chainrule.executors.native.layout import Layout, layout_of
from chainrule.executors.native.matmul import parts_of
from chainrule.executors.native.moves import MOVES
from chainrule.executors.native.target import lanes_of
from chainrule.graph import primitives
from chainrule.types import Shape

ROW_VECTORS = 8
"""A row of at most so many vectors is held in registers while it is reduced and used again."""

NUMBERS = ("sin", "cos")
"""Operations that machine code knows for a single number that is not huge."""

OWN = ("cast", "expand", "decided")
"""Operations that the emitter of groups knows itself."""

Relation = Literal["scalar", "full", "column", "row"]
Key = tuple[object, ...]


@dataclass(eq=False)
class Group:
    """Entry by entry work over one form of array, with its reductions: one walk over memory.

    Attributes
    ----------
    space : Layout
        The form that it walks over.
    items : list of Item
        In order.
    level : int
        Its place in the order.
    """

    space: Layout
    items: list[Item]
    level: int

    @property
    def by_rows(self) -> bool:
        """Whether whole rows are held at once, because they are reduced or scaled."""
        columns = any(not i.attrs.get("over") and i.layout != self.space for i in self.items)
        return columns or any(i.attrs.get("over") == "row" for i in self.items)


@dataclass(eq=False)
class Single:
    """An item that is a kernel of its own: a product, a move, a call of NumPy.

    Attributes
    ----------
    what : {"product", "move", "row", "numpy"}
        Its family.
    items : list of Item
        The one item.
    level : int
        Its place in the order.
    """

    what: str
    items: list[Item]
    level: int


@dataclass(eq=False)
class Strips:
    """A product and the group that alone reads it, panel by panel: the product is never stored.

    Attributes
    ----------
    product : Item
        A matmul.
    group : Group
        What is made of it.
    level : int
        Its place in the order.
    """

    product: Item
    group: Group
    level: int

    @property
    def items(self) -> list[Item]:
        """All items, in order."""
        return [self.product, *self.group.items]


Kernel = Group | Single | Strips


def relation(shape: Shape, out: Shape) -> Relation | None:
    """Return how an input is read by work over arrays of shape `out`; None if it must be spread.

    Examples
    --------
    >>> relation((5, 3), (5, 3)), relation((3,), (5, 3)), relation((5, 1), (5, 3))
    ('full', 'row', 'column')
    """
    full = (1,) * (len(out) - len(shape)) + shape
    if full == out:
        return "full"
    if all(n == 1 for n in shape):
        return "scalar"
    if layout_of(out, "f64").is_vector:
        return None
    if full[-1] == 1 and full[:-1] == out[:-1]:
        return "column"
    return "row" if full[-1] == out[-1] and all(n == 1 for n in full[:-1]) else None


def family(item: Item) -> str:
    """Return which kernels compute an item: "map", "reduce", "product", "move" or "numpy"."""
    if any(0 in x.shape for x in item.inputs) or 0 in item.shape:
        return "numpy"
    if item.op in REDUCTIONS and "over" in item.attrs:
        return "reduce"
    if item.op in NUMBERS and item.layout.entries == 1 and item.kind == "f64":
        return "number"
    if item.op == "matmul":
        return "product" if parts_of(item) is not None else "numpy"
    if item.op == "check":
        return "check"
    if item.op in MOVES and not (item.op == "expand" and _is_map(item)):
        return "move"
    return "map" if _is_map(item) else "numpy"


def _is_map(item: Item) -> bool:
    known = item.op in OWN or (item.op in primitives and primitives[item.op].native is not None)
    if not known:
        return False
    if item.op == "cast" and item.kind != item.inputs[0].item.kind:
        return item.layout.entries == 1
    kinds = {x.item.kind for x in item.inputs if not x.item.is_number}
    fits = kinds <= {item.kind} and not (item.kind == "f32" and _mixes_double(item))
    return fits and all(relation(x.shape, item.shape) for x in item.inputs)


def _mixes_double(item: Item) -> bool:
    """Tell whether a number is a float64 that a float32 operation must not round."""
    numbers = [x.item for x in item.inputs if x.item.is_number and not x.item.is_bool]
    return item.node is not None and any(
        i.kind != item.kind for i in numbers if i.data is not None and i.data.dtype.kind == "f"
    )


def spread_inputs(items: Items) -> None:
    """Give every input that is neither of a map's form nor a row, column or number that form."""
    out: list[Item] = []
    for item in items.all:
        known = item.op in OWN or (item.op in primitives and primitives[item.op].native is not None)
        if known and item.op != "expand" and 0 not in item.shape:
            for place, x in enumerate(item.inputs):
                if relation(x.shape, item.shape) is None and 0 not in x.shape:
                    wide = Item(
                        item.number, "expand", [x], item.shape, x.item.kind, x.item.is_bool,
                        {"shape": item.shape}, is_update=item.is_update,
                    )  # fmt: skip
                    out.append(wide)
                    item.inputs[place] = Operand(wide, item.shape)
        out.append(item)
    items.all = out


@dataclass(eq=False)
class _Plan:
    """What is found out about each item on the way."""

    family: dict[Item, str] = field(default_factory=dict)
    key: dict[Item, Key] = field(default_factory=dict)
    level: dict[Item, int] = field(default_factory=dict)
    users: dict[Item, list[Item]] = field(default_factory=lambda: defaultdict(list))
    is_cheap: Callable[[Item], bool] = lambda item: True


def fuse(items: Items, is_cheap: Callable[[Item], bool]) -> list[Kernel]:
    """Return the kernels of a plan in order.

    Parameters
    ----------
    items : Items
        The plan; its inputs are spread where they must be.
    is_cheap : callable
        Whether an item is better computed where it is used: few instructions, that nothing shares.

    Returns
    -------
    list of Group or Single
    """
    spread_inputs(items)
    found = _Plan(is_cheap=is_cheap)
    _levels(items, found)
    _sink(items, found, is_cheap)
    kernels = _kernels(items, found)
    first = {kernel: items.all.index(kernel.items[0]) for kernel in kernels}
    return sorted(kernels, key=lambda kernel: (kernel.level, first[kernel]))


def _levels(items: Items, found: _Plan) -> None:
    """Find for each item its family, the form of its group, and its level."""
    start = 0
    for update in (False, True):
        for item in items.all:
            if item.is_update == update and not item.is_leaf:
                found.family[item] = family(item)
                found.key[item] = _key(item, found)
                before = [_after(x, item, found) for x in item.inputs]
                found.level[item] = max([start if update else 0, *before])
        start = 1 + max(found.level.values(), default=0)
    for item in items.all:
        for x in item.inputs:
            found.users[x.item].append(item)


def _after(x: Operand, item: Item, found: _Plan) -> int:
    """Return the first level at which `item` can be, for the sake of one input."""
    if x.item.is_leaf:
        return 0
    level = found.level[x.item]
    return level if _together(x, item, found) else level + 1


def _together(x: Operand, item: Item, found: _Plan) -> bool:
    """Tell whether an item can be in the same group as its input."""
    if found.key[x.item] != found.key[item] or found.family[item] not in ("map", "reduce"):
        return False
    of = found.family[x.item]
    if of == "reduce" and x.item.attrs["over"] != "row":
        return False
    if found.family[item] == "reduce":
        return True
    near = relation(x.shape, item.shape)
    is_column = x.item.layout != item.layout
    return near == ("column" if is_column else "full")


def _key(item: Item, found: _Plan) -> Key:
    """Return the form of the group that an item belongs to; unique for one on its own."""
    if found.family[item] == "map":
        attached = _attached(item, found)
        return attached or _form(item.layout)
    if found.family[item] == "reduce":
        form = _form(item.inputs[0].item.layout)
        wide = item.inputs[0].item.layout
        if item.attrs["over"] == "row" and not _is_narrow(wide):
            return ("row", item)
        own = found.key.get(item.inputs[0].item)
        alone = not wide.is_vector or (own is not None and own != form)
        return ("all", item) if item.attrs["over"] == "all" and alone else form
    return (found.family[item], item)


def _form(layout: Layout) -> Key:
    return (layout.kind, layout.rows, layout.width)


def _is_narrow(layout: Layout) -> bool:
    return layout.width <= ROW_VECTORS * lanes_of(layout.kind)


def _attached(item: Item, found: _Plan) -> Key | None:
    """Return the form of the rows that an item has one number for, if it is made from them."""
    if not item.layout.is_vector or item.layout.entries == 1 or not found.is_cheap(item):
        return None  # what is dear is computed for a vector of rows at once
    for x in item.inputs:
        key = found.key.get(x.item)
        if key is None or x.item.layout.entries != item.layout.entries:
            continue
        by_row = x.item.attrs.get("over") == "row" and key[0] != "row"
        if by_row or (found.family[x.item] == "map" and key != _form(x.item.layout)):
            return key
    return None


def _sink(items: Items, found: _Plan, is_cheap: Callable[[Item], bool]) -> None:
    """Move cheap items to the level of their readers, where all are of one form."""
    for item in reversed(items.all):
        users = found.users[item]
        if not users or not _is_movable(item, found) or not is_cheap(item):
            continue
        operands = [(x, user) for user in users for x in user.inputs if x.item is item]
        if all(_together(x, user, found) for x, user in operands):
            found.level[item] = max(found.level[item], min(found.level[u] for u in users))


def _is_movable(item: Item, found: _Plan) -> bool:
    """Tell whether an item may join another group: a map, or the reduction of a narrow row."""
    family = found.family.get(item)
    by_row = item.attrs.get("over") == "row" and found.key[item][0] != "row"
    return family == "map" or (family == "reduce" and by_row)


def _kernels(items: Items, found: _Plan) -> list[Kernel]:
    grouped: dict[tuple[Key, int], list[Item]] = defaultdict(list)
    kernels: list[Kernel] = []
    for item in items.all:
        what = found.family.get(item)
        if what in ("map", "reduce") and found.key[item][0] != "row":
            grouped[found.key[item], found.level[item]].append(item)
        elif what is not None and what != "check":
            what = "row" if what == "reduce" else what
            kernels.append(Single(what, [item], found.level[item]))
    for (key, level), members in grouped.items():
        space = _space(members, key)
        for part in _connected(members, space):
            kernels.append(Group(_own_space(part, space), part, level))
    return kernels


def _space(members: list[Item], key: Key) -> Layout:
    if key[0] == "all":
        return members[0].inputs[0].item.layout
    kind, rows, width = key
    return Layout(str(kind), int(str(rows)), int(str(width)))


def _own_space(part: list[Item], space: Layout) -> Layout:
    """Return the form that a part walks over: that of its items, where they have one."""
    forms = {i.inputs[0].item.layout if i.attrs.get("over") else i.layout for i in part}
    return forms.pop() if len(forms) == 1 else space


def _connected(members: list[Item], space: Layout) -> list[list[Item]]:
    """Split members that have nothing to do with each other: equal parts then share their code."""
    parent: dict[Item, Item] = {}

    def root(item: Item) -> Item:
        while parent.setdefault(item, item) is not item:
            item = parent[item]
        return item

    for item in members:
        for x in item.inputs:
            if (x.item.layout == space and space.entries > 1) or x.item in parent:
                parent[root(x.item)] = root(item)
        root(item)
    parts: dict[Item, list[Item]] = defaultdict(list)
    for item in members:
        parts[root(item)].append(item)
    return list(parts.values())
