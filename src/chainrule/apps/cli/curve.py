"""Curves: lines drawn in the terminal, with braille dots where they can be shown.

Knows numbers and cells; knows nothing of what the lines mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from chainrule.apps.cli.figures import number

SPAN = 20.0
"""A larger quotient of the highest and the lowest value asks for a logarithmic axis."""
MARGIN = 9
"""Columns of the labels at the left."""
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of a braille character for each dot, by row and column."""


MOST = 308.0
"""The largest power of ten that a number holds."""


@dataclass(frozen=True)
class Line:
    """A line to draw.

    Attributes
    ----------
    name : str
        Stands at its end.
    values : sequence of float
        Its heights, evenly spaced; NaN where there is none.
    style : str
        Its colour.
    mark : str
        Its character where there are no braille dots.
    """

    name: str
    values: Sequence[float]
    style: str
    mark: str


@dataclass(frozen=True)
class _Grid:
    """Where a value falls: `columns` x `rows` dots, high values on top."""

    columns: int
    rows: int
    low: float
    high: float
    logarithmic: bool

    def height(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def row(self, value: float) -> int:
        high, low, here = (self.height(x) / 2 for x in (self.high, self.low, value))  # no overflow
        share = (high - here) / (high - low) if high > low else 0.5
        return min(max(round(share * (self.rows - 1)), 0), self.rows - 1)

    def value_at(self, row: int) -> float:
        share = row / max(self.rows - 1, 1)
        high, low = self.height(self.high), self.height(self.low)
        found = (1 - share) * high + share * low
        return 10 ** min(found, MOST) if self.logarithmic else found

    def dots(self, values: Sequence[float]) -> dict[int, range]:
        """Return the rows that a line covers in each column, joined to its neighbour's."""
        found: dict[int, range] = {}
        before: tuple[int, int] | None = None
        for column, value in _binned(values, self.columns):
            if not math.isfinite(value) or (self.logarithmic and value <= 0):
                before = None
                continue
            here = (column, self.row(value))
            for c, rows in _strokes(before or here, here):
                found[c] = rows
            before = here
        return found


def _strokes(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, range]]:
    """Yield the rows that a straight line covers in each column after its start."""
    (c0, r0), (c1, r1) = start, end
    if c0 == c1:
        yield c1, range(min(r0, r1), max(r0, r1) + 1)
        return
    row = r0
    for c in range(c0 + 1, c1 + 1):
        after = round(r0 + (r1 - r0) * (c - c0) / (c1 - c0))
        first = row + (after > row) - (after < row)
        yield c, range(min(first, after), max(first, after) + 1)
        row = after


def _binned(values: Sequence[float], columns: int) -> list[tuple[int, float]]:
    """Return (column, value): the mean of the values that share a column, or a point each."""
    count = len(values)
    if count <= columns:
        last = max(count - 1, 1)
        return [(round(k * (columns - 1) / last), value) for k, value in enumerate(values)]
    edges = [k * count // columns for k in range(columns + 1)]
    return [(k, sum(values[a:b]) / (b - a)) for k, (a, b) in enumerate(pairwise(edges))]


def draw(lines: Sequence[Line], *, width: int, height: int, braille: bool) -> list[Text]:
    """Return the picture of some lines over a common axis, as lines of text.

    Parameters
    ----------
    lines : sequence of Line
        What to draw.
    width, height : int
        Cells of the whole picture, its labels included.
    braille : bool
        Whether dots can be shown; else a character a cell.

    Examples
    --------
    >>> line = Line("loss", [4.0, 2.0, 1.0], "cyan", "*")
    >>> for text in draw([line], width=24, height=3, braille=False):
    ...     print(text.plain.rstrip())
            4 |***
          2.5 |   ***
            1 |      ** loss 1
    """
    finite = [v for line in lines for v in line.values if math.isfinite(v)]
    if not finite:
        return []
    names = max(len(_end(line)) for line in lines)
    across, down = (2, 4) if braille else (1, 1)
    cells = max(width - MARGIN - 2 - names - 1, 8)
    low, high = min(finite), max(finite)
    logarithmic = low > 0 and high / low > SPAN
    grid = _Grid(cells * across, height * down, low, high, logarithmic)
    picture = [[(" ", "")] * cells for _ in range(height)]
    for line in lines:
        _stroke(picture, grid, line, braille)
    ends = _ends(lines, grid, height, down)
    return [
        _left(grid, row, height, down, braille) + _cells(cells_of) + _right(ends.get(row))
        for row, cells_of in enumerate(picture)
    ]


def _stroke(picture: list[list[tuple[str, str]]], grid: _Grid, line: Line, braille: bool) -> None:
    for column, rows in grid.dots(line.values).items():
        for row in rows:
            x, y = (column // 2, row // 4) if braille else (column, row)
            old = picture[y][x][0]
            bits = (ord(old) - 0x2800 if old != " " else 0) | _BITS[row % 4][column % 2]
            picture[y][x] = (chr(0x2800 + bits) if braille else line.mark, line.style)


def _ends(lines: Sequence[Line], grid: _Grid, height: int, down: int) -> dict[int, Line]:
    """Return the row at which the name of each line stands: that of its last value, or near it."""
    found: dict[int, Line] = {}
    for line in lines:
        finite = [value for value in line.values if math.isfinite(value)]
        wanted = grid.row(finite[-1]) // down if finite else height - 1
        free = [row for row in range(height) if row not in found]
        if finite and free:
            found[min(free, key=lambda row: abs(row - wanted))] = line
    return found


def _end(line: Line) -> str:
    finite = [value for value in line.values if math.isfinite(value)]
    return f"{line.name} {number(finite[-1], 3)}" if finite else ""


def _left(grid: _Grid, row: int, height: int, down: int, braille: bool) -> Text:
    labelled = {0, height - 1, (height - 1) // 2}
    dot = row * (height * down - 1) / max(height - 1, 1)
    text = number(grid.value_at(round(dot)), 3) if row in labelled else ""
    return Text(f"{text:>{MARGIN}} " + ("│" if braille else "|"), "dim")


def _cells(row: Sequence[tuple[str, str]]) -> Text:
    return Text.assemble(*row)


def _right(line: Line | None) -> Text:
    return Text(f" {_end(line)}", line.style) if line else Text()
