"""Matrix products in machine code, on matrices that stay in panels: nothing is packed.

A tile of a few rows and one panel of the result is held in registers while it walks along what is
summed over. The other operand's panel is read as it lies; the first one is read number by number,
along its rows or down its columns (that is its transpose). Sums run along in order; of more than
`GRAIN` terms each grain is summed alone, and grains are added in pairs, pairs of pairs and so on.
No result depends on how many rows are computed together. Knows layouts; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chainrule.executors.native.forms import GRAIN, Product
from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer

HEIGHTS = (6, 4)
"""Rows of a tile: as many as there are registers for, or fewer where more rows than
`WASTE` of all would be computed twice."""

WASTE = 0.04

UNROLL = 4
"""Terms in one round of the innermost loop."""

INLINE_WORK = 40
"""A product of at most so many multiply-adds of vectors is written out where it happens."""


Share = Callable[[int], tuple[Value, Value]]
"""Tells which of a number of equal things are done here: the first, and how many."""

MANY_PANELS = 8
"""From so many panels on they are what is shared out; else blocks of rows, or tiles, are."""


@dataclass(frozen=True, eq=False)
class _Places:
    """Where the operands, the result and waiting sums of a product are."""

    a: Value
    b: Value
    c: Value
    waiting: Value


def write_product(
    w: Writer,
    product: Product,
    a: Value,
    b: Value,
    c: Value,
    waiting: Value | None = None,
    share: Share | None = None,
) -> None:
    """Write a product: in place where it is tiny, else as calls of shared routines.

    Parameters
    ----------
    w : Writer
        Where it goes.
    product : Product
        Its form.
    a, b, c, waiting : Value
        Where the operands, the result and `Product.waiting_bytes` of free memory are.
    share : callable, optional
        Which part is computed here; all of it by default.
    """
    if product.vectors <= INLINE_WORK and product.terms <= GRAIN:
        _write_out(w, product, a, b, c)
        return
    left = product.left
    whole, rest = divmod(product.rows, left.row_block)
    places = _Places(a, b, c, waiting or c)
    if whole:
        _call(w, product, places, whole, left.row_block, share)
    if rest:
        start = w.at(a, whole * left.row_jump)
        done = whole * left.row_block
        here = w.at(c, done * product.out_line)
        own = w.at(places.waiting, product.waiting_bytes // product.rows * done)
        _call(w, product, _Places(start, b, here, own), 1, rest, share)


def _write_out(w: Writer, product: Product, a: Value, b: Value, c: Value) -> None:
    """Write every multiply-add of a tiny product."""
    lanes, left = lanes_of(product.kind), product.left
    for j in range(product.panels):
        for h in range(product.chunks):
            top = w.at(b, j * product.right_panel + 32 * h)
            column = [
                w.load(w.at(top, k * product.line), product.kind, lanes)
                for k in range(product.terms)
            ]
            for i in range(product.rows):
                block, row = divmod(i, left.row_block)
                total = w.constant(0.0, product.kind, lanes)
                for k in range(product.terms):
                    jump, term = divmod(k, left.term_block)
                    offset = block * left.row_jump + row * left.rows_apart
                    offset += jump * left.term_jump + term * left.terms_apart
                    x = _number(w, a, offset, product.kind)
                    total = w.fma(w.spread(x, lanes), column[k], total)
                w.store(total, w.at(c, j * product.out_panel + i * product.out_line + 32 * h))


def _number(w: Writer, a: Value, offset: int, kind: str) -> Value:
    return w.load(w.at(a, offset), kind)


PARAMETERS = (
    ("a", "ptr"), ("row_blocks", "i64"), ("row_jump", "i64"), ("rows", "i64"),
    ("first", "i64"), ("tiles", "i64"), ("row", "i64"),
    ("term", "i64"), ("terms", "i64"), ("block_bits", "i64"), ("jump", "i64"),
    ("b", "ptr"), ("b_panel", "i64"), ("c", "ptr"), ("c_panel", "i64"), ("c_line", "i64"),
    ("panels", "i64"), ("grains", "i64"), ("waiting", "ptr"), ("wait_panel", "i64"),
    ("level", "i64"),
)  # fmt: skip
"""Of the routines that compute a block of rows over all panels."""


def _call(
    w: Writer, product: Product, places: _Places, blocks: int, rows: int, share: Share | None
) -> None:
    """Call the routine for so many blocks of so many rows."""
    left, height = product.left, _height(rows)
    panels, mine, tiles = _parts(w, product.panels, blocks, -(-rows // height), share)
    own = blocks * rows * product.line
    down = mine[0] * rows
    a = w.at(places.a, mine[0] * left.row_jump)
    right = w.at(places.b, panels[0] * product.right_panel)
    c = w.at(w.at(places.c, panels[0] * product.out_panel), down * product.out_line)
    waiting = w.at(w.at(places.waiting, panels[0] * own), down * product.line)
    given: dict[str, Value | int] = {
        "a": a, "row_blocks": mine[1], "row_jump": left.row_jump, "rows": rows,
        "first": tiles[0], "tiles": tiles[1], "row": left.rows_apart, "term": left.terms_apart,
        "terms": product.terms, "block_bits": left.term_block.bit_length() - 1,
        "jump": left.term_jump, "b": right, "b_panel": product.right_panel, "c": c,
        "c_panel": product.out_panel, "c_line": product.out_line, "panels": panels[1],
        "grains": product.grains, "waiting": waiting, "wait_panel": own,
        "level": own * product.panels,
    }  # fmt: skip
    many = product.terms > GRAIN
    name = w.kernel(
        f"product_{product.kind}_{height}x{product.chunks}{'_grains' if many else ''}",
        [(n, kind, 1) for n, kind in PARAMETERS],
        lambda inner, values: _Routine(inner, product, height, values, many=many).write(),
    )
    values = [given[n] for n, _ in PARAMETERS]
    w.call(name, *(x if isinstance(x, Value) else w.constant(x, "i64") for x in values))


Range = tuple[Value, Value]


def _parts(
    w: Writer, panels: int, blocks: int, tiles: int, share: Share | None
) -> tuple[Range, Range, Range]:
    """Return the ranges of panels, blocks of rows and tiles of a block that are computed here."""

    def all_of(total: int) -> Range:
        return w.constant(0, "i64"), w.constant(total, "i64")

    give = share or all_of
    if panels >= MANY_PANELS:
        return give(panels), all_of(blocks), all_of(tiles)
    if blocks > 1:
        return all_of(panels), give(blocks), all_of(tiles)
    return all_of(panels), all_of(blocks), give(tiles)


@dataclass(frozen=True, eq=False)
class _Sums:
    """What the tiles of a panel add up and where they store it."""

    a: Value
    b: Value
    out: Value
    count: Value
    line: Value
    adds: Value | None = None
    waiting: Value | None = None


def _height(rows: int) -> int:
    """Return the rows of a tile for blocks of so many rows.

    Examples
    --------
    >>> [_height(n) for n in (3, 16, 64, 256)]
    [1, 4, 6, 6]
    """
    for height in HEIGHTS:
        if rows >= height and (-rows % height <= WASTE * rows or height == HEIGHTS[-1]):
            return height
    return 1


class _Routine:
    """The routine that computes blocks of rows over all panels.

    A grain of a panel of the right operand fits into the nearest cache, and that of the left one
    into the next: it is used for all panels before the next grain comes. Sums that wait for their
    pair stand in memory of their own, a level of the tree after the other.

    Parameters
    ----------
    w : Writer
        Of its body.
    product : Product
        Its kind and number of vectors are used; all else is an argument.
    height : int
        Rows of a tile.
    given : list of Value
        The arguments.
    many : bool
        Whether there may be more than one grain.
    """

    def __init__(
        self, w: Writer, product: Product, height: int, given: list[Value], *, many: bool
    ) -> None:
        self.w, self.kind, self.height, self.many = w, product.kind, height, many
        self.chunks, self.line = product.chunks, product.line
        self.lanes = lanes_of(product.kind)
        self.given = dict(zip((name for name, _ in PARAMETERS), given, strict=True))

    def write(self) -> None:
        """Write the loops over grains, panels, blocks of rows and tiles."""
        w, g = self.w, self.given
        jump = w.shifted(w.constant(GRAIN, "i64"), g["block_bits"]) * g["jump"]

        def grain(n: Value, _: list[Value]) -> None:
            first = n * GRAIN
            count = w.smaller(w.constant(GRAIN, "i64"), g["terms"] - first)
            a, right = w.at(g["a"], n * jump), w.at(g["b"], first * self.line)

            def panel(j: Value, _: list[Value]) -> None:
                b, c = w.at(right, j * g["b_panel"]), w.at(g["c"], j * g["c_panel"])
                sums = self.of_grain(_Sums(a, b, c, count, g["c_line"]), n, j)
                w.repeat(g["row_blocks"], lambda q, _: self.block(q, sums))

            w.repeat(g["panels"], panel)

        def panel(j: Value, _: list[Value]) -> None:
            b, c = w.at(g["b"], j * g["b_panel"]), w.at(g["c"], j * g["c_panel"])
            sums = _Sums(g["a"], b, c, g["terms"], g["c_line"])
            w.repeat(g["row_blocks"], lambda q, _: self.block(q, sums))

        if self.many:
            w.repeat(g["grains"], grain)
        else:
            w.repeat(g["panels"], panel)

    def of_grain(self, sums: _Sums, number: Value, j: Value) -> _Sums:
        """Return what the tiles of a grain do: which waiting sums they add, and where they store.

        Before grain n, a sum waits at each level that is a one in n, in base 2. The grain completes
        the pairs at the ones that n ends in, and its sum waits at the level above; the last grain
        meets all that wait.
        """
        w, g = self.w, self.given
        after = number + 1
        is_last = after.same(g["grains"])
        adds = w.where(is_last, number, number & ~after)
        waiting = w.at(g["waiting"], j * g["wait_panel"])
        level = w.at(waiting, w.trailing_zeros(after) * g["level"])
        out = w.where(is_last, sums.out, level)
        line = w.where(is_last, sums.line, number.like(self.line))
        return replace(sums, out=out, line=line, adds=adds, waiting=waiting)

    def block(self, q: Value, sums: _Sums) -> None:
        """Write the tiles of a block of rows; the last one overlaps where they do not fit."""
        w, g = self.w, self.given
        a = w.at(sums.a, q * g["row_jump"])
        before, last = q * g["rows"], g["rows"] - self.height

        def tile(n: Value, _: list[Value]) -> None:
            row = w.smaller((g["first"] + n) * self.height, last)
            self.tile(w.at(a, row * g["row"]), before + row, sums)

        w.repeat(g["tiles"], tile)

    def tile(self, a: Value, row: Value, sums: _Sums) -> None:
        """Write one tile."""
        w = self.w
        held = self.grain(a, sums.b, sums.count)
        if sums.adds is not None and sums.waiting is not None:
            held = self.added(held, sums.adds, w.at(sums.waiting, row * self.line))
        self.store(held, w.at(sums.out, row * sums.line), sums.line)

    def added(self, held: list[Value], levels: Value, waiting: Value) -> list[Value]:
        """Return a tile plus the sums that wait at some levels: the ones of a number, in base 2."""
        w = self.w

        def one(_: Value, now: list[Value]) -> list[Value]:
            left, *sums = now
            base = w.at(waiting, w.trailing_zeros(left) * self.given["level"])
            new = [
                w.load(w.at(base, 32 * j), self.kind, self.lanes) + x for j, x in enumerate(sums)
            ]
            return [left & (left - 1), *new]

        return w.repeat(w.ones(levels), one, [levels, *held])[1:]

    def grain(self, a: Value, b: Value, count: Value) -> list[Value]:
        """Return the sums of so many terms: `UNROLL` in a round, then one by one."""
        w = self.w
        rows = [w.at(a, self.given["row"] * i) for i in range(self.height)]
        rounds = w.quotient(count, UNROLL)
        done = rounds * UNROLL

        def several(q: Value, now: list[Value]) -> list[Value]:
            first = q * UNROLL
            offset = self.offset(first)
            for u in range(UNROLL):
                now = self.term(rows, b, first + u, offset + self.given["term"] * u, now)
            return now

        def one(q: Value, now: list[Value]) -> list[Value]:
            k = done + q
            return self.term(rows, b, k, self.offset(k), now)

        held = w.repeat(rounds, several, self.zeros())
        return w.repeat(count - done, one, held)

    def offset(self, k: Value) -> Value:
        """Return the bytes from a row's first term to term `k`: whole blocks, then within one."""
        w, g = self.w, self.given
        blocks = w.shifted(k, g["block_bits"])
        within = k - (blocks << g["block_bits"])
        return blocks * g["jump"] + within * g["term"]

    def zeros(self) -> list[Value]:
        return [self.w.constant(0.0, self.kind, self.lanes)] * (self.height * self.chunks)

    def term(
        self, rows: list[Value], b: Value, k: Value, offset: Value, held: list[Value]
    ) -> list[Value]:
        """Add one term to every sum of the tile."""
        w, out = self.w, list(held)
        line = w.at(b, k * self.line)
        right = [w.load(w.at(line, 32 * h), self.kind, self.lanes) for h in range(self.chunks)]
        for i, row in enumerate(rows):
            x = w.spread(w.load(w.at(row, offset), self.kind), self.lanes)
            for h in range(self.chunks):
                place = i * self.chunks + h
                out[place] = w.fma(x, right[h], out[place])
        return out

    def store(self, held: list[Value], c: Value, line: Value) -> None:
        """Store a tile."""
        w = self.w
        for i in range(self.height):
            row = w.at(c, line * i)
            for h in range(self.chunks):
                w.store(held[i * self.chunks + h], w.at(row, 32 * h))
