"""A piece of mathematics in both of its forms, as it is typed and as it is set.

Knows how pieces are put together; knows nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainrule.explain.document import Role, Sentence, Symbol
from chainrule.explain.formula import in_brackets


@dataclass(frozen=True)
class Maths:
    """A piece of mathematics.

    Attributes
    ----------
    text : str
        As it is typed.
    latex : str
        As it is set.
    """

    text: str
    latex: str

    @property
    def symbol(self) -> Symbol:
        """The piece as a span of a sentence."""
        return Symbol(self.text, self.latex)

    @property
    def line(self) -> tuple[str, str]:
        """The piece as a line of a formula."""
        return (self.text, self.latex)


def said(*spans: str | Maths, role: Role = "words") -> Sentence:
    """Return a sentence of words and mathematics."""
    return Sentence(*(x if isinstance(x, str) else x.symbol for x in spans), role=role)


def bracketed(piece: Maths) -> Maths:
    """Return a piece in round brackets."""
    return Maths(f"({piece.text})", in_brackets(piece.latex))


def put(text: str, latex: str, *parts: Maths) -> Maths:
    """Return pieces put into the places ``%s`` of a text and of its LaTeX.

    Examples
    --------
    >>> a = Maths("a1", "a_1")
    >>> put("%s / n", r"%s / n", a)
    Maths(text='a1 / n', latex='a_1 / n')
    """
    return Maths(text % tuple(p.text for p in parts), latex % tuple(p.latex for p in parts))


def equation(left: Maths, *rights: Maths) -> list[tuple[str, str]]:
    """Return the lines ``left = right``, ``= right`` ... aligned on the sign."""
    indent = " " * len(left.text)
    lines = [(f"{left.text} = {rights[0].text}", f"{left.latex} &= {rights[0].latex}")]
    lines += [(f"{indent} = {right.text}", f"&= {right.latex}") for right in rights[1:]]
    return lines


def product(factors: Iterable[Maths]) -> Maths:
    """Return factors one after the other, with their signs between."""
    parts = list(factors)
    return Maths(" * ".join(p.text for p in parts), r" \cdot ".join(p.latex for p in parts))


def total(terms: Iterable[Maths]) -> Maths:
    """Return terms as a sum."""
    parts = list(terms)
    return Maths(" + ".join(p.text for p in parts), " + ".join(p.latex for p in parts))


def sum_over(letter: str, term: Maths) -> Maths:
    """Return the sum over an index; where there is only index 0, the term itself."""
    if letter == "0":
        return term
    return put(f"sum_{letter} %s", rf"\sum_{{{letter}}} %s", term)
