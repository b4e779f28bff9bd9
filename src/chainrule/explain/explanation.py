"""Explanation: a document that people hold, print, and turn into any view.

Knows documents and the list of views; knows nothing of what is explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chainrule.explain.document import Document, Steps
from chainrule.explain.views import view


@dataclass(frozen=True, eq=False)
class Explanation:
    """An answer: printed as text, or shown as LaTeX, Markdown, HTML or JSON.

    Attributes
    ----------
    document : Document
        What it says.

    Examples
    --------
    >>> from chainrule.explain.document import Number, Sentence
    >>> print(Explanation(Document("why", "A half", (Sentence("It is ", Number(0.5), "."),))))
    It is 0.500000.
    """

    document: Document

    def __str__(self) -> str:
        return self.text().rstrip("\n")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.document.title}>"

    @property
    def data(self) -> Mapping[str, Any]:
        """Its facts as plain data."""
        return self.document.data

    def text(self, width: int = 100) -> str:
        """Return it as plain text for a terminal of so many columns."""
        return view("text", self.document, width=width)

    def latex(self) -> str:
        """Return it as a piece of LaTeX; it needs amsmath, and booktabs for its tables."""
        return view("latex", self.document)

    def markdown(self) -> str:
        """Return it as Markdown with ``$``-mathematics."""
        return view("markdown", self.document)

    def html(self) -> str:
        """Return it as one self-contained page of HTML, with MathML."""
        return view("html", self.document)

    def json(self) -> str:
        """Return it as JSON: what it says, block by block, and its facts."""
        return view("json", self.document)

    def _repr_html_(self) -> str:
        """Return it as a notebook shows it."""
        return view("html", self.document, fragment=True)

    def _repr_markdown_(self) -> str:
        return self.markdown()


def without_steps(explanation: Explanation) -> Explanation:
    """Return an explanation without its next questions, where they lead nowhere.

    Examples
    --------
    >>> from chainrule.explain.document import Sentence, Steps
    >>> page = Document("why", "One", (Sentence("One."), Steps("Next", (("ask", ""),))))
    >>> print(without_steps(Explanation(page)))
    One.
    """
    document = explanation.document
    kept = tuple(block for block in document.blocks if not isinstance(block, Steps))
    return Explanation(replace(document, blocks=kept))
