"""``chainrule train``: the main job, from a table to a scored run in a folder.

Knows the order of the work and what is said on the way; the work is done in `chainrule.tables`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count as numbers
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.exceptions import CycloptsError

from chainrule.apps.cli.ending import (
    ending_as_json,
    exit_code,
    next_steps,
    show_ending,
    told_what_is_kept,
)
from chainrule.apps.cli.figures import count, size
from chainrule.apps.cli.flags import (
    READING,
    CheckpointFlags,
    ColumnFlags,
    NetworkFlags,
    RunFlags,
    TableFlags,
    TrainingFlags,
)
from chainrule.apps.cli.page import gap, item, steps
from chainrule.apps.cli.progress import busy, shown
from chainrule.apps.cli.report import show_network, show_table
from chainrule.apps.cli.screen import Screen, error_screen, screen
from chainrule.apps.cli.streamed import announce, passes, show_stream
from chainrule.data import Dataset, Reading, prepare, shipped
from chainrule.data.reading import read_with
from chainrule.data.stream.dataset import StreamedDataset, prepare_stream
from chainrule.data.stream.pieces import open_table
from chainrule.data.stream.sources import table_files
from chainrule.files import check_place
from chainrule.run import Run
from chainrule.run.kept import leave_page
from chainrule.tables import TableJob, plan_table, run_table, will_stream
from chainrule.train.checkpoints import Checkpoints
from chainrule.train.loggers import logging_to

SHIPPED = "penguins"
RUNS = Path("runs")


@dataclass(frozen=True)
class Source:
    """The table that is to be trained on.

    Attributes
    ----------
    path : str
        Where it is.
    target : str
        The column to predict.
    reading : Reading
        How it is read.
    drop : tuple of str
        Columns that its manifest leaves out.
    said : str
        What there is to say about it.
    """

    path: str
    target: str
    reading: Reading
    drop: tuple[str, ...] = ()
    said: str = ""


def train(
    data: Annotated[str | None, Parameter(show_default=False)] = None,
    /,
    *,
    target: Annotated[str | None, Parameter(group=READING)] = None,
    table: TableFlags = TableFlags(),  # noqa: B008 (frozen)
    columns: ColumnFlags = ColumnFlags(),  # noqa: B008
    network: NetworkFlags = NetworkFlags(),  # noqa: B008
    training: TrainingFlags = TrainingFlags(),  # noqa: B008
    kept: CheckpointFlags = CheckpointFlags(),  # noqa: B008
    output: RunFlags = RunFlags(),  # noqa: B008
) -> int:
    """Train a network on a table, judge it on rows it has not seen, and save the run.

    Parameters
    ----------
    data : str
        The table: CSV, TSV, Parquet, NPZ or NPY, or a quoted pattern for several files; - is
        standard input. Without it, the penguins that ship with chainrule.
    target : str
        The column to predict.
    """
    out = error_screen() if output.common.json else screen()
    screen().needless = True
    out.quiet = output.quiet
    source = _source(data, target, table)
    place = Path(output.out) if output.out else free_place(source.path)
    check_place(place, overwrite=output.overwrite)
    checkpoints = kept.checkpoints(place, overwrite=output.overwrite)
    streams = will_stream(source.path, table.stream, source.reading)
    if streams:
        announce(out, source.path, asked=table.stream is True)
    dataset = _prepared(out, source, streams, columns, network, training.seed)
    job = plan_table(dataset, **_settings(network, training))
    _show_plan(out, source, job)
    with told_what_is_kept(place):
        run, seconds = _trained(out, job, output, checkpoints)
        with busy(out, "examining the run and writing its report"):
            if checkpoints is None:
                run.save(place, overwrite=output.overwrite)
            leave_page(run, place)
    show_ending(out, run, place, seconds)
    steps(out, "Next", _next(place, shipped_one=bool(source.said)))
    if output.common.json:
        screen().write_json(_as_json(run, job, place, seconds))
    elif output.quiet:
        screen().write(f"{place}\n")
    return exit_code(run, place)


def _source(data: str | None, target: str | None, table: TableFlags) -> Source:
    """Return what was named, or the table that ships with the package."""
    reading = Reading(
        delimiter=table.delimiter,
        encoding=table.encoding,
        header=not table.no_header,
        missing=table.missing,
        ragged=table.ragged,
        decimal=table.decimal,
        thousands=table.thousands,
    )
    if data is None:
        path, manifest = shipped(SHIPPED)
        if not table.missing:
            reading = Reading(missing=manifest.missing)
        said = f"{manifest.title} (ships with chainrule, {manifest.licence})"
        return Source(str(path), target or manifest.target, reading, manifest.drop, said)
    if target is None:
        raise CycloptsError(msg=_which_target(data, reading), command_chain=["train"])
    return Source(data, target, reading)


def _which_target(path: str, reading: Reading) -> str:
    """Read a table only to say which columns may be the target."""
    if will_stream(path, None, reading):
        names = open_table(table_files(path), reading).names
    else:
        names = read_with(path, reading).names
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return (
        f"which column of {path} is to be predicted? Say --target COLUMN; there are: {shown}."
        f"\n  Often it is the last: chainrule train {path} --target {quote(names[-1])}"
    )


def free_place(path: str) -> Path:
    """Return the next folder below `runs` that is free for a run on a table."""
    stem = Path(path).stem
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip("-.") or "run"
    tried = (RUNS / (name if k == 1 else f"{name}-{k}") for k in numbers(1))
    return next(place for place in tried if not place.exists())


def _prepared(
    out: Screen,
    source: Source,
    streams: bool,
    columns: ColumnFlags,
    network: NetworkFlags,
    seed: int,
) -> Dataset | StreamedDataset:
    if not streams:
        with busy(out, f"reading {source.path}"):
            return prepare(**_preparing(source, columns, network, seed))
    with passes(out, source.path) as see:
        return prepare_stream(**_preparing(source, columns, network, seed), see=see)


def _preparing(
    source: Source, columns: ColumnFlags, network: NetworkFlags, seed: int
) -> dict[str, Any]:
    """Return what was asked for as arguments of `prepare`."""
    return {
        "source": source.path,
        "target": source.target,
        "validation": columns.validation,
        "test": columns.test,
        "seed": seed,
        "task": columns.task,
        "unseen": columns.unseen,
        "missing": "impute" if columns.impute else None,
        "missing_target": columns.missing_target,
        "drop": (*source.drop, *columns.drop),
        "categorical": columns.categorical,
        "text": columns.text,
        "scale": not columns.no_scale,
        "dtype": network.dtype,
        "reading": source.reading,
    }


def _settings(network: NetworkFlags, training: TrainingFlags) -> dict[str, Any]:
    """Return the flags as arguments of `plan_table`."""
    optimizer: Mapping[str, Any] | None = None
    if training.learning_rate is not None:
        optimizer = {"name": training.optimizer, "learning_rate": training.learning_rate}
    elif training.optimizer != TrainingFlags.optimizer:
        optimizer = {"name": training.optimizer}
    return {
        "hidden": network.hidden,
        "activation": network.activation,
        "loss": network.loss,
        "l1": network.l1,
        "l2": network.l2,
        "dtype": network.dtype,
        "epochs": training.epochs,
        "patience": training.patience or None,
        "batch_size": training.batch_size,
        "engine": training.engine,
        "optimizer": optimizer,
        "seed": training.seed,
    }


def _show_plan(out: Screen, source: Source, job: TableJob) -> None:
    """Show what was read and inferred, and what is about to be done."""
    report = job.dataset.table_report
    shape = f"{count(report['rows'], 'row')}, {count(report['columns'], 'column')}"
    item(out, "Table", f"{Path(source.path).name if source.said else source.path}: {shape}")
    if source.said:
        item(out, "", source.said)
    show_table(out, report, job.dataset.preparation)
    if isinstance(job.dataset, StreamedDataset):
        show_stream(out, job.dataset)
    gap(out)
    show_network(out, job.setup)
    watched = f", or {job.patience} without a lower validation loss" if job.patience else ""
    item(out, "Epochs", f"at most {job.epochs:,}{watched}")
    peak = f"; {size(job.peak_bytes)} at the peak of the process" if job.peak_bytes else ""
    item(out, "Memory", f"{size(job.memory.peak)} expected for the training{peak}")
    gap(out)


def _trained(
    out: Screen, job: TableJob, output: RunFlags, checkpoints: Checkpoints | None
) -> tuple[Run, float]:
    started = time.monotonic()
    with logging_to(output.log, output.log_every) as loggers, shown(out) as callback:
        run = run_table(job, [callback, *loggers], checkpoints)
    return run, time.monotonic() - started


def _next(place: Path, *, shipped_one: bool) -> list[tuple[str, str]]:
    found = next_steps(place)
    if shipped_one:
        found.append(("chainrule train DATA --target COLUMN", "the same on a table of your own"))
    return found


def _as_json(run: Run, job: TableJob, place: Path, seconds: float) -> dict[str, Any]:
    """Return what was done as plain data."""
    return {
        "command": "train",
        **ending_as_json(run, place, seconds),
        "memory_bytes": job.memory.peak,
        "peak_bytes": job.peak_bytes,
        "streamed": isinstance(job.dataset, StreamedDataset),
        **run.report,
    }
