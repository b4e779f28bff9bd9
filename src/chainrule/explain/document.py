"""The neutral document: what an explanation says, before anybody decides how it looks.

Sentences, formulas, tables, pictures and next questions, made of spans. A number is kept as a
number and turned into digits in one place, so that every view shows the same ones. Knows no view,
no network and no arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chainrule.explain.digits import Style, digits
from chainrule.explain.symbols import latex_of

Role = Literal["words", "answer", "note", "warning"]


@dataclass(frozen=True)
class Number:
    """A number as it is computed; how many digits are shown is a matter of style.

    Attributes
    ----------
    value : float
        All its digits.
    style : {"table", "answer", "short"}
        Six decimals, eight, or four significant digits.
    sign : bool
        Whether a plus sign is shown.
    """

    value: float
    style: Style = "table"
    sign: bool = False

    @property
    def text(self) -> str:
        """The digits, the same in every view."""
        return digits(self.value, self.style, sign=self.sign)


@dataclass(frozen=True)
class Symbol:
    """Mathematics in a sentence or a cell.

    Attributes
    ----------
    text : str
        As it is typed: ``dL/dW1[0,2]``.
    latex : str
        As it is set; made from the text if left out.
    node : str
        The entry that it is about, such as ``z1[r,2]``, if a page may mark all that is about it.
    line : str
        The formula that explains it, by name.
    """

    text: str
    latex: str = ""
    node: str = ""
    line: str = ""

    @property
    def tex(self) -> str:
        """The LaTeX of the symbol."""
        return self.latex or latex_of(self.text)


@dataclass(frozen=True)
class Code:
    """A command, or a piece of code."""

    text: str


Span = str | Number | Symbol | Code
Cell = str | int | Number | Symbol | Code
Row = tuple[Cell, ...]


@dataclass(frozen=True, init=False)
class Sentence:
    """A paragraph: words, numbers, symbols and code one after the other.

    Parameters
    ----------
    *spans : str, Number, Symbol or Code
        What it says; blanks between them are the writer's.
    role : {"words", "answer", "note", "warning"}
        The answer stands first and large; notes are asides.
    """

    spans: tuple[Span, ...]
    role: Role = "words"

    def __init__(self, *spans: Span, role: Role = "words") -> None:
        object.__setattr__(self, "spans", spans)
        object.__setattr__(self, "role", role)


@dataclass(frozen=True)
class Formula:
    """Display mathematics, line under line.

    Attributes
    ----------
    lines : tuple of (str, str)
        Each as text and as LaTeX; a ``&`` in the LaTeX is where lines are aligned.
    name : str
        What symbols that it explains call it.
    """

    lines: tuple[tuple[str, str], ...]
    name: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header.

    Attributes
    ----------
    header : tuple of cells
        One for each column.
    rows : tuple of tuples of cells
        The body.
    caption : str
        What the table shows.
    total : tuple of cells or None
        A last row, set apart.
    """

    header: Row
    rows: tuple[Row, ...]
    caption: str = ""
    total: Row | None = None

    def __post_init__(self) -> None:
        for row in (*self.rows, *([] if self.total is None else [self.total])):
            assert len(row) == len(self.header), f"{len(row)} cells under {len(self.header)} heads"


@dataclass(frozen=True)
class Figure:
    """A picture, and what it shows in words for views without pictures."""

    svg: str
    text: str


@dataclass(frozen=True)
class Listing:
    """Lines of code, kept as they are.

    Attributes
    ----------
    code : str
        The lines.
    language : str
        Such as ``python``.
    """

    code: str
    language: str = ""


@dataclass(frozen=True)
class Steps:
    """What to ask or to do next.

    Attributes
    ----------
    title : str
        Such as ``Next``.
    entries : tuple of (str, str)
        A command or code, and what it tells.
    """

    title: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


Block = Sentence | Formula | Table | Figure | Listing | Steps | Section


@dataclass(frozen=True)
class Document:
    """An explanation, neutral: what it says, and its facts for machines.

    Attributes
    ----------
    kind : str
        ``why``, ``derive``, ``check``, ``review``, ``doctor`` ...
    title : str
        One line.
    blocks : tuple
        What is said, in order; the first one answers.
    data : mapping
        The same facts as plain data: numbers, strings, lists and mappings of them.

    Examples
    --------
    >>> page = Document("why", "An example", (Sentence("It is ", Number(0.25), "."),))
    >>> [span.text for block in page.blocks for span in block.spans if isinstance(span, Number)]
    ['0.250000']
    """

    kind: str
    title: str
    blocks: tuple[Block, ...]
    data: Mapping[str, Any] = field(default_factory=dict)


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield every block, and those of sections after their section."""
    for block in blocks:
        yield block
        if isinstance(block, Section):
            yield from flat(block.blocks)
