"""Datasets: a table of files surveyed, prepared and dealt into blocks, ready to train on.

Knows the passes and their order; knows no networks. What a `Dataset` holds in memory, this one
holds on disk, under the same names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chainrule.data.columns import counted
from chainrule.data.dataset import new_categories_note, report_lines, table_report, too_few
from chainrule.data.fitting import Choices, Missing
from chainrule.data.formats import Reading
from chainrule.data.formats.registry import texts
from chainrule.data.preparation import Preparation
from chainrule.data.splits import checked_shares
from chainrule.data.stream.arrow import lean_arrow
from chainrule.data.stream.dealing import NAMES, WINDOW_BLOCKS, Plan, deal_rows, plan_deal
from chainrule.data.stream.division import NONE, TEST, TRAIN, VALIDATION
from chainrule.data.stream.fitting import fit_survey
from chainrule.data.stream.notes import StreamNote, note_of
from chainrule.data.stream.order import WindowOrder
from chainrule.data.stream.pieces import TableFiles, open_table
from chainrule.data.stream.rows import Held, StoredRows
from chainrule.data.stream.sources import check_sums, file_sums, table_files
from chainrule.data.stream.store import Store
from chainrule.data.stream.survey import Survey, take_survey
from chainrule.data.table import Table, unknown_column
from chainrule.data.tasks import Task
from chainrule.data.transforms import OneHot, Unseen
from chainrule.errors import DataError, FileRefused, SpecError
from chainrule.types import Seed


@dataclass(frozen=True, eq=False)
class StreamedDataset:
    """Rows on disk for training, validation and test, and where they came from.

    Attributes
    ----------
    x_train, x_validation, x_test : StoredRows
        Features, (rows, features).
    y_train, y_validation, y_test : StoredRows
        Class numbers, or scaled numbers (rows, 1).
    rows_train, rows_validation, rows_test : StoredRows
        Row numbers in the user's table, counted from 0.
    order : WindowOrder
        Which training rows come when.
    preparation : Preparation
        The transforms.
    table_report : dict
        What was inferred, as JSON types.
    note : StreamNote
        All that it takes to deal the same rows again.
    """

    x_train: StoredRows = field(repr=False)
    y_train: StoredRows = field(repr=False)
    x_validation: StoredRows = field(repr=False)
    y_validation: StoredRows = field(repr=False)
    x_test: StoredRows = field(repr=False)
    y_test: StoredRows = field(repr=False)
    rows_train: StoredRows = field(repr=False)
    rows_validation: StoredRows = field(repr=False)
    rows_test: StoredRows = field(repr=False)
    order: WindowOrder = field(repr=False)
    preparation: Preparation
    table_report: dict[str, Any]
    note: StreamNote

    def report_lines(self) -> list[str]:
        """Return the report as lines of text."""
        return report_lines(self.table_report)


def prepare_stream(
    source: Any,
    target: str,
    *,
    validation: float = 0.15,
    test: float = 0.15,
    seed: Seed = 0,
    task: Task = "auto",
    unseen: Unseen = "error",
    missing: Missing | None = None,
    missing_target: Literal["error", "drop"] = "error",
    drop: Sequence[str] | str = (),
    categorical: Sequence[str] | str = (),
    text: Sequence[str] | str = (),
    scale: bool = True,
    dtype: Any = "float64",
    reading: Reading | None = None,
    see: Callable[[str, float], None] | None = None,
) -> StreamedDataset:
    r"""Prepare a table of files in fixed memory: one pass learns, a second one writes the rows.

    Parameters
    ----------
    source : path, pattern or sequence of paths
        CSV or Parquet, one file or several with the same columns.
    target, validation, test, seed, task, unseen, missing, missing_target
        As for `chainrule.data.prepare`.
    drop, categorical, text, scale, dtype, reading
        As for `chainrule.data.prepare`.
    see : callable, optional
        Is told what is being done, and which share of it is done.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "t.csv")
    ...     _ = path.write_text("x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(40)))
    ...     data = prepare_stream(path, "y", seed=1)
    >>> data.x_train.shape, data.preparation.labels
    ((28, 1), (0, 1))
    """
    shares = checked_shares((validation, test))
    choices = Choices(
        task, unseen, missing, texts("drop", drop), texts("categorical", categorical),
        texts("text", text), scale,
    )  # fmt: skip
    reading = reading or Reading()
    kept = dict.fromkeys((*reading.as_text, *choices.categorical, *choices.text))
    reading = replace(reading, as_text=tuple(kept))
    with lean_arrow():
        files = open_table(table_files(source), reading)
        _check_names(files, target, choices)
        with _summed(files) as sums:
            survey = take_survey(files, target, shares, seed, _told(see, "reading", files))
        preparation, _ = fit_survey(survey, choices, reading, missing_target)
        plan = plan_deal(preparation, int(survey.parts[TRAIN]), shares, seed, dtype)
        store = deal_again(files, preparation, plan, survey.rows, sums, see)
    notes = _notes(survey, preparation, shares, missing_target)
    return _dataset(store, plan, preparation, survey, notes, note_of(files, sums, plan, store))


def deal_again(
    files: TableFiles,
    preparation: Preparation,
    plan: Plan,
    rows: int,
    sums: Sequence[Sequence[str]],
    see: Callable[[str, float], None] | None = None,
) -> Store:
    """Return a store of a table's prepared rows; refuse files with other bytes than before."""
    with _summed(files) as again:
        store = deal_rows(files, preparation, plan, rows, _told(see, "preparing", files))
    for mark, old, new in zip(files.stamps, sums, again, strict=True):
        check_sums(mark.path, old, new, "while it was read")
    return store


def window_order(store: Store, seed: Seed, shuffle: bool = True) -> WindowOrder:
    """Return the order of a store's training rows."""
    sizes = tuple(store.parts["train"].sizes.tolist())
    return WindowOrder(seed, sizes, WINDOW_BLOCKS, shuffle)


@contextmanager
def _summed(files: TableFiles) -> Iterator[list[tuple[str, ...]]]:
    """Sum all files in a thread beside; the list is filled when the block is left."""
    found: list[tuple[str, ...]] = []
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(file_sums, mark.path) for mark in files.stamps]
        try:
            yield found
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        found += [one.result() for one in waiting]


def _told(
    see: Callable[[str, float], None] | None, what: str, files: TableFiles
) -> Callable[[int], None] | None:
    if see is None:
        return None
    return lambda done: see(what, done / max(files.bytes, 1))


def _check_names(files: TableFiles, target: str, choices: Choices) -> None:
    shell = Table(files.source, (), 0)
    for name in (target, *choices.drop, *choices.categorical, *choices.text):
        if name not in files.names:
            raise DataError(unknown_column(shell, name, files.names))
    if target in (*choices.drop, *choices.text):
        raise SpecError(f"{target!r} is the target and cannot be left out.")


def _notes(
    survey: Survey, preparation: Preparation, shares: tuple[float, float], missing_target: str
) -> tuple[str, ...]:
    """Return what there is to say about parts and preparation."""
    notes: list[str] = []
    if missing_target == "drop" and (count := int(survey.parts[NONE])):
        first = survey.no_target
        notes.append(f"{counted(count, 'row')} without a target left out (first: {first})")
    held = (int(survey.parts[VALIDATION]), int(survey.parts[TEST]))
    notes += too_few(survey.rows - int(survey.parts[NONE]), shares, held)
    notes += preparation.notes
    new = []
    for transform in preparation.transforms:
        found = survey.column(transform.name).counted
        if isinstance(transform, OneHot) and found is not None:
            count = sum(word.cells for word in found.counts.values() if not word.trained)
            new += [f"{transform.name} ({counted(count, 'row')})"] if count else []
    return (*notes, *new_categories_note(new))


def _dataset(
    store: Store, plan: Plan, preparation: Preparation, survey: Survey, notes: tuple[str, ...],
    note: StreamNote,
) -> StreamedDataset:  # fmt: skip
    doubts = [c.doubt.splitlines()[0] for c in survey.columns if c.doubt]
    own = [note for column in survey.columns for note in column.notes]
    read = (*survey.files.notes, *own, *(f"cannot be used as it is: {d}" for d in doubts))
    table = Table(survey.files.source, survey.columns, survey.rows, read)
    sizes = [int(survey.parts[part]) for part in (TRAIN, VALIDATION, TEST)]
    return StreamedDataset(
        order=window_order(store, plan.seed),
        preparation=preparation,
        table_report=table_report(table, preparation, sizes, notes),
        note=note,
        **_rows_of(store),
    )


def _rows_of(store: Store) -> dict[str, StoredRows]:
    """Return every field of every part of a store, by its name in a dataset."""
    held = {part: Held(store, NAMES[part]) for part in (TRAIN, VALIDATION, TEST)}
    return {
        f"{name}_{NAMES[part]}": StoredRows(one, key)
        for part, one in held.items()
        for name, key in (("x", "x"), ("y", "y"), ("rows", "number"))
    }


def rows_of_note(note: StreamNote, preparation: Preparation) -> dict[str, StoredRows]:
    """Deal the rows of a run once more, and refuse them if they are not the same.

    Parameters
    ----------
    note : StreamNote
        What the run holds on its rows.
    preparation : Preparation
        As it was fitted then.

    Raises
    ------
    FileRefused
        If a file is gone, or is not what it was.
    """
    for one in note.files:
        if not os.path.isfile(one["path"]) or os.path.getsize(one["path"]) != one["bytes"]:
            fact = "has another length" if os.path.isfile(one["path"]) else "is gone"
            raise FileRefused(f"rows of the run, file {one['path']!r}: {fact}.\n  {_BRING_BACK}")
    with lean_arrow():
        files = open_table([one["path"] for one in note.files], preparation.reading)
        with _summed(files) as sums:
            store = deal_rows(files, preparation, note.plan, note.rows)
    for one, found in zip(note.files, sums, strict=True):
        if found[-1] != one["sha256"]:
            raise FileRefused(
                f"rows of the run, file {one['path']!r}: has changed since the run was made.\n"
                f"  {_BRING_BACK}"
            )
    if store.sha256 != note.sha256:
        raise FileRefused(
            "the files of the run's rows are the same, but the rows prepared from them are not.\n"
            "  Another version of chainrule or pyarrow reads them otherwise; use the one that "
            "trained the run."
        )
    return _rows_of(store)


_BRING_BACK = "Bring the file back as it was when the run was made; the run itself still predicts."
