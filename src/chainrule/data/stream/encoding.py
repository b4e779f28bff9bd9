"""Encoding: pieces of a table to tables that a preparation can encode.

Knows preparations and the cells that they need; knows nothing of splits or stores. What a column
holds is known by now: a cell that does not fit is refused with its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.columns import Column
from chainrule.data.numerals import Numerals
from chainrule.data.preparation import Preparation
from chainrule.data.stream.pieces import Piece, TableFiles
from chainrule.data.stream.trackers import TextNumbers, TypedNumbers, Words
from chainrule.data.table import Table
from chainrule.data.transforms import Classes, Standardize
from chainrule.data.typed import infinite_doubt
from chainrule.errors import DataError
from chainrule.types import Array

Reader = TypedNumbers | TextNumbers | Words


def readers_of(preparation: Preparation, files: TableFiles, *, target: bool) -> dict[str, Reader]:
    """Return who reads each column that a preparation needs.

    Parameters
    ----------
    preparation : Preparation
        Says what each column holds.
    files : TableFiles
        The table.
    target : bool
        Whether the target is read, too.
    """
    needed = {t.name: isinstance(t, Standardize) for t in preparation.transforms}
    if target:
        output = preparation.output
        is_words = isinstance(output, Classes) and isinstance(output.labels[0], str)
        needed[preparation.target] = not is_words
    return {
        name: _reader(name, is_number, files)
        for name, is_number in needed.items()
        if name in files.names
    }


def _reader(name: str, is_number: bool, files: TableFiles) -> Reader:
    declared = name in files.reading.as_text
    if files.typed:
        return TypedNumbers(name) if is_number else Words(name, declared, True)
    numerals = Numerals(files.reading.decimal or ".", files.reading.thousands)
    return TextNumbers(name, numerals) if is_number else Words(name, declared, False, numerals)


def piece_table(piece: Piece, cells: dict[str, Any], others: Sequence[str] = ()) -> Table:
    """Return a piece as a table.

    Parameters
    ----------
    piece : Piece
        Where the rows are.
    cells : dict
        What the readers read of it.
    others : sequence of str
        Further columns, of which only the name is needed.
    """
    columns = [_column(name, found) for name, found in cells.items()]
    empty = np.empty(0)
    columns += [Column(name, "empty", empty) for name in others if name not in cells]
    return Table(piece.path, tuple(columns), piece.rows, (), piece.lines, piece.here)


def read_cells(piece: Piece, readers: dict[str, Reader]) -> dict[str, Any]:
    """Return the cells of a piece, or refuse one that is none of its column's kind."""
    cells = {}
    for name, reader in readers.items():
        cells[name] = reader.read(piece)
        if isinstance(reader, TextNumbers):
            _check_texts(reader, piece)
        elif isinstance(reader, TypedNumbers) and (found := reader.infinite_cell()) is not None:
            doubt = infinite_doubt(name, piece.where(found[0]), found[1])
            raise DataError(f"{piece.path}: {doubt}")
    return cells


def _check_texts(reader: TextNumbers, piece: Piece) -> None:
    odd = reader.odd_cells()
    if odd is None or not odd.any():
        return
    row = int(np.argmax(odd))
    raise DataError(
        f"{piece.path}: column {reader.name!r} held numbers in training, but {piece.where(row)} "
        f"has {piece.cells[reader.name][row].as_py()!r}.\n"
        "  Correct the cell, or read it as the training data was read."
    )


def _column(name: str, cells: Any) -> Column:
    if isinstance(cells, np.ndarray):
        gaps = int(np.count_nonzero(np.isnan(cells)))
        return Column(name, "number", cells, missing=gaps)
    coded = cells.dictionary_encode()
    indices = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    codes = np.asarray(indices, np.int32)
    gaps = int(np.count_nonzero(codes < 0))
    return Column(name, "category", codes, tuple(coded.dictionary.to_pylist()), missing=gaps)


def absent_targets(cells: Any) -> Array:
    """Return where the target is missing."""
    if isinstance(cells, np.ndarray):
        return np.isnan(cells)
    return np.asarray(cells.is_null().to_numpy(zero_copy_only=False))
