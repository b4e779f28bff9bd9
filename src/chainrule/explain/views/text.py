"""The view for terminals: plain text, wrapped to a width, tables aligned on the decimal point.

Knows blocks of a document; knows nothing of what they mean.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from chainrule.explain.document import (
    Cell,
    Document,
    Figure,
    Formula,
    Listing,
    Section,
    Sentence,
    Steps,
    Table,
)
from chainrule.explain.views._columns import aligned, is_numeric, plain
from chainrule.explain.views._kinds import Shown

INDENT = "  "
BETWEEN = "  "
"""What stands between two columns of a table."""
LEAST = 40
LABELS = {"note": "Note: ", "warning": "Careful: "}


def render(document: Document, *, width: int = 100) -> str:
    """Return a document as lines of text of at most `width` columns, where words allow it."""
    room = max(width, LEAST)
    return "\n\n".join("\n".join(_lines(block, room)) for block in document.blocks) + "\n"


def _sentence(block: Sentence, width: int) -> Iterator[str]:
    text = LABELS.get(block.role, "") + "".join(map(plain, block.spans))
    for line in text.split("\n"):
        yield from textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [
            ""
        ]


def _formula(block: Formula, width: int) -> Iterator[str]:
    for text, _ in block.lines:
        yield from (INDENT + line for line in text.split("\n"))


def _figure(block: Figure, width: int) -> Iterator[str]:
    yield from textwrap.wrap(f"[{block.text}]", width)


def _listing(block: Listing, width: int) -> Iterator[str]:
    yield from (f"{INDENT}{line}".rstrip() for line in block.code.splitlines())


def _steps(block: Steps, width: int) -> Iterator[str]:
    label = f"{block.title}: " if block.title else ""
    column = max((len(command) for command, _ in block.entries), default=0)
    for number, (command, why) in enumerate(block.entries):
        lead = label if number == 0 else " " * len(label)
        line = f"{lead}{command.ljust(column)}{BETWEEN}{why}".rstrip()
        if len(line) <= width:
            yield line
        else:
            yield f"{lead}{command}"
            yield from textwrap.wrap(why, width, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _section(block: Section, width: int) -> Iterator[str]:
    yield block.title
    yield "-" * len(block.title)
    for inner in block.blocks:
        yield ""
        yield from _lines(inner, width)


def _table(block: Table, width: int) -> Iterator[str]:
    if block.caption:
        yield from textwrap.wrap(block.caption, width)
    columns = _columns(block)
    total = len(INDENT) + sum(len(c[0]) for c in columns) + len(BETWEEN) * (len(columns) - 1)
    if total > width and len(columns) > 2:
        turned = _turned(block)
        yield from turned if max(map(len, turned)) <= width else _records(block, width)
        return
    count = len(columns[0]) if columns else 0
    for number in range(count):
        if block.total is not None and number == count - 1:
            yield INDENT + "-" * (total - len(INDENT))
        line = INDENT + BETWEEN.join(column[number] for column in columns)
        yield line.rstrip()


def _columns(block: Table) -> list[list[str]]:
    """Return each column as texts of one width: head, body, total."""
    rows = [*block.rows, *([] if block.total is None else [block.total])]
    return [_column(head, [row[k] for row in rows]) for k, head in enumerate(block.header)]


def _column(head: Cell, cells: list[Cell]) -> list[str]:
    numeric = is_numeric(cells)
    texts = aligned(cells) if numeric else [plain(cell) for cell in cells]
    everything = [plain(head), *texts]
    room = max(map(len, everything))
    return [text.rjust(room) if numeric else text.ljust(room) for text in everything]


def _turned(block: Table) -> list[str]:
    """Return a table with its rows side by side: for few rows of many columns."""
    rows = [*block.rows, *([] if block.total is None else [block.total])]
    heads = [plain(head) for head in block.header]
    sides = [heads, *([plain(cell) for cell in row] for row in rows)]
    widths = [max(map(len, side)) for side in sides]
    lines = []
    for cells in zip(*sides, strict=True):
        first, *others = (
            cell.ljust(room) if k == 0 else cell.rjust(room)
            for k, (cell, room) in enumerate(zip(cells, widths, strict=True))
        )
        lines.append((INDENT + BETWEEN.join([first, *others])).rstrip())
    return lines


def _records(block: Table, width: int) -> Iterator[str]:
    """Yield a table that is too wide as one paragraph a row: every head with its cell."""
    rows = [*block.rows, *([] if block.total is None else [block.total])]
    for row in rows:
        pairs = [
            f"{plain(head)} {plain(cell)}".strip()
            for head, cell in zip(block.header, row, strict=True)
            if plain(cell)
        ]
        yield from textwrap.wrap(
            ", ".join(pairs), width, initial_indent=INDENT, subsequent_indent=INDENT * 3
        )


_lines = Shown(
    sentence=_sentence,
    formula=_formula,
    table=_table,
    figure=_figure,
    listing=_listing,
    steps=_steps,
    section=_section,
)
