"""Survey: one pass over a table that learns all there is to know before its rows are prepared.

Knows pieces, columns and parts; keeps no rows. Kinds of columns are decided by the rules of the
reader in memory: the same column is a number, a category, or refused, there and here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data.stream.division import TRAIN, Division
from chainrule.data.stream.pieces import Piece, TableFiles
from chainrule.data.stream.surveyed import Surveyed
from chainrule.data.stream.trackers import Tracker, track
from chainrule.data.stream.twins import Twins
from chainrule.types import Array, Seed


@dataclass
class Survey:
    """What one pass over a table tells.

    Attributes
    ----------
    files : TableFiles
        The table.
    target : str
        The column to predict.
    columns : tuple of Surveyed
        The columns in their order.
    rows : int
        How many there are.
    parts : ndarray of int64
        Rows that train, validate, test, and have no target.
    no_target : str
        Where the first row without a target is.
    words : frozenset of str
        Columns whose cells are read as texts.
    twins : list of list of str
        Columns that equal each other, cell by cell.
    """

    files: TableFiles
    target: str
    columns: tuple[Surveyed, ...]
    rows: int
    parts: Array
    no_target: str
    words: frozenset[str]
    twins: list[list[str]] = field(default_factory=list)

    def column(self, name: str) -> Surveyed:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)


def take_survey(
    files: TableFiles,
    target: str,
    shares: tuple[float, float],
    seed: Seed,
    see: Callable[[int], None] | None = None,
) -> Survey:
    """Return what is to be known of a table before its rows are prepared.

    A text column that begins as numbers and turns out to be words is looked at again, with all
    the others: only then is the order of things the same as if it had been known.

    Parameters
    ----------
    files : TableFiles
        The table.
    target : str
        The column to predict; rows without it are in no part.
    shares, seed
        As for `Division`.
    see : callable, optional
        Is told how many bytes are done.
    """
    words: frozenset[str] = frozenset()
    while True:
        going = _Pass(files, target, Division(shares, seed), words)
        for piece in files.pieces(see):
            going.add(piece)
        if not (more := going.unsettled()):
            return going.survey()
        words |= more


class _Pass:
    """One pass over a table."""

    def __init__(
        self, files: TableFiles, target: str, division: Division, words: frozenset[str]
    ) -> None:
        self.files, self.target, self.division = files, target, division
        self.trackers: dict[str, Tracker] = {}
        self.words, self.parts = words, np.zeros(4, np.int64)
        self.twins, self.rows, self.no_target = Twins(files.names), 0, ""

    def add(self, piece: Piece) -> None:
        """Take in one more piece."""
        if not self.trackers:
            self.trackers = {
                name: track(name, piece.cells[name], self.files, name in self.words)
                for name in self.files.names
            }
            if self.target in self.trackers:
                self.trackers[self.target].watch_values()
        read = {name: one.read(piece) for name, one in self.trackers.items()}
        self.twins.add(read)
        parts = self._divide(read[self.target], piece)
        trains = parts == TRAIN
        for name, tracker in self.trackers.items():
            tracker.add(read[name], trains, piece)
        self.rows += piece.rows

    def _divide(self, targets: Any, piece: Piece) -> Array:
        cells, absent = target_cells(targets, piece.rows)
        parts = self.division.parts(cells, absent)
        self.parts += np.bincount(parts, minlength=4)
        if absent.any() and not self.no_target:
            self.no_target = piece.where(int(np.argmax(absent)))
        return parts

    def unsettled(self) -> frozenset[str]:
        """Return the columns that began as numbers and are none."""
        return frozenset(name for name, one in self.trackers.items() if not one.holds)

    def survey(self) -> Survey:
        columns = tuple(one.column() for one in self.trackers.values())
        words = frozenset(name for name, one in self.trackers.items() if one.is_words)
        return Survey(
            self.files, self.target, columns, self.rows, self.parts, self.no_target, words,
            self.twins.groups,
        )  # fmt: skip


def target_cells(read: Any, rows: int) -> tuple[Any, Array]:
    """Return the cells that rows are divided by, and where there is none."""
    if read is None:
        return np.zeros(rows), np.zeros(rows, bool)
    if isinstance(read, np.ndarray):
        return read, np.isnan(read)
    return read, np.asarray(read.is_null().to_numpy(zero_copy_only=False))
