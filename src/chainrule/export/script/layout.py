"""How lines of a script stand: what a formatter of code would leave as it is.

Knows texts; knows nothing of what they compute.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

WIDTH = 88
"""Columns of a line: the default of formatters."""
STEP = "    "


def remarked(code: str, remark: str, depth: int = 1) -> list[str]:
    """Return a line with a remark behind it, or above it where there is no room.

    Parameters
    ----------
    code, remark : str
        What is said.
    depth : int
        How deep the line will stand.

    Examples
    --------
    >>> remarked("L = row_loss.sum()", "of all rows")
    ['L = row_loss.sum()  # of all rows']
    """
    remark = on_a_line(remark)
    line = f"{code}  # {remark}"
    if len(line) + depth * len(STEP) <= WIDTH:
        return [line]
    return [*commented(remark, depth), code]


def commented(text: str, depth: int = 0) -> list[str]:
    """Return a text as lines of comment."""
    room = WIDTH - 2 - depth * len(STEP)
    return [f"# {line}" for line in textwrap.wrap(on_a_line(text), room)]


def on_a_line(text: str) -> str:
    r"""Return a text that may hold names of a user's as one line that can be shown.

    Examples
    --------
    >>> on_a_line("a\nb\x00")
    'a b?'
    """
    told = " ".join(text.split())
    return "".join(sign if sign.isprintable() else "?" for sign in told)


def in_docstring(text: str) -> str:
    """Return a text that cannot end the string that it stands in."""
    return on_a_line(text).replace("\\", "/").replace('"', "'")


def indented(lines: Iterable[str], depth: int = 1) -> list[str]:
    """Return lines moved to the right; empty ones stay empty."""
    return [STEP * depth + line if line else "" for line in lines]


def bracketed(start: str, items: Iterable[str], end: str, depth: int = 0) -> list[str]:
    """Return a start, items with commas between and an end: on one line if there is room.

    Examples
    --------
    >>> bracketed("all = [", ["1", "2"], "]")
    ['all = [1, 2]']
    """
    listed = list(items)
    line = f"{start}{', '.join(listed)}{end}"
    if len(line) + depth * len(STEP) <= WIDTH:
        return [line]
    return [start, *(f"{STEP}{item}," for item in listed), end]


def dictionary(start: str, entries: Mapping[str, str], depth: int = 0) -> list[str]:
    """Return ``start = {"key": value ...}``; the values are code."""
    items = [f"{quoted(key)}: {value}" for key, value in entries.items()]
    return bracketed(f"{start} = {{", items, "}", depth)


def quoted(text: str) -> str:
    r"""Return a text as a literal, in double quotes unless that takes more escapes.

    Examples
    --------
    >>> quoted("a"), quoted('"')
    ('"a"', '\'"\'')
    """
    inner = repr(f'"{text}')[2:-1]  # the quote keeps repr to single quotes
    double = inner.replace("\\'", "'").replace('"', '\\"')
    return f'"{double}"' if double.count('\\"') <= inner.count("\\'") else f"'{inner}'"


def shape_text(*lengths: int | str) -> str:
    """Return a shape as Python writes it.

    Examples
    --------
    >>> shape_text("rows", 3), shape_text(4)
    ('(rows, 3)', '(4,)')
    """
    return f"({', '.join(map(str, lengths))}{',' if len(lengths) == 1 else ''})"
