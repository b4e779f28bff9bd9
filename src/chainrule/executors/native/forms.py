"""The forms of matrix products: how each operand is read, in how many panels, rows and grains.

Knows layouts; emits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.executors.native.layout import Layout

GRAIN = 256
"""Terms that are summed one after the other."""


@dataclass(frozen=True)
class Left:
    """The operand that is read number by number: entry (i, k) of an (m, k) matrix.

    Attributes
    ----------
    rows_apart, terms_apart : int
        Bytes from a row to the next, and from a term to the next, within a block.
    row_block, row_jump : int
        Rows in a block, and bytes from a block to the next.
    term_block, term_jump : int
        Terms in a block, and bytes from a block to the next.
    """

    rows_apart: int
    terms_apart: int
    row_block: int
    row_jump: int
    term_block: int
    term_jump: int


def left_of(layout: Layout, rows: int, terms: int, *, flipped: bool) -> Left:
    """Return how an operand is read.

    Parameters
    ----------
    layout : Layout
        How it lies.
    rows, terms : int
        Its form as the product sees it.
    flipped : bool
        Whether it lies the other way round: terms are its rows.
    """
    size = layout.size
    if layout.is_vector:
        across = size if rows > 1 else 0
        down = size if terms > 1 else 0
        return Left(across, down, rows, 0, GRAIN, GRAIN * down)
    if flipped:
        return Left(size, layout.line, layout.panel, layout.panel_bytes, GRAIN, GRAIN * layout.line)
    return Left(layout.line, size, rows, 0, layout.panel, layout.panel_bytes)


@dataclass(frozen=True)
class Product:
    """C = A B, where B and C are read and written panel by panel.

    Attributes
    ----------
    kind : {"f32", "f64"}
        Of all numbers.
    rows, terms, panels : int
        Rows of C, terms of each sum, panels of B and C.
    chunks : int
        Vectors in a row of a panel.
    left : Left
        How A is read.
    right_panel, out_panel, out_line : int
        Bytes from a panel of B, and of C, to the next, and from a row of C to the next.
    """

    kind: str
    rows: int
    terms: int
    panels: int
    chunks: int
    left: Left
    right_panel: int
    out_panel: int
    out_line: int

    @property
    def grains(self) -> int:
        """Groups of terms."""
        return -(-self.terms // GRAIN)

    @property
    def waiting_bytes(self) -> int:
        """Memory for sums of grains that wait for their pair."""
        return (
            self.grains.bit_length() * self.rows * self.line * self.panels if self.grains > 1 else 0
        )

    @property
    def vectors(self) -> int:
        """Multiply-adds of vectors."""
        return self.rows * self.panels * self.chunks * self.terms

    @property
    def line(self) -> int:
        """Bytes of a row of a panel of B."""
        return self.chunks * 32
