"""Moves in machine code: entries put elsewhere, one by one, whatever the shapes.

A transpose, a reshape or a spread over new axes that could not be read in place. These are rare and
small in networks, so the loops are plain. Knows shapes and layouts; knows no operation but those.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.executors.native.items import Item
from chainrule.executors.native.layout import Layout
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer
from chainrule.types import Shape


def write_move(w: Writer, item: Item, source: Value, out: Value) -> None:
    """Write the loops over every entry of the result.

    Parameters
    ----------
    w : Writer
        Where they go.
    item : Item
        A transpose, reshape or expand.
    source, out : Value
        Where its input is, and where its value goes.
    """
    x = item.inputs[0]

    def entry(index: list[Value]) -> None:
        place = SOURCES[item.op](w, item, index)
        value = w.load(address(w, x.item.layout, x.shape, source, place), x.item.kind)
        w.store(w.convert(value, item.kind), address(w, item.layout, item.shape, out, index))

    _loops(w, item.shape, entry)


def _loops(w: Writer, shape: Shape, body: Callable[[list[Value]], None]) -> None:
    """Write a loop for each axis."""

    def nest(outer: list[Value]) -> None:
        if len(outer) == len(shape):
            body(outer)
            return
        w.repeat(shape[len(outer)], lambda i, _: nest([*outer, i]))

    nest([])


def flat_index(w: Writer, shape: Shape, index: list[Value]) -> Value:
    """Return the place of an entry if all were counted, last axis fastest."""
    found = w.constant(0, "i64")
    for i, n in zip(index, shape, strict=True):
        found = found * n + i
    return found


def address(w: Writer, layout: Layout, shape: Shape, base: Value, index: list[Value]) -> Value:
    """Return where an entry of an array lies."""
    if layout.is_vector:
        return w.at(base, flat_index(w, shape, index) * layout.size)
    row, column = flat_index(w, shape[:-1], index[:-1]), index[-1]
    panel, inside = w.quotient(column, layout.panel), w.remainder(column, layout.panel)
    offset = panel * layout.panel_bytes + row * layout.line
    return w.at(w.at(base, offset), inside * layout.size)


def _transposed(w: Writer, item: Item, index: list[Value]) -> list[Value]:
    axes = item.attrs["axes"]
    return [index[axes.index(a)] for a in range(len(axes))]


def _reshaped(w: Writer, item: Item, index: list[Value]) -> list[Value]:
    place = flat_index(w, item.shape, index)
    found: list[Value] = []
    for n in reversed(item.inputs[0].shape):
        found.insert(0, w.arithmetic("rem", place, n))
        place = place / n
    return found


def _spread(w: Writer, item: Item, index: list[Value]) -> list[Value]:
    shape = item.inputs[0].shape
    near = index[len(index) - len(shape) :]
    return [i.like(0) if n == 1 else i for i, n in zip(near, shape, strict=True)]


SOURCES: dict[str, Callable[[Writer, Item, list[Value]], list[Value]]] = {
    "transpose": _transposed,
    "reshape": _reshaped,
    "expand": _spread,
}
"""For each kind of move: which entry of the input an entry of the result is."""
