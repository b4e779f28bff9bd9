"""The view for browsers and notebooks: one self-contained page, mathematics as MathML.

No script, no font and no picture is loaded from anywhere. Knows blocks of a document; knows nothing
of what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from importlib.resources import files

from chainrule.explain.document import (
    Cell,
    Code,
    Document,
    Figure,
    Formula,
    Listing,
    Number,
    Section,
    Sentence,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.views._columns import aligned, is_numeric
from chainrule.explain.views._kinds import Shown

FIGURE_SPACE = "\u2007"
MINUS = "\u2212"
LETTER = re.compile(r">([^<]+)</m[in]>")
WORD = re.compile(r'(?:<mi mathvariant="normal">[^<]+</mi>)+(?:<mn>\d+</mn>)?')
PRIME = re.compile(
    r"<msup>((?:<mrow>)?<mi>[^<]+</mi>(?:</mrow>)?)<m([io])>(&#x0203[2-4];)</m\2></msup>"
)
KEPT = 4096
"""Formulas that are kept in MathML, as most of them come many times."""


def render(document: Document, *, fragment: bool = False) -> str:
    """Return a document as a page of HTML, or as a piece of one for notebooks.

    Parameters
    ----------
    document : Document
        What is said.
    fragment : bool
        Only what stands inside the body, with its own style.
    """
    style = files(__package__).joinpath("_page.css").read_text(encoding="utf-8")
    inner = "\n".join(piece for block in document.blocks for piece in _pieces(block, 2))
    title = escape(document.title)
    body = (
        f'<article class="chainrule {escape(document.kind)}">\n<h1>{title}</h1>\n{inner}\n'
        "</article>"
    )
    if fragment:
        return f"<style>\n{style}</style>\n{body}\n"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n"
        f'<body class="chainrule-page">\n{body}\n</body>\n</html>\n'
    )


@lru_cache(KEPT)
def mathml(latex: str, *, display: bool = False) -> str:
    """Return LaTeX as MathML.

    Examples
    --------
    >>> mathml("x")
    '<math display="inline"><mrow><mi>x</mi></mrow></math>'
    """
    from latex2mathml.converter import convert

    found: str = convert(latex, display="block" if display else "inline")
    found = found.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    found = found.replace('mathvariant="bold"', 'style="font-weight: bold"')
    found = found.replace("<mi>ln</mi>", "<mi>ln</mi><mspace width='0.17em'/>")
    return PRIME.sub(r"<mrow>\1<mo lspace='0' rspace='0'>\3</mo></mrow>", WORD.sub(_joined, found))


def _joined(letters: re.Match[str]) -> str:
    """Return a word set letter by letter as one identifier, which browsers set upright."""
    word = "".join(LETTER.findall(letters[0]))
    return f"<mi>{word}</mi>" if len(word) > 1 else letters[0]


def _span(span: Cell) -> str:
    if isinstance(span, Symbol):
        return _symbol(span)
    if isinstance(span, Code):
        return f"<code>{escape(span.text)}</code>"
    if isinstance(span, Number):
        return _number(span.text)
    return escape(str(span)).replace("\n", "<br>")


def _symbol(span: Symbol) -> str:
    """Return mathematics; what is about an entry names it, and leads to the line that explains."""
    if not span.node:
        return mathml(span.tex)
    about = f'data-node="{escape(span.node)}"'
    if span.line:
        return f'<a href="#{anchor(span.line)}" {about}>{mathml(span.tex)}</a>'
    return f"<span {about}>{mathml(span.tex)}</span>"


def anchor(name: str) -> str:
    """Return the name of a line as the end of an address.

    Examples
    --------
    >>> anchor("W1[0,2]")
    'line-W1-0-2'
    """
    return "line-" + re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _number(text: str) -> str:
    """Return digits; the minus on the screen is a true one."""
    return f'<span class="n">{text.replace("-", MINUS)}</span>'


def _section(block: Section, level: int) -> Iterator[str]:
    yield f"<section>\n<h{min(level, 6)}>{escape(block.title)}</h{min(level, 6)}>"
    for inner in block.blocks:
        yield from _pieces(inner, level + 1)
    yield "</section>"


def _sentence(block: Sentence, level: int) -> Iterator[str]:
    yield f'<p class="{block.role}">{"".join(map(_span, block.spans))}</p>'


def _formula(block: Formula, level: int) -> Iterator[str]:
    inner = " \\\\ ".join(latex for _, latex in block.lines)
    latex = rf"\begin{{align*}} {inner} \end{{align*}}"
    named = f' id="{anchor(block.name)}"' if block.name else ""
    yield f'<div class="formula"{named}>{mathml(latex, display=True)}</div>'


def _figure(block: Figure, level: int) -> Iterator[str]:
    yield f"<figure>{block.svg}<figcaption>{escape(block.text)}</figcaption></figure>"


def _listing(block: Listing, level: int) -> Iterator[str]:
    yield f"<pre><code>{escape(block.code)}</code></pre>"


def _steps(block: Steps, level: int) -> Iterator[str]:
    yield f'<div class="steps"><p>{escape(block.title)}</p><ul>'
    for command, why in block.entries:
        yield f"<li><code>{escape(command)}</code> {escape(why)}</li>"
    yield "</ul></div>"


def _table(block: Table, level: int) -> Iterator[str]:
    rows = [*block.rows, *([] if block.total is None else [block.total])]
    numeric = [is_numeric([row[k] for row in rows]) for k in range(len(block.header))]
    columns = [_column([row[k] for row in rows], numeric[k]) for k in range(len(numeric))]
    caption = escape(block.caption)
    if caption:  # outside of what scrolls sideways
        yield f'<p class="caption">{caption}</p>'
    yield f'<div class="table"><table aria-label="{caption}">'
    none, nodes = [""] * len(numeric), [_node_of(cell) for cell in block.header]
    yield f"<thead>{_line(map(_span, block.header), numeric, 'th', none)}</thead><tbody>"
    for number in range(len(block.rows)):
        yield _line((column[number] for column in columns), numeric, "td", nodes)
    yield "</tbody>"
    if block.total is not None:
        yield f"<tfoot>{_line((column[-1] for column in columns), numeric, 'td', none)}</tfoot>"
    yield "</table></div>"


def _node_of(head: Cell) -> str:
    return head.node if isinstance(head, Symbol) else ""


def _line(cells: Iterator[str], numeric: list[bool], tag: str, nodes: list[str]) -> str:
    """Return a row; cells of a column that is about an entry name it."""
    parts = []
    for cell, right, node in zip(cells, numeric, nodes, strict=True):
        aside = ' class="r"' if right else ""
        about = f' data-node="{escape(node)}"' if node else ""
        parts.append(f"<{tag}{aside}{about}>{cell}</{tag}>")
    return f"<tr>{''.join(parts)}</tr>"


def _column(cells: list[Cell], numeric: bool) -> list[str]:
    """Return the cells of a column; numbers are padded by figure spaces that nobody copies."""
    if not numeric:
        return [_span(cell) for cell in cells]
    return [_padded(text) for text in aligned(cells, FIGURE_SPACE)]


def _padded(text: str) -> str:
    digits = text.strip(FIGURE_SPACE)
    before, _, after = text.partition(digits) if digits else (text, "", "")
    return _pad(before) + (_number(digits) if digits else "") + _pad(after)


def _pad(blanks: str) -> str:
    return f'<span class="pad" aria-hidden="true">{blanks}</span>' if blanks else ""


_pieces = Shown(
    sentence=_sentence,
    formula=_formula,
    table=_table,
    figure=_figure,
    listing=_listing,
    steps=_steps,
    section=_section,
)
