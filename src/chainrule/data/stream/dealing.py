"""Dealing: a second pass over a table, which writes its prepared rows into a store.

Knows surveys, preparations and stores. Held-out rows keep their order; every training row goes to
a block drawn at random, so that a block is a fair sample of the table, however it is sorted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.data.preparation import Preparation
from chainrule.data.stream.division import TEST, TRAIN, VALIDATION, Deal, Division
from chainrule.data.stream.encoding import absent_targets, piece_table, read_cells, readers_of
from chainrule.data.stream.pieces import TableFiles
from chainrule.data.stream.scratch import check_room
from chainrule.data.stream.store import FIELDS, Form, Store
from chainrule.types import Array, Seed

BLOCK_BYTES = 8 << 20
"""A block of training rows has about so many bytes."""

WINDOW_BLOCKS = 8
"""So many blocks are in memory together."""

RUN_BYTES = 48 << 20
"""Training rows that are gathered before they are written."""

HELD_OUT_BYTES = 8 << 20
"""Held-out rows that are gathered before they are written: a block of them."""

NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}


@dataclass(frozen=True)
class Plan:
    """How the rows of a table are dealt: all that fixes what a store will hold.

    Attributes
    ----------
    seed : int
        Fixes parts and blocks.
    shares : tuple of float
        Of validation and test.
    form : Form
        What prepared rows look like.
    blocks : int
        Blocks of training rows.
    """

    seed: Seed
    shares: tuple[float, float]
    form: Form
    blocks: int


def plan_deal(
    preparation: Preparation, train: int, shares: tuple[float, float], seed: Seed, dtype: Any
) -> Plan:
    """Return how to deal a table with so many training rows."""
    form = Form(len(preparation.feature_names), np.dtype(dtype), preparation.outputs > 1)
    return Plan(seed, shares, form, max(1, -(-train * form.bytes // BLOCK_BYTES)))


def deal_rows(
    files: TableFiles,
    preparation: Preparation,
    plan: Plan,
    rows: int,
    see: Callable[[int], None] | None = None,
) -> Store:
    """Return a store of the prepared rows of a table.

    Parameters
    ----------
    files : TableFiles
        The table.
    preparation : Preparation
        Fitted on its training rows.
    plan : Plan
        How rows are dealt.
    rows : int
        How many rows there are, for the check that they will fit.
    see : callable, optional
        Is told how many bytes of the files are done.
    """
    place = check_room(rows * plan.form.bytes, f"holding {rows:,} prepared rows")
    store = Store(plan.form, place)
    writers: dict[int, Writer] = {
        TRAIN: Shuffled(store, NAMES[TRAIN], plan.blocks),
        VALIDATION: InOrder(store, NAMES[VALIDATION]),
        TEST: InOrder(store, NAMES[TEST]),
    }
    lenient = preparation.with_unseen("ignore")
    readers = readers_of(preparation, files, target=True)
    division, deal = Division(plan.shares, plan.seed), Deal(plan.blocks, plan.seed)
    for piece in files.pieces(see):
        cells = read_cells(piece, readers)
        table = piece_table(piece, cells)
        target = cells[preparation.target]
        parts, blocks = division.parts(target, absent_targets(target)), deal.next(piece.rows)
        for part, writer in writers.items():
            chosen = np.flatnonzero(parts == part)
            if len(chosen):
                x = lenient.inputs(table, chosen, plan.form.dtype, extra="ignore")
                y = lenient.targets(table, chosen, plan.form.dtype)
                shape = plan.form.shape("y", len(chosen))
                y = y.astype(plan.form.kind("y"), copy=False).reshape(shape)
                writer.add({"x": x, "y": y, "number": piece.first + chosen}, blocks[chosen])
    for writer in writers.values():
        writer.flush()
    return store


class Writer(Protocol):
    """Gathers the rows of a part and writes them in runs."""

    def add(self, rows: dict[str, Array], blocks: Array) -> None:
        """Take in more rows."""
        ...

    def flush(self) -> None:
        """Write what was gathered."""
        ...


class _Gathering:
    """Rows in memory until there are enough of them for a run."""

    def __init__(self, store: Store, name: str, most: int) -> None:
        self.store, self.name = store, name
        self.most = max(1, most // store.form.bytes)
        self._rows = {key: store.form.empty(key, self.most) for key in FIELDS}
        self._blocks, self._count = np.empty(self.most, np.int64), 0

    def add(self, rows: dict[str, Array], blocks: Array) -> None:
        """Take in more rows; write them whenever there are enough."""
        done = 0
        while done < len(blocks):
            count = min(len(blocks) - done, self.most - self._count)
            for key, array in self._rows.items():
                array[self._count : self._count + count] = rows[key][done : done + count]
            self._blocks[self._count : self._count + count] = blocks[done : done + count]
            done, self._count = done + count, self._count + count
            if self._count == self.most:
                self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        if self._count:
            blocks = self._blocks[: self._count]
            self.write({key: array[: self._count] for key, array in self._rows.items()}, blocks)
        self._count = 0

    def write(self, rows: dict[str, Array], blocks: Array) -> None:
        """Write one run."""
        raise NotImplementedError


class Shuffled(_Gathering):
    """Writes training rows, each to its block."""

    def __init__(self, store: Store, name: str, blocks: int) -> None:
        super().__init__(store, name, RUN_BYTES)
        self.blocks = blocks

    def write(self, rows: dict[str, Array], blocks: Array) -> None:
        """Write one run, sorted by block."""
        order = np.argsort(blocks, kind="stable")
        sorted_rows = {key: array[order] for key, array in rows.items()}
        self.store.write_run(self.name, blocks[order], self.blocks, sorted_rows)


class InOrder(_Gathering):
    """Writes held-out rows in their order; each run is a block."""

    def __init__(self, store: Store, name: str) -> None:
        super().__init__(store, name, HELD_OUT_BYTES)
        self.runs = 0

    def write(self, rows: dict[str, Array], blocks: Array) -> None:
        """Write one run as the next block."""
        self.runs += 1
        same = np.full(len(blocks), self.runs - 1, np.int64)
        self.store.write_run(self.name, same, self.runs, rows)
