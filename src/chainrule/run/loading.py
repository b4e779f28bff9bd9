"""Loading: a run folder to the run it holds.

Knows run folders, records and preparations; computes nothing of its own.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from chainrule import data
from chainrule.run.facade import Run

if TYPE_CHECKING:
    from chainrule.files import RunContents


def load(path: str | os.PathLike[str]) -> Run:
    """Return the run of a run folder.

    Every byte is verified; loading runs no code, opens nothing outside the folder and uses no
    network.

    Parameters
    ----------
    path : path
        The folder that `Run.save` or ``chainrule train`` wrote.

    Raises
    ------
    FileRefused
        If it is missing, damaged, foreign or of a newer version.

    Examples
    --------
    >>> import tempfile, chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = cr.load(run.save(f"{folder}/line"))
    >>> (again.at(2).gradients["W1"] == run.at(2).gradients["W1"]).all()
    np.True_
    """
    run = opened(path)
    if run.stopped == "unfinished":
        warnings.warn(told_unfinished(path, run), stacklevel=2)
    return run


def opened(path: str | os.PathLike[str]) -> Run:
    """Return the run of a run folder, without a word on whether it is finished."""
    from chainrule.files import read_run

    return run_of(read_run(path), path)


def run_of(contents: RunContents, path: str | os.PathLike[str]) -> Run:
    """Return the run that the contents of the run folder `path` are."""
    from chainrule.data.integrity import check_preparation
    from chainrule.files import RowSource
    from chainrule.run.reported import check_report
    from chainrule.train.saved import from_contents, refused_if_unfit

    where = f"run.json of run {os.fspath(path)!r}"
    record = from_contents(contents, where)
    plain, report = (contents.manifest.get(name) for name in ("preparation", "report"))
    preparation, network = None, record.setup.network
    with refused_if_unfit(where):
        if plain is not None:
            preparation = data.Preparation.from_dict(plain)
            check_preparation(preparation, network.inputs, network.outputs)
        check_report(report or {}, prepared=preparation is not None)
    source = contents.rows if isinstance(contents.rows, RowSource) else None
    return Run(record, preparation, report or {}, source)


def told_unfinished(path: str | os.PathLike[str], run: Run) -> str:
    """Return the sentence on a run that somebody is still training, or did not finish."""
    from chainrule.files import owner_of

    done = f"step {run.steps:,} of {run.record.planned:,}"
    owner = owner_of(Path(path))
    if owner is not None:
        return f"this run is being trained by {owner}; what is shown is its {done}."
    return f"this run is unfinished, at {done}; chainrule resume {quote(os.fspath(path))} goes on."
