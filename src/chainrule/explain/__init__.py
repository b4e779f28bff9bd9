"""Explanations: why, derive, check, review, doctor; each makes a neutral document.

Knows runs as records and graphs as nodes; views render what it says.
"""

from chainrule.explain.document import (
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
from chainrule.explain.explanation import Explanation, without_steps

__all__ = [
    "Code",
    "Document",
    "Explanation",
    "Figure",
    "Formula",
    "Listing",
    "Number",
    "Section",
    "Sentence",
    "Steps",
    "Symbol",
    "Table",
    "without_steps",
]
