"""Pages: labelled paragraphs and tables of text, laid out for any width.

Lines have no trailing blanks, and nothing that a table or a file name holds can move the cursor.
Knows cells of a terminal; knows nothing of what the words mean.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.text import Text

from chainrule.apps.cli.screen import Screen

LABEL = 11
"""Columns of the labels on the left."""
NARROW = 48
"""Below this width labels stand on lines of their own."""
LEAST = 16
"""Columns that the last column of a table has at least."""

Words = str | Text


def plain(value: object) -> str:
    r"""Return a text that only prints: control characters are shown as their escapes.

    Examples
    --------
    >>> plain("a\x1b[31mb"), plain("Adélie")
    ('a\\x1b[31mb', 'Adélie')
    """
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def words(value: Words) -> Text:
    """Return a text to be shown; styles only where they were put on purpose."""
    return value if isinstance(value, Text) else Text(plain(value))


def item(out: Screen, label: str, *paragraphs: Words) -> None:
    """Write a label and beside it paragraphs, each wrapped under its own first line."""
    if not paragraphs:
        return
    indent = _head(out, label)
    for number, paragraph in enumerate(paragraphs):
        for line in _wrapped(out, words(paragraph), out.width - indent):
            first = number == 0 and indent == LABEL
            _line(out, _lead(label if first else "", indent) + line)
            label = "" if first else label


def _head(out: Screen, label: str) -> int:
    """Return the indent of what stands beside a label; on narrow screens, write it first."""
    if out.width >= NARROW:
        return LABEL
    if label:
        _line(out, Text(label, "bold"))
    return 2


def _lead(label: str, indent: int) -> Text:
    """Return what stands left of a line: the label in bold, or blanks."""
    return Text.assemble((label.ljust(indent), "bold" if label else ""))


def _wrapped(out: Screen, text: Text, width: int) -> list[Text]:
    lines = list(text.wrap(out, max(width, LEAST), overflow="fold")) or [Text()]
    for line in lines:
        line.rstrip()
    return lines


def _line(out: Screen, text: Text) -> None:
    text.rstrip()
    out.print(text, soft_wrap=True)


def gap(out: Screen) -> None:
    """Write an empty line."""
    out.print()


def note(out: Screen, paragraph: Words) -> None:
    """Write a paragraph without a label, over the whole width."""
    for line in _wrapped(out, words(paragraph), out.width):
        _line(out, line)


def steps(out: Screen, label: str, lines: Sequence[tuple[str, str]]) -> None:
    """Write commands to go on with, and what each does; a command is never wrapped."""
    explained = [(cell_len(command), cell_len(why)) for command, why in lines if why]
    widest = max((command for command, _ in explained), default=0)
    longest = max((why for _, why in explained), default=0)
    indent = _head(out, label)
    fits = indent + widest + 2 + longest <= out.width
    for command, why in lines:
        line = _lead(label if indent == LABEL else "", indent) + Text(plain(command), "cyan")
        label = ""
        if fits and why:
            line += Text(" " * (widest + 2 - cell_len(command)) + plain(why))
        _line(out, line)
        if why and not fits:
            item(out, "", Text.assemble("  ", (plain(why), "dim")))


def table(
    out: Screen,
    header: Sequence[Words],
    rows: Sequence[Sequence[Words]],
    *,
    label: str | None = None,
    right: Collection[int] = (),
) -> None:
    """Write a table; where it is too wide, its columns of words are wrapped.

    Parameters
    ----------
    out : Screen
        Where.
    header : sequence
        Titles of the columns; none are written if all are empty.
    rows : sequence of sequence
        The cells.
    label : str, optional
        Stands left of the first line; without it the table begins at the left edge.
    right : collection of int
        Columns that are aligned at their right.
    """
    indent = 0 if label is None else _head(out, label)
    cells = [[words(cell) for cell in row] for row in ([header] if any(header) else []) + [*rows]]
    if not cells:
        return
    if any(header):
        for cell in cells[0]:
            cell.stylize("dim")
    widths = [max(cell_len(row[c].plain) for row in cells) for c in range(len(header))]
    _fit(widths, out.width - indent, right)
    lead = _lead(label or "" if indent == LABEL else "", indent)
    for row in cells:
        _row(out, lead, row, widths, right)
        lead = Text(" " * indent)


def _fit(widths: list[int], room: int, right: Collection[int]) -> None:
    """Narrow the widest columns of words, in place, until the table fits or none can give."""
    while sum(widths) + 2 * (len(widths) - 1) > room:
        widest = max((w, c) for c, w in enumerate(widths) if c not in right)
        if widest[0] <= LEAST:
            return
        widths[widest[1]] -= 1


def _row(
    out: Screen, lead: Text, row: Sequence[Text], widths: Sequence[int], right: Collection[int]
) -> None:
    """Write a row; a cell that was wrapped takes several lines."""
    wrapped = [
        [cell] if c in right else _wrapped(out, cell, widths[c]) for c, cell in enumerate(row)
    ]
    for number in range(max(map(len, wrapped))):
        line = lead.copy() if number == 0 else Text(" " * cell_len(lead.plain))
        for c, lines in enumerate(wrapped):
            cell = lines[number] if number < len(lines) else Text()
            blanks = Text(" " * max(widths[c] - cell_len(cell.plain), 0))
            line += (blanks + cell if c in right else cell + blanks) + Text("  ")
        _line(out, line)
