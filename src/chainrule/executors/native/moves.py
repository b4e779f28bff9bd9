"""Moves in machine code: entries put elsewhere, one by one, whatever the shapes.

A transpose, a reshape, a slice ... that could not be read in place. These are rare and small in
networks, so the loops are plain. Knows shapes and layouts; knows no operation but those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.executors.native.items import Item
from chainrule.executors.native.layout import Layout
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer
from chainrule.types import Shape


def write_move(w: Writer, item: Item, sources: Sequence[Value], out: Value) -> None:
    """Write the loops over every entry of the result, or of the inputs.

    Parameters
    ----------
    w : Writer
        Where they go.
    item : Item
        An operation of `SOURCES` or `TARGETS`.
    sources : sequence of Value
        Where its inputs are.
    out : Value
        Where its value goes.
    """
    if item.op in SOURCES:
        _fetched(w, item, sources[0], out)
        return
    if item.op == "place":
        _zeros(w, item, out)
    for number, source in enumerate(sources):
        _sent(w, item, number, source, out)


def _fetched(w: Writer, item: Item, source: Value, out: Value) -> None:
    """For each entry of the result, read the one of the input that it is."""
    x = item.inputs[0]

    def entry(index: list[Value]) -> None:
        place = SOURCES[item.op](w, item, index)
        value = w.load(address(w, x.item.layout, x.shape, source, place), x.item.kind)
        w.store(w.convert(value, item.kind), address(w, item.layout, item.shape, out, index))

    _loops(w, item.shape, entry)


def _sent(w: Writer, item: Item, number: int, source: Value, out: Value) -> None:
    """For each entry of an input, write the one of the result that it becomes."""
    x = item.inputs[number]

    def entry(index: list[Value]) -> None:
        place = TARGETS[item.op](w, item, number, index)
        value = w.load(address(w, x.item.layout, x.shape, source, index), x.item.kind)
        w.store(w.convert(value, item.kind), address(w, item.layout, item.shape, out, place))

    _loops(w, x.shape, entry)


def _zeros(w: Writer, item: Item, out: Value) -> None:
    """Let every entry be zero."""
    zero = w.constant(0.0, item.kind)
    size = item.layout.size
    w.repeat(item.layout.bytes // size, lambda i, _: w.store(zero, w.at(out, i * size)))


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


def _strides(item: Item, shape: Shape) -> list[tuple[int, int]]:
    """Return (start, step) of a slice along each axis of an array."""
    key = item.attrs["key"]
    ranges = [range(*slice(*part).indices(n)) for part, n in zip(key, shape, strict=False)]
    whole = [(0, 1)] * (len(shape) - len(ranges))
    return [*((r.start, r.step) for r in ranges), *whole]


def _along(index: list[Value], strides: list[tuple[int, int]]) -> list[Value]:
    return [i * step + start for i, (start, step) in zip(index, strides, strict=True)]


def _sliced(w: Writer, item: Item, index: list[Value]) -> list[Value]:
    return _along(index, _strides(item, item.inputs[0].shape))


def _placed(w: Writer, item: Item, number: int, index: list[Value]) -> list[Value]:
    return _along(index, _strides(item, item.shape))


def _joined(w: Writer, item: Item, number: int, index: list[Value]) -> list[Value]:
    axis = item.attrs["axis"]
    before = sum(x.shape[axis] for x in item.inputs[:number])
    return [i + before if a == axis else i for a, i in enumerate(index)]


SOURCES: dict[str, Callable[[Writer, Item, list[Value]], list[Value]]] = {
    "transpose": _transposed,
    "reshape": _reshaped,
    "expand": _spread,
    "slice": _sliced,
}
"""For each kind of move: which entry of the input an entry of the result is."""

TARGETS: dict[str, Callable[[Writer, Item, int, list[Value]], list[Value]]] = {
    "place": _placed,
    "concat": _joined,
}
"""For each kind of move: which entry of the result an entry of an input becomes."""

MOVES = frozenset({*SOURCES, *TARGETS})
"""Operations that only put entries elsewhere."""
