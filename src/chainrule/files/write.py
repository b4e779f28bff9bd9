"""Writing runs: a whole new one, or the next state of one that exists.

Knows what goes into which file; knows nothing of networks or training.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import FileRefused
from chainrule.files import history, layout, lines, publish, record, tensors
from chainrule.files.contents import Arrays, RowSource, RunContents
from chainrule.files.durable import Writer
from chainrule.files.guarded import PathLike, load_record, opened, plain_path, run_folder
from chainrule.files.refusals import UNTOUCHED, refused, told

if TYPE_CHECKING:
    from chainrule.files.schema import Entry, Source

Pieces = dict[str, Iterable[bytes | memoryview]]
"""For each file of a run, its bytes piece by piece."""

_REMOVABLE = {"report": layout.REPORT}


def write_run(path: PathLike, contents: RunContents, *, overwrite: bool = False) -> Path:
    """Write a run folder; it appears complete or not at all.

    Parameters
    ----------
    path : str or path
        The folder to make; folders above it are made too. An empty folder may stand there.
    contents : RunContents
        What to write.
    overwrite : bool
        Replace a run that is there. Any other folder or file is never replaced, and files in
        the old folder that are not the run's stay where they are.

    Returns
    -------
    pathlib.Path
        The folder.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> weights = {"W1": np.array([[0.5], [-2.0]])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = write_run(f"{folder}/run", RunContents({"seed": 1}, weights))
    ...     sorted(file.name for file in place.iterdir())
    ['model.safetensors', 'run.json']
    """
    target = plain_path(path)
    where = f"write run {os.fspath(path)!r}"
    pieces = _pieces(contents, where)
    source = _source(contents.rows, where)

    def fill(folder: Path) -> Iterable[str]:
        return _write_state(folder, pieces, {}, source, contents.manifest, where)

    with told(where, target):
        absolute = Path(os.path.abspath(target))
        put = publish.replace if _is_there(target, where, overwrite) else publish.create
        put(absolute, fill, where)
    return target


def update_run(
    path: PathLike,
    *,
    manifest: dict[str, Any] | None = None,
    weights: Arrays | None = None,
    history: Arrays | None = None,
    checkpoints: Mapping[int, Arrays] | None = None,
    drop: Collection[int] = (),
    report: bytes | None = None,
    without: Collection[str] = (),
    lines_too: bool = True,
) -> Path:
    """Give an existing run its next state, in one instant; what is not given stays as it is.

    Parameters
    ----------
    path : str or path
        The run folder.
    manifest, weights, history, report : optional
        What takes the place of the present one.
    checkpoints : Mapping[int, Mapping[str, numpy.ndarray]], optional
        Checkpoints to add (or to replace, step by step).
    drop : Collection[int]
        Steps whose checkpoints go.
    without : Collection[str]
        Parts that go: ``"report"``.
    lines_too : bool
        Write the history as JSON lines, too; a training that goes on saves the time.

    Returns
    -------
    pathlib.Path
        The folder.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> weights = {"W1": np.array([[0.5], [-2.0]])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = write_run(f"{folder}/run", RunContents({"seed": 1}, weights))
    ...     _ = update_run(place, report=b"<html></html>")
    ...     sorted(file.name for file in place.iterdir())
    ['model.safetensors', 'report.html', 'run.json']
    """
    target, where = run_folder(path), f"update run {os.fspath(path)!r}"
    load_record(target)  # a damaged run is refused before anything is moved
    pieces = _optional_pieces(history, checkpoints or {}, report, where)
    if not lines_too:
        pieces.pop(layout.LINES, None)
    if weights is not None:
        pieces[layout.WEIGHTS] = tensors.encode(weights, f"{layout.WEIGHTS}, {where}")
    gone = {layout.checkpoint_name(step) for step in drop}
    gone |= {layout.HISTORY, layout.LINES} if history is not None else set()
    gone |= {_REMOVABLE[part] for part in without}

    def fill(folder: Path) -> Iterable[str]:
        old = load_record(target)
        kept = {name: e for name, e in old.files.items() if name not in gone | pieces.keys()}
        payload = old.manifest if manifest is None else manifest
        return _write_state(folder, pieces, kept, old.source, payload, where)

    with told(where, target):
        publish.replace(Path(os.path.abspath(target)), fill, where)
    return target


def tidy_run(path: PathLike) -> None:
    """Remove from a run folder what a writer that was killed has left there.

    Parameters
    ----------
    path : str or path
        The run folder.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tidy_run(write_run(f"{folder}/run", RunContents({}, {"W1": np.zeros((2, 1))})))
    """
    target, where = run_folder(path), f"run {os.fspath(path)!r}"
    with told(where, target):
        publish.tidy(Path(os.path.abspath(target)), where)


def check_place(path: PathLike, *, overwrite: bool = False) -> None:
    """Refuse a place to which a run cannot be written, before hours are spent on one.

    Parameters
    ----------
    path : str or path
        The folder that `write_run` is to make.
    overwrite : bool
        As for `write_run`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_place(f"{folder}/new")
    """
    target = plain_path(path)
    where = f"write run {os.fspath(path)!r}"
    with told(where, target):
        _is_there(target, where, overwrite)
        above = next(folder for folder in target.absolute().parents if folder.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable", str(above))


def check_writable(folder: Path, where: str) -> None:
    """Refuse a run folder in which no state can be written, before hours are spent on one.

    Parameters
    ----------
    folder : pathlib.Path
        A run folder.
    where : str
        What was asked, for the message.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_writable(Path(folder), "resume")
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        fact = f"the folder {os.fspath(folder)!r} cannot be written"
        raise refused(where, fact, "Copy the run to a place of your own, and go on there.")


def _is_there(target: Path, where: str, overwrite: bool) -> bool:
    """Say whether a run stands at `target` that is to be replaced; refuse anything else."""
    try:
        mode = os.lstat(target).st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(mode):
        raise refused(where, "is a symbolic link", f"Name the folder itself. {UNTOUCHED}")
    if not stat.S_ISDIR(mode):
        raise refused(where, "a file of this name exists", f"Choose another name. {UNTOUCHED}")
    if not any(target.iterdir()):
        return False
    if not _holds_run(target):
        fact = "a folder of this name exists, and it is not a run"
        raise refused(where, fact, f"Choose another name. {UNTOUCHED}")
    if not overwrite:
        way = f"Choose another name, or ask for overwriting (--overwrite). {UNTOUCHED}"
        raise refused(where, "a run of this name exists", way)
    return True


def _holds_run(target: Path) -> bool:
    """Say whether the folder holds a run.json of ours, damaged or not."""
    try:
        with opened(target / layout.RECORD, str(target)) as (descriptor, _):
            return record.looks_like_ours(os.read(descriptor, 256))
    except FileRefused:
        return False


def _pieces(contents: RunContents, where: str) -> Pieces:
    """Check everything and say which bytes go into which file."""
    pieces = {layout.WEIGHTS: tensors.encode(contents.weights, f"{where}: {layout.WEIGHTS}")}
    more = _optional_pieces(contents.history, contents.checkpoints, contents.report, where)
    rows = contents.rows
    if rows is not None and not isinstance(rows, RowSource):
        more[layout.ROWS] = tensors.encode(rows, f"{where}: {layout.ROWS}")
    return {**pieces, **more}


def _optional_pieces(
    columns: Arrays | None, checkpoints: Mapping[int, Arrays], report: bytes | None, where: str
) -> Pieces:
    pieces: Pieces = {}
    if columns:
        pieces[layout.HISTORY] = history.encode(columns, f"{where}: {layout.HISTORY}")
        pieces[layout.LINES] = lines.encode(columns)
    for step, arrays in checkpoints.items():
        pieces[_checkpoint_name(step, where)] = tensors.encode(arrays, f"{where}: step {step}")
    if report is not None:
        pieces[layout.REPORT] = [report]
    return pieces


def _checkpoint_name(step: int, where: str) -> str:
    """Name a step's checkpoint, if it is a step."""
    number = -1 if isinstance(step, bool) or not hasattr(step, "__index__") else int(step)
    name = layout.checkpoint_name(max(number, 0))
    if number < 0 or layout.step_of(name) != number:
        raise refused(where, f"a checkpoint of step {step!r} is not possible", "Count from 0.")
    return name


def _source(rows: Arrays | RowSource | None, where: str) -> Source | None:
    from chainrule.files.schema import Source

    if not isinstance(rows, RowSource):
        return None
    if not rows.path or len(rows.sha256) != 64 or min(rows.bytes, rows.rows) < 0:
        raise refused(where, f"the source of the rows is not valid: {rows}", "Use row_source().")
    return Source(path=rows.path, sha256=rows.sha256, bytes=rows.bytes, rows=rows.rows)


def _write_state(
    folder: Path,
    pieces: Pieces,
    kept: Mapping[str, Entry],
    source: Source | None,
    manifest: dict[str, Any],
    where: str,
) -> Iterable[str]:
    """Write the given files, then the record of these and of those that are kept."""
    from chainrule.files.schema import Entry, Record

    files = dict(kept)
    if any(layout.step_of(name) is not None for name in pieces):
        (folder / layout.CHECKPOINTS).mkdir()
    with Writer() as writer:
        for name, chunks in pieces.items():
            length, sha256 = writer.write(folder / name, chunks)
            files[name] = Entry(bytes=length, sha256=sha256)
        files = {name: files[name] for name in sorted(files, key=layout.place_of)}
        state = Record(record.FORMAT, record.VERSION, record.written_by(), files, source, manifest)
        data = record.encode(state, where)
        others = sum(entry.bytes for entry in files.values())
        _check_readable(data, others, where)
        writer.write(folder / layout.RECORD, [data])
        writer.sync()
    return files


def _check_readable(data: bytes, others: int, where: str) -> None:
    """Refuse to write a record that a reader would refuse for its size."""
    try:
        record.decode(bytearray(data), others, "the manifest")
    except FileRefused as problem:
        way = f"Keep long lists in arrays, not in the manifest. {UNTOUCHED}"
        raise refused(where, str(problem).splitlines()[0].rstrip("."), way) from None
