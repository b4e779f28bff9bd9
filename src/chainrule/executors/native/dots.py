"""Products with a vector in machine code: one number for each row.

Knows layouts; knows no operation.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.executors.native.layout import Layout
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer

INLINE_WORK = 40
"""A product of at most so many multiply-adds of vectors is written out where it happens."""


@dataclass(frozen=True)
class Dot:
    """One number for each row: the sum of its entries times those of a vector.

    Attributes
    ----------
    kind : {"f32", "f64"}
        Of all numbers.
    rows, terms : int
        Rows of the matrix, and its width.
    chunks : int
        Vectors in a row of a panel.
    line, panel : int
        Bytes from a row of the matrix to the next, and from a panel to the next.
    """

    kind: str
    rows: int
    terms: int
    chunks: int
    line: int
    panel: int


def dot_of(layout: Layout, terms: int) -> Dot:
    """Return how the rows of an array are multiplied by a vector."""
    chunks = layout.panel // lanes_of(layout.kind)
    rows = 1 if layout.is_vector else layout.rows
    return Dot(layout.kind, rows, terms, chunks, layout.line, layout.panel_bytes)


def write_dot(w: Writer, dot: Dot, a: Value, b: Value, c: Value) -> None:
    """Write a product with a vector: lane by lane along each row, then the lanes in halves."""
    lanes = lanes_of(dot.kind)
    size = 32 // lanes
    vectors = -(-dot.terms // lanes)
    few = dot.rows * vectors <= INLINE_WORK
    together = lanes if vectors <= 8 else 1
    whole, left = divmod(dot.rows, together)

    def row(i: Value | int) -> Value:
        base = w.at(a, i * dot.line)
        total = w.constant(0.0, dot.kind, lanes)
        if vectors > 8:
            return _long_row(w, dot, base, b, vectors, total)
        for j in range(vectors):
            total = _vector(w, dot, base, b, j, total)
        return total

    def rows(n: Value, _: list[Value]) -> None:
        first = n * together
        totals = [row(first + k) for k in range(together)]
        found = across(w, totals) if together > 1 else w.across(totals[0], lambda x, y: x + y)
        w.store(found, w.at(c, first * size))

    w.repeat(whole, rows, unroll=few)
    for i in range(dot.rows - left, dot.rows):
        w.store(w.across(row(i), lambda x, y: x + y), w.at(c, i * size))


def across(w: Writer, rows: list[Value]) -> Value:
    """Return the sums of as many vectors as each has lanes, in one vector.

    In each vector the lower half is added to the upper half until one number is left. Two vectors
    are halved side by side in one: those that are half of all apart, so that the last ones stand
    in order.
    """
    lanes = part = rows[0].lanes
    while part > 1:
        half = part // 2
        pairs = zip(rows[: len(rows) // 2], rows[len(rows) // 2 :], strict=True)
        low, high = (
            [k for start in range(0, lanes, part) for n in (0, lanes) for k in range(
                n + start + at, n + start + at + half)]
            for at in (0, half)
        )  # fmt: skip
        rows = [w.shuffle(x, y, low) + w.shuffle(x, y, high) for x, y in pairs]
        part = half
    return rows[0]


def _vector(w: Writer, dot: Dot, base: Value, b: Value, j: int, total: Value) -> Value:
    """Add one vector of a row, without what lies in the padding."""
    lanes = lanes_of(dot.kind)
    panel, h = divmod(j, dot.chunks)
    x = w.load(w.at(base, panel * dot.panel + 32 * h), dot.kind, lanes)
    y = w.load(w.at(b, 32 * j), dot.kind, lanes)
    rest = dot.terms - j * lanes
    if rest < lanes:
        keep = w.lanes_below(rest, lanes)
        x, y = (w.where(keep, z, z.like(0.0)) for z in (x, y))
    return w.fma(x, y, total)


def _long_row(w: Writer, dot: Dot, base: Value, b: Value, vectors: int, total: Value) -> Value:
    """Add whole panels in a loop, then the vectors that are left."""
    lanes = lanes_of(dot.kind)
    whole = dot.terms // (lanes * dot.chunks)

    def panel(p: Value, held: list[Value]) -> list[Value]:
        left, right = w.at(base, p * dot.panel), w.at(b, p * (32 * dot.chunks))
        for h in range(dot.chunks):
            x = w.load(w.at(left, 32 * h), dot.kind, lanes)
            held = [w.fma(x, w.load(w.at(right, 32 * h), dot.kind, lanes), held[0])]
        return held

    (total,) = w.repeat(whole, panel, [total])
    for j in range(whole * dot.chunks, vectors):
        total = _vector(w, dot, base, b, j, total)
    return total
