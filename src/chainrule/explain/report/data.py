"""What was read: the table's columns and parts, or the arrays that were given.

Knows the plain data of a table's reading; opens no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from chainrule.explain.document import Block, Cell, Section, Sentence, Table
from chainrule.train import Record

MOST = 40
"""Columns that are listed."""
FILLED = "missing cells filled in"
"""Begins the note on what the list of columns shows anyway."""
LABELS = 6
"""Labels or categories that are named."""


def data_section(record: Record, report: Mapping[str, Any]) -> Section:
    """Return what was read, and how it was split."""
    table = report.get("table")
    return Section("Data", tuple(_arrays(record) if table is None else _table(table)))


def _arrays(record: Record) -> list[Block]:
    setup = record.setup
    rows = f"{setup.rows:,} row{'' if setup.rows == 1 else 's'}"
    words = f"Arrays: {rows} of {setup.network.inputs:,} inputs"
    if record.validation is not None:
        words += f", and {len(record.validation.x):,} rows to judge by"
    blocks: list[Block] = [Sentence(words + ".")]
    if setup.features:
        blocks.append(Sentence(f"The inputs are {named(setup.features)}."))
    return blocks


def named(words: Any, most: int = LABELS) -> str:
    """Return some words with commas, the first few of many.

    Examples
    --------
    >>> named(["a", "b"]), named(range(9), 2)
    ('a, b', '0, 1 and 7 more')
    """
    listed = [str(word) for word in words]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def _table(table: Mapping[str, Any]) -> list[Block]:
    labels, split = table["labels"], table["split"]
    what = "a number" if labels is None else f"one of {len(labels)} classes ({named(labels)})"
    task = f"{table['task']}: "
    reasons = [note.removeprefix(task) for note in table["notes"] if note.startswith(task)]
    what += f", as {reasons[0]}" if reasons else ""
    parts = f"{split['train']:,} rows to train on"
    parts += f", {split['validation']:,} to stop early by" if split["validation"] else ""
    parts += f", {split['test']:,} for the score" if split["test"] else ""
    blocks: list[Block] = [
        Sentence(
            f"{_file(table['source'])}: {table['rows']:,} rows, {table['columns']:,} columns. "
            f"{table['target']} is predicted: {what}. {parts}."
        ),
        _columns(table),
    ]
    said = (task, FILLED)
    notes = (note for note in table["notes"] if not note.startswith(said))
    return [*blocks, *(Sentence(f"{note}.", role="note") for note in notes)]


def _file(source: Any) -> str:
    """Return the name of a file without the folders of somebody's machine."""
    return PurePath(str(source)).name or "The table"


def _columns(table: Mapping[str, Any]) -> Table:
    """Return a row for each column: its kind, its gaps, what it holds."""
    rows: list[tuple[Cell, ...]] = []
    kinds, left_out = table["kinds"], table["left_out"]
    for name in [*kinds, *(name for name in left_out if name not in kinds)]:
        held = named(table["categories"].get(name, ()))
        held = "the target" if name == table["target"] else held
        held = f"left out: {left_out[name]}" if name in left_out else held
        rows.append((name, kinds.get(name, ""), table["missing"].get(name, 0) or "", held))
    more = f"; the first {MOST} of {len(rows)}" if len(rows) > MOST else ""
    return Table(("column", "kind", "missing", ""), tuple(rows[:MOST]), f"Columns{more}")
