"""The batch in machine code: rows picked from the user's arrays, laid out as the plan reads them.

Knows row numbers, arrays and layouts; knows no operation.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.executors.native.layout import Layout
from chainrule.executors.native.values import SIZES, Value
from chainrule.executors.native.writer import Writer

AHEAD = 2
"""Rows between the one that is copied and the one that is asked for from memory."""


@dataclass(frozen=True)
class Source:
    """An array whose rows are picked.

    Attributes
    ----------
    kind : {"f32", "f64", "i64"}
        Of its entries, which lie row after row.
    layout : Layout
        How the batch of it lies.
    """

    kind: str
    layout: Layout

    @property
    def width(self) -> int:
        """Entries of a row."""
        return self.layout.width if not self.layout.is_vector else 1


def write_gather(
    w: Writer, source: Source, count: int, array: Value, numbers: Value, out: Value,
    share: tuple[Value, Value],
) -> None:  # fmt: skip
    """Write the loop that copies rows.

    Parameters
    ----------
    w : Writer
        Where it goes.
    source : Source
        The array.
    count : int
        Rows of the batch.
    array, numbers, out : Value
        Where the array, the row numbers (int64) and the batch are.
    share : tuple of Value
        The first of the rows that are copied here, and how many.
    """
    layout = source.layout
    width = layout.entries // count

    first, mine = share

    def row(n: Value, _: list[Value]) -> None:
        i = first + n
        number = w.load(w.at(numbers, i * 8), "i64")
        place = w.at(array, number * (width * SIZES[source.kind]))
        line = layout.line if not layout.is_vector else width * layout.size
        _copy_row(w, source, width, place, w.at(out, i * line))

    w.repeat(mine if not mine.is_literal else int(mine.text), row)


def _copy_row(w: Writer, source: Source, width: int, place: Value, out: Value) -> None:
    """Copy one row, a panel at a time; the last one in ever smaller pieces."""
    layout, size = source.layout, SIZES[source.kind]
    whole = width // layout.panel

    def panel(p: Value, _: list[Value]) -> None:
        start = w.at(place, p * (layout.panel * size))
        _copy(w, source, layout.panel, start, w.at(out, p * _apart(layout)))

    w.repeat(whole, panel, unroll=whole <= 4)
    _copy(
        w, source, width - whole * layout.panel, w.at(place, whole * layout.panel * size),
        w.at(out, whole * _apart(layout)),
    )  # fmt: skip


def _apart(layout: Layout) -> int:
    """Return the bytes from a panel of a row to the next one of that row."""
    return layout.line if layout.is_vector else layout.panel_bytes


def _copy(w: Writer, source: Source, count: int, place: Value, out: Value) -> None:
    """Copy entries that lie side by side, in powers of two."""
    done, piece = 0, 32 // source.layout.size
    while done < count:
        if piece > count - done:
            piece //= 2
            continue
        x = w.load(w.at(place, done * SIZES[source.kind]), source.kind, piece)
        x = w.convert(x, source.layout.kind)
        w.store(x, w.at(out, done * source.layout.size))
        done += piece
