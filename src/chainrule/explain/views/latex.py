r"""The view for papers and blackboards: a piece of LaTeX for any document with amsmath.

Tables use plain rules, so that nothing but amsmath is needed. Knows blocks of a document; knows
nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.explain.digits import latex_of_digits
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
from chainrule.explain.symbols import escaped
from chainrule.explain.views._columns import is_numeric
from chainrule.explain.views._kinds import Shown

ROLES = {"note": r"\emph{Note:} ", "warning": r"\textbf{Careful:} "}
HEADINGS = ("section", "subsection", "paragraph")


def render(document: Document) -> str:
    """Return a document as LaTeX, to be put into a document that uses amsmath."""
    parts = [f"% {document.title}"]
    parts += ["\n".join(_lines(block, 0)) for block in document.blocks]
    return "\n\n".join(parts) + "\n"


def _span(span: Span | int) -> str:
    if isinstance(span, Symbol):
        return f"${span.tex}$"
    if isinstance(span, Code):
        return rf"\texttt{{{escaped(span.text)}}}"
    if isinstance(span, Number):
        return f"${latex_of_digits(span.text)}$"
    return f"${span}$" if isinstance(span, int) else escaped(span)


def _section(block: Section, level: int) -> Iterator[str]:
    yield rf"\{HEADINGS[min(level, len(HEADINGS) - 1)]}*{{{escaped(block.title)}}}"
    for inner in block.blocks:
        yield ""
        yield from _lines(inner, level + 1)


def _sentence(block: Sentence, level: int) -> Iterator[str]:
    text = "".join(map(_span, block.spans)).replace("\n", r" \\" + "\n")
    yield rf"\textbf{{{text}}}" if block.role == "answer" else ROLES.get(block.role, "") + text


def _formula(block: Formula, level: int) -> Iterator[str]:
    yield r"\begin{align*}"
    yield " \\\\\n".join(latex for _, latex in block.lines)
    yield r"\end{align*}"


def _figure(block: Figure, level: int) -> Iterator[str]:
    yield rf"\emph{{{escaped(block.text)}}}"


def _listing(block: Listing, level: int) -> Iterator[str]:
    yield r"\begin{verbatim}"
    yield block.code.replace(r"\end{verbatim}", r"\end {verbatim}")
    yield r"\end{verbatim}"


def _steps(block: Steps, level: int) -> Iterator[str]:
    yield rf"{escaped(block.title)}:"
    yield r"\begin{itemize}"
    for command, why in block.entries:
        yield rf"\item {_span(Code(command))}" + (f": {escaped(why)}" if why else "")
    yield r"\end{itemize}"


def _table(block: Table, level: int) -> Iterator[str]:
    rows = [*block.rows, *([] if block.total is None else [block.total])]
    numeric = [is_numeric([row[k] for row in rows]) for k in range(len(block.header))]
    if block.caption:
        yield escaped(block.caption) + r"\par"
    yield rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}"
    yield rf"{' & '.join(map(_span, block.header))} \\ \hline"
    for row in block.rows:
        yield rf"{' & '.join(map(_span, row))} \\"
    if block.total is not None:
        yield rf"\hline {' & '.join(map(_span, block.total))} \\"
    yield r"\end{tabular}"


_lines = Shown(
    sentence=_sentence,
    formula=_formula,
    table=_table,
    figure=_figure,
    listing=_listing,
    steps=_steps,
    section=_section,
)
