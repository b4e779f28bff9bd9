"""The view for notes and repositories: Markdown with mathematics between dollars.

Knows blocks of a document; knows nothing of what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chainrule.explain.document import (
    Code,
    Document,
    Figure,
    Formula,
    Listing,
    Number,
    Section,
    Sentence,
    Span,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.views._columns import is_numeric
from chainrule.explain.views._kinds import Shown

SPECIAL = re.compile(r"([\\`*_\[\]<>|$#])")
ROLES = {"note": "> Note: ", "warning": "> **Careful:** "}


def render(document: Document) -> str:
    """Return a document as Markdown."""
    parts = [f"# {_escaped(document.title)}"]
    parts += ["\n".join(_lines(block, 2)) for block in document.blocks]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def _span(span: Span | int) -> str:
    if isinstance(span, Symbol):
        return f"${span.tex}$"
    if isinstance(span, Code):
        fence = "``" if "`" in span.text else "`"
        return f"{fence}{span.text}{fence}"
    return span.text if isinstance(span, Number) else _escaped(str(span))


def _cell(span: Span | int) -> str:
    return _span(span).replace("\n", " ").replace("|", r"\|").replace(r"\\|", r"\|")


def _section(block: Section, level: int) -> Iterator[str]:
    yield f"{'#' * min(level, 6)} {_escaped(block.title)}"
    for inner in block.blocks:
        yield ""
        yield from _lines(inner, level + 1)


def _sentence(block: Sentence, level: int) -> Iterator[str]:
    text = "".join(map(_span, block.spans)).replace("\n", "  \n")
    yield f"**{text}**" if block.role == "answer" else ROLES.get(block.role, "") + text


def _formula(block: Formula, level: int) -> Iterator[str]:
    yield "$$"
    yield r"\begin{aligned}"
    yield " \\\\\n".join(latex for _, latex in block.lines)
    yield r"\end{aligned}"
    yield "$$"


def _figure(block: Figure, level: int) -> Iterator[str]:
    yield f"*{_escaped(block.text)}*"


def _listing(block: Listing, level: int) -> Iterator[str]:
    longest = max(map(len, re.findall("`+", block.code)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{block.language}"
    yield block.code
    yield fence


def _steps(block: Steps, level: int) -> Iterator[str]:
    yield f"{_escaped(block.title)}:"
    yield ""
    for command, why in block.entries:
        yield f"* {_span(Code(command))}" + (f": {_escaped(why)}" if why else "")


def _table(block: Table, level: int) -> Iterator[str]:
    if block.caption:
        yield _escaped(block.caption)
        yield ""
    rows = [*block.rows, *([] if block.total is None else [block.total])]
    numeric = [is_numeric([row[k] for row in rows]) for k in range(len(block.header))]
    yield f"| {' | '.join(map(_cell, block.header))} |"
    yield f"|{'|'.join('---:' if right else '---' for right in numeric)}|"
    for row in block.rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    if block.total is not None:
        yield f"| {' | '.join(f'**{_cell(c)}**' if c != '' else '' for c in block.total)} |"


_lines = Shown(
    sentence=_sentence,
    formula=_formula,
    table=_table,
    figure=_figure,
    listing=_listing,
    steps=_steps,
    section=_section,
)
