"""Columns of a table as text, aligned on the decimal point where they hold numbers.

Knows cells; knows no view.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chainrule.explain.document import Cell, Code, Number, Symbol

END = re.compile(r"[.e]")
"""Where the whole part of a number ends: at the point, or at the exponent."""


def plain(cell: Cell) -> str:
    """Return a cell as text."""
    return cell.text if isinstance(cell, (Number, Symbol, Code)) else str(cell)


def is_numeric(cells: Sequence[Cell]) -> bool:
    """Tell whether a column holds numbers, blanks aside."""
    filled = [cell for cell in cells if cell != ""]
    return bool(filled) and all(isinstance(cell, (int, Number)) for cell in filled)


def aligned(cells: Sequence[Cell], pad: str = " ") -> list[str]:
    """Return the texts of a column of numbers, padded so that their points stand in line.

    Examples
    --------
    >>> aligned([Number(0.5), 1, Number(-12.25)])
    ['  0.500000', '  1       ', '-12.250000']
    >>> aligned([Number(1e-6, "short"), Number(0.1, "short")])
    ['1e-06', '0.1  ']
    """
    texts = [plain(cell) for cell in cells]
    ends = [len(END.split(text)[0]) for text in texts]
    parts = [(text[:end], text[end:]) for text, end in zip(texts, ends, strict=True)]
    left = max((len(before) for before, _ in parts), default=0)
    right = max((len(after) for _, after in parts), default=0)
    return [
        before.rjust(left).replace(" ", pad) + after.ljust(right).replace(" ", pad)
        for before, after in parts
    ]
