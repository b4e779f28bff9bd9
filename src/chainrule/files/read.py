"""Reading runs: every byte is verified before it means anything.

Knows which file holds what; runs no code from a run, opens nothing outside its folder.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import FileRefused
from chainrule.files import history, layout, tensors
from chainrule.files.contents import PARTS, Arrays, RowSource, RunContents
from chainrule.files.guarded import (
    PathLike,
    home_of,
    intact,
    is_waiting,
    load_record,
    names_in,
    record_sum,
    run_folder,
    verified,
    where_of,
)
from chainrule.files.refusals import refused

if TYPE_CHECKING:
    from chainrule.types import Array

_TRIES = 100  # while a writer gives the run one state after the other
_PATIENCE, _SOON = 5, 0.02  # while a writer moves the files of one state


def read_run(path: PathLike, *, parts: Collection[str] = PARTS) -> RunContents:
    """Read a run folder, or refuse it; a damaged run never loads.

    Parameters
    ----------
    path : str or path
        The run folder.
    parts : Collection[str]
        What to hand over, of `PARTS`. The other files are verified all the same, but take no
        memory; a prediction needs ``parts=("weights",)``.

    Returns
    -------
    RunContents
        Arrays are read-only views of the bytes that were verified.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from chainrule.files import write_run
    >>> weights = {"W1": np.array([[0.5], [-2.0]])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = write_run(f"{folder}/run", RunContents({"best": float("inf")}, weights))
    ...     read_run(place).manifest
    {'best': inf}
    """
    folder = run_folder(path)
    if unknown := sorted(set(parts) - set(PARTS)):
        raise refused(f"run {str(folder)!r}", f"has no parts {unknown}", f"Use some of {PARTS}.")
    patience = _PATIENCE
    for _ in range(_TRIES):
        before = _state(folder)
        try:
            return _load(folder, parts)
        except FileRefused as problem:
            found = problem
        after = _state(folder)
        if before[0] == after[0]:  # not another state; perhaps the files of this one moved
            patience -= 1
            if not patience or not (before[1] or after[1]):
                break
            time.sleep(_SOON)
    raise found


def _state(folder: Path) -> tuple[tuple[int, str], bool]:
    """Tell one state of a run from another, and whether a writer may be at work."""
    return record_sum(folder), is_waiting(folder)


def _load(folder: Path, parts: Collection[str]) -> RunContents:
    """Verify every listed file and decode the wanted ones."""
    record = load_record(folder)
    found = {}
    for name, entry in record.files.items():
        data = verified(folder, name, entry, keep=_part(name) in parts)
        if data is not None:
            found[name] = _decoded(name, data, where_of(folder, name))
    rows = found.get(layout.ROWS)
    if record.source is not None and "rows" in parts:
        source = record.source
        rows = RowSource(source.path, source.sha256, source.bytes, source.rows)
    return RunContents(
        manifest=record.manifest,
        weights=found.get(layout.WEIGHTS, {}),
        history=found.get(layout.HISTORY, {}),
        checkpoints=_checkpoints(found),
        rows=rows,
        report=found.get(layout.REPORT),
    )


def _part(name: str) -> str:
    """Return the part that a file holds; the history's lines say nothing that it does not."""
    if name == layout.LINES:
        return ""
    names = {layout.WEIGHTS: 0, layout.HISTORY: 1, layout.ROWS: 3, layout.REPORT: 4}
    return PARTS[names.get(name, 2)]


def _decoded(name: str, data: Array, where: str) -> Any:
    if name == layout.HISTORY:
        return history.decode(data, where)
    return data.tobytes() if name == layout.REPORT else tensors.decode(data, where)


def _checkpoints(found: dict[str, Any]) -> dict[int, Arrays]:
    steps = {layout.step_of(name): arrays for name, arrays in found.items()}
    return {step: steps[step] for step in sorted(step for step in steps if step is not None)}


def describe_files(path: PathLike) -> list[dict[str, Any]]:
    """List the files of a run folder and say for each whether it is intact.

    Parameters
    ----------
    path : str or path
        The run folder.

    Returns
    -------
    list of dict
        For each file its `name`, the `bytes` and `sha256` that it should have, and `ok`: True,
        False (damaged or missing), or None for a file that is not the run's and is never
        opened. A damaged run.json says nothing about the others, which are then None too.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from chainrule.files import write_run
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = write_run(f"{folder}/run", RunContents({}, {"W1": np.zeros((2, 1))}))
    ...     [(file["name"], file["bytes"], file["ok"]) for file in describe_files(place)][0]
    ('model.safetensors', 88, True)
    """
    folder = run_folder(path)
    lines = {name: _line(name) for name in names_in(folder)}
    try:
        record, found = load_record(folder), record_sum(folder)
    except FileRefused:
        lines[layout.RECORD] = _line(layout.RECORD, ok=False)
    else:
        lines[layout.RECORD] = _line(layout.RECORD, *found, ok=True)
        for name, entry in record.files.items():
            ok = intact(home_of(folder, name, entry), name, entry)
            lines[name] = _line(name, entry.bytes, entry.sha256, ok=ok)
    return [lines[name] for name in sorted(lines)]


def _line(
    name: str, length: int | None = None, sha256: str | None = None, *, ok: bool | None = None
) -> dict[str, Any]:
    return {"name": name, "bytes": length, "sha256": sha256, "ok": ok}
