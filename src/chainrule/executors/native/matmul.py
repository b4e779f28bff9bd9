"""What a matmul comes to: for each pair of matrices, which kernel computes their product, and how.

Knows shapes and layouts; emits nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.executors.native.dots import Dot, dot_of
from chainrule.executors.native.forms import Left, Product, left_of
from chainrule.executors.native.items import Item, Operand
from chainrule.executors.native.layout import Layout
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.transposes import Turned
from chainrule.types import Shape


@dataclass(frozen=True, eq=False)
class Part:
    """The product of two matrices.

    Attributes
    ----------
    left, right, out : Item
        What is read number by number, what is read vector by vector, and the result.
    left_start, right_start, out_start : int
        Bytes from the beginning of each.
    form : Product or Dot
        Which kernel.
    turned : Turned or None
        Given if the right operand has to be transposed first.
    """

    left: Item
    right: Item
    out: Item
    left_start: int
    right_start: int
    out_start: int
    form: Product | Dot
    turned: Turned | None = None


@dataclass(frozen=True, eq=False)
class _Matrix:
    """One matrix of an operand: (rows, columns) as it lies, turned over if `flip`."""

    item: Item
    start: int
    rows: int
    columns: int
    flip: bool

    @property
    def layout(self) -> Layout:
        return self.item.layout

    @property
    def height(self) -> int:
        return self.columns if self.flip else self.rows

    @property
    def width(self) -> int:
        return self.rows if self.flip else self.columns


def parts_of(item: Item) -> list[Part] | None:
    """Return the products that a matmul is made of, or None if no kernel fits."""
    flips = item.attrs.get("flips", (False, False))
    a, b = item.inputs
    a_shape = a.shape if len(a.shape) > 1 else (1, *a.shape)
    b_shape = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if a.item.is_number or b.item.is_number or len({x.item.kind for x in item.inputs}) > 1:
        return None
    lead_a, lead_b = a_shape[:-2], b_shape[:-2]
    if math.prod(lead_b) == 1 and not flips[0]:
        rows = math.prod(lead_a) * a_shape[-2]
        left = _Matrix(a.item, 0, rows, a_shape[-1], flip=False)
        right = _Matrix(b.item, 0, b_shape[-2], b_shape[-1], flip=flips[1])
        return [_part(left, right, item, 0)]
    return _batch(a, b, a_shape, b_shape, item)


def _batch(a: Operand, b: Operand, a_shape: Shape, b_shape: Shape, item: Item) -> list[Part] | None:
    """Return a product for each matrix of a batch."""
    flips = item.attrs["flips"]
    lead = _broadcast(a_shape[:-2], b_shape[:-2])
    count = math.prod(lead)
    thin = 1 in (*a_shape[-2:], *b_shape[-2:])
    if count > MANY or (thin and count > 1):
        return None
    parts = []
    for n in range(count):
        left = _one(a.item, a_shape, lead, n, flip=flips[0])
        right = _one(b.item, b_shape, lead, n, flip=flips[1])
        parts.append(_part(left, right, item, n))
    return parts


MANY = 64
"""Batches of more matrices are left to NumPy: each product is written by itself."""


def _broadcast(a: Shape, b: Shape) -> Shape:
    size = max(len(a), len(b))
    full = [(1,) * (size - len(x)) + x for x in (a, b)]
    return tuple(max(pair) for pair in zip(*full, strict=True))


def _one(item: Item, shape: Shape, lead: Shape, n: int, *, flip: bool) -> _Matrix:
    """Return matrix number `n` of an operand."""
    own = (1,) * (len(lead) - len(shape) + 2) + shape[:-2]
    index = _unravel(n, lead)
    place = 0
    for i, size in zip(index, own, strict=True):
        place = place * size + (i if size > 1 else 0)
    rows, columns = shape[-2:]
    layout = item.layout
    step = rows * columns * layout.size if layout.is_vector else rows * layout.line
    return _Matrix(item, place * step, rows, columns, flip)


def _unravel(n: int, shape: Shape) -> list[int]:
    index: list[int] = []
    for size in reversed(shape):
        n, i = divmod(n, size)
        index.insert(0, i)
    return index


def _part(a: _Matrix, b: _Matrix, item: Item, n: int) -> Part:
    """Return how one product is computed."""
    m, k, width = a.height, a.width, b.width
    out = item.layout
    start = n * m * (out.line if not out.is_vector else width * out.size)
    if width == 1 and not a.layout.is_vector and not a.flip:
        return Part(a.item, b.item, item, a.start, b.start, start, _dot(a, k))
    if width == 1 and m == 1:
        return Part(a.item, b.item, item, a.start, b.start, start, dot_of(a.layout, k))
    if width == 1:
        return _product(b, a, item, start, rows=1, terms=k, columns=m, turned=False)
    if m == 1 and b.flip and not b.layout.is_vector:
        return Part(b.item, a.item, item, b.start, a.start, start, _dot(b, k))
    turned = b.flip and not b.layout.is_vector
    return _product(a, b, item, start, rows=m, terms=k, columns=width, turned=turned)


def _dot(matrix: _Matrix, terms: int) -> Dot:
    found = dot_of(matrix.layout, terms)
    return Dot(found.kind, matrix.rows, terms, found.chunks, found.line, found.panel)


def _product(
    a: _Matrix, b: _Matrix, item: Item, start: int, *, rows: int, terms: int, columns: int,
    turned: bool,
) -> Part:  # fmt: skip
    """Return a product of panels; the right operand is transposed first if it lies turned."""
    kind, lanes = item.kind, lanes_of(item.kind)
    chunks = 1 if columns <= lanes else 2
    line = chunks * 32
    panels = -(-columns // (lanes * chunks))
    flip = None
    right_panel = line if b.layout.is_vector else b.layout.panel_bytes
    if turned:
        flip = Turned(kind, b.rows, b.columns, b.layout.panel // lanes, b.layout.panel_bytes)
        right_panel = -(-b.columns // lanes) * lanes * line
    out = item.layout
    out_panel, out_line = (line, line) if out.is_vector else (out.panel_bytes, out.line)
    product = Product(
        kind, rows, terms, panels, chunks, _left(a, rows, terms), right_panel, out_panel, out_line
    )
    return Part(a.item, b.item, item, a.start, b.start, start, product, flip)


def _left(a: _Matrix, rows: int, terms: int) -> Left:
    """Return how the left operand is read; its rows and terms are those of the product."""
    return left_of(a.layout, rows, terms, flipped=a.flip)
