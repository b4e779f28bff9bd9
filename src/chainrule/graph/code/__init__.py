"""Graphs as NumPy source: expressions and named steps that a person would have typed.

Derivations and exported scripts print with it. Knows the registry; knows no layer and no loss.
"""

from chainrule.graph.code.assignments import Assignments
from chainrule.graph.code.book import has_book_slope, slope_of, value_of
from chainrule.graph.code.naming import Names, seen
from chainrule.graph.code.pieces import PRODUCT, QUOTIENT, SUM, TEXTBOOK, Piece, Style, piece

__all__ = [
    "PRODUCT",
    "QUOTIENT",
    "SUM",
    "TEXTBOOK",
    "Assignments",
    "Names",
    "Piece",
    "Style",
    "has_book_slope",
    "piece",
    "seen",
    "slope_of",
    "value_of",
]
