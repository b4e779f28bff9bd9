"""Transposes in machine code: square blocks of registers, turned and put into panels.

Knows layouts; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.executors.native.target import lanes_of
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer

Share = Callable[[int], tuple[Value, Value]]
"""Tells which of a number of equal things are done here: the first, and how many."""


@dataclass(frozen=True)
class Turned:
    """A matrix whose transpose is needed in panels of its own.

    Attributes
    ----------
    kind : {"f32", "f64"}
        Of its numbers.
    rows, width : int
        Its form.
    chunks, panel : int
        Vectors in a row of a panel, and bytes from a panel to the next.
    """

    kind: str
    rows: int
    width: int
    chunks: int
    panel: int

    @property
    def lanes(self) -> int:
        """Numbers of a vector."""
        return lanes_of(self.kind)

    @property
    def over(self) -> int:
        """Vectors in a row of a panel of the transpose."""
        return 1 if self.rows <= self.lanes else 2


def write_transpose(
    w: Writer, matrix: Turned, source: Value, out: Value, out_panel: int, share: Share
) -> None:
    """Write the transpose of a matrix, in square blocks, into panels of a given size.

    Parameters
    ----------
    w : Writer
        Where the call goes.
    matrix : Turned
        What is transposed.
    source, out : Value
        Where it is, and where its transpose goes.
    out_panel : int
        Bytes from a panel of the transpose to the next: room for whole blocks.
    share : callable
        Which of so many columns of blocks are turned here: (first, how many).
    """
    name = w.kernel(
        f"transpose_{matrix.kind}_{matrix.chunks}to{matrix.over}",
        [("s", "ptr", 1), ("s_panel", "i64", 1), ("d", "ptr", 1), ("d_panel", "i64", 1),
         ("first", "i64", 1), ("across", "i64", 1), ("down", "i64", 1)],
        lambda inner, given: _transpose(inner, matrix.kind, matrix.chunks, matrix.over, given),
    )  # fmt: skip
    down = w.constant(-(-matrix.rows // matrix.lanes), "i64")
    first, mine = share(-(-matrix.width // matrix.lanes))
    panels = [w.constant(n, "i64") for n in (matrix.panel, out_panel)]
    w.call(name, source, panels[0], out, panels[1], first, mine, down)


def transposed_panel(matrix: Turned) -> tuple[int, int]:
    """Return (bytes from a panel of the transpose to the next, all its bytes)."""
    height = -(-matrix.width // matrix.lanes) * matrix.lanes
    panel = height * 32 * matrix.over
    return panel, panel * -(-matrix.rows // (matrix.lanes * matrix.over))


def _transpose(w: Writer, kind: str, chunks: int, over: int, given: list[Value]) -> None:
    """Write the loops: for each block of rows and columns, its vectors, turned."""
    lanes = lanes_of(kind)
    source, s_panel, out, d_panel, first, across, down = given

    def column(n: Value, _: list[Value]) -> None:
        q = first + n

        def block(i: Value, _: list[Value]) -> None:
            p, h = w.quotient(q, chunks), w.remainder(q, chunks)
            left = w.at(w.at(source, p * s_panel), i * (lanes * 32 * chunks) + h * 32)
            p, h = w.quotient(i, over), w.remainder(i, over)
            right = w.at(w.at(out, p * d_panel), q * (lanes * 32 * over) + h * 32)
            rows = [w.load(w.at(left, u * 32 * chunks), kind, lanes) for u in range(lanes)]
            for u, x in enumerate(flipped(w, rows)):
                w.store(x, w.at(right, u * 32 * over))

        w.repeat(down, block)

    w.repeat(across, column)


def flipped(w: Writer, rows: list[Value]) -> list[Value]:
    """Return the columns of a square block of registers, by exchanging halves, quarters ..."""
    count = reach = len(rows)
    while reach > 1:
        reach //= 2
        turned = list(rows)
        for q in range(count):
            if q & reach:
                continue
            low = [x if not x & reach else x - reach + count for x in range(count)]
            high = [x + reach if not x & reach else x + count for x in range(count)]
            turned[q] = w.shuffle(rows[q], rows[q + reach], low)
            turned[q + reach] = w.shuffle(rows[q], rows[q + reach], high)
        rows = turned
    return rows
