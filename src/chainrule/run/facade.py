"""Run: what people hold after training or loading.

Predicts, scores and saves; `questions` has what can be asked. Knows the rooms below; computes
nothing of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.arrays import check_inputs
from chainrule.errors import DivergenceError, SpecError
from chainrule.executors.threads import one_thread
from chainrule.run.adopted import adopted_lines, in_columns, in_its_terms
from chainrule.run.held import table_of
from chainrule.run.questions import Questions
from chainrule.train import (
    MemoryEstimate,
    estimate_memory,
    judge_rows,
    predict_rows,
    score,
)
from chainrule.train.branch import plan_branch, run_branch
from chainrule.train.door import check_features, make_validation
from chainrule.train.features import in_order
from chainrule.train.summary import summary as summary_of
from chainrule.types import Array


@dataclass(frozen=True, eq=False, repr=False)
class Run(Questions):
    """A finished training: its weights, its history, and every one of its steps.

    Attributes
    ----------
    record : Record
        The training as plain data.
    preparation : Preparation or None
        How a table becomes inputs, if the run was made from one.
    report : mapping
        Plain data that the maker of the run wrote beside it (table, scores).
    source : RowSource or None
        Where the rows are, if they are too large for the run folder.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("2-3:tanh-1", [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], steps=50, seed=1)
    >>> run.losses.shape
    (50,)
    >>> run.at(0).gradients["W1"].shape
    (2, 3)
    """

    def predict(self, X: Any) -> Array:
        """Return the network's output for rows of inputs.

        Parameters
        ----------
        X : array_like
            (rows, features); a dataframe's columns are matched by name if training had names.
            Or, if the run was made from a table, a table with its columns.

        Returns
        -------
        numpy.ndarray
            (rows, outputs): after the last activation, so probabilities for classifiers, even if
            training was on logits; numbers in the target's own unit for tables.

        Raises
        ------
        ShapeError, DataError
            If the rows do not fit.
        DivergenceError
            If the run diverged: there is no model.
        """
        self.check_usable()
        X = in_columns(self.preparation, self.report, X)
        if self.preparation is not None and not isinstance(X, np.ndarray):
            return self._of_table(self.preparation.read(X))
        setup = self.record.setup
        x = check_inputs(in_order(X, setup.features), dtype=setup.dtype)
        check_features(self.network, x, "X")
        return self._outputs(x)

    def predict_table(self, source: Any, *, extra: str = "error") -> dict[str, Array]:
        """Return predictions for a table as columns: ``prediction``, and a probability per label.

        Parameters
        ----------
        source : path, dataframe or mapping of columns
            A table with the columns of the training table, in any order.
        extra : {"error", "ignore"}
            What to do with columns that the training table did not have.
        """
        self.check_usable()
        if self.preparation is None:
            raise SpecError("this run was trained on arrays; use run.predict(X).")
        table = self.preparation.read(in_columns(self.preparation, self.report, source))
        out = self._of_table(table, extra=extra)
        if self.preparation.labels is None:
            return {"prediction": out[:, 0]}
        columns = {"prediction": self.preparation.decode(out)}
        both = np.hstack([1.0 - out, out]) if out.shape[1] == 1 else out
        for k, label in enumerate(self.preparation.labels):
            columns[f"probability of {label}"] = both[:, k]
        return columns

    def _of_table(self, table: Any, extra: str = "error") -> Array:
        inputs = self.preparation.inputs(table, dtype=self.record.setup.dtype, extra=extra)
        out = self._outputs(inputs)
        if self.preparation.labels is None:
            return np.asarray(self.preparation.decode(out)).reshape(-1, 1)
        return out

    def _outputs(self, x: Array) -> Array:
        """Return what the network gives for checked inputs; last activation included."""
        with one_thread():
            return predict_rows(self.record.setup, self.record.best, x)

    def check_usable(self) -> None:
        """Refuse a run that diverged: it has no model."""
        trouble = self.record.trouble
        if trouble is not None:
            raise DivergenceError(
                f"this run diverged at step {trouble.step} ({trouble.fact}); it has no model to "
                "predict with.\n  run.at(step) opens its steps; train again with a smaller rate.",
                step=trouble.step,
                tensor=trouble.tensor,
            )

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """Return loss (without penalty) and score on rows with known targets.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=500, optimizer=cr.SGD(0.3))
        >>> round(run.evaluate([[2.0], [3.0]], [5.0, 7.0])["R2"], 6)
        1.0
        """
        self.check_usable()
        setup = self.record.setup
        rows = make_validation(setup, in_its_terms(self.preparation, self.report, X, y))
        assert rows is not None, "a pair was given"
        with one_thread():
            judged = judge_rows(setup, self.record.best, rows.x, rows.y)
        found = score(setup.loss, rows.y, judged.out)
        return {"loss": judged.loss, found.name: found.value}

    def branch(self, step: int, **changes: Any) -> Run:
        """Return a run that left this one before update `step`, with something changed.

        It goes on with the state, the batches and the optimizer's clock of that step: without a
        change it repeats this run bit for bit. Its own steps are counted from 0; `summary` tells
        where it began.

        Parameters
        ----------
        step : int
            0 to `steps`.
        **changes
            As in `train`: ``optimizer=``, ``batch_size=``, ``X=``, ``steps=`` (by default to the
            end of this run) ...; `chainrule.train.branch.plan_branch` lists them all.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=50, optimizer=cr.SGD(0.3))
        >>> faster = run.branch(20, optimizer=cr.SGD(0.6))
        >>> faster.steps, bool(faster.losses[-1] < run.losses[-1])
        (30, True)
        """
        self._fetch_rows()
        try:
            record = run_branch(plan_branch(self.record, step, changes))
        except DivergenceError as error:
            error.run = Run(error.run, self.preparation)
            raise
        kept = table_of(self.report)
        own_rows = {"X", "y", "rows", "sample_weight", "validation"} & changes.keys()
        if own_rows:
            kept.pop("stream", None)
        return Run(record, self.preparation, kept, None if own_rows else self.source)

    def memory(self) -> MemoryEstimate:
        """Return the estimate of the memory that this training takes."""
        rows = self.record.validation
        return estimate_memory(
            self.record.setup, self.steps, validation_rows=0 if rows is None else len(rows.x)
        )

    def summary(self) -> str:
        """Return what was trained, by what, and how it ended, as text."""
        return "\n".join([summary_of(self.record), *adopted_lines(self.report)])

    def save(
        self, path: str | os.PathLike[str], *, overwrite: bool = False, page: bool = False
    ) -> Path:
        """Write the run folder; it appears complete or not at all.

        Parameters
        ----------
        path : path
            The folder to make.
        overwrite : bool
            Replace a run that is there.
        page : bool
            Write the report into it too, as ``report.html``, once the run is safe.

        Raises
        ------
        FileRefused
            If it cannot be written, or something else is in the way.
        """
        from chainrule.files import update_run, write_run
        from chainrule.train.saved import to_contents

        contents = to_contents(self.record, self.extra, self.source)
        found = write_run(path, contents, overwrite=overwrite)
        if page:  # apart, so that a picture that cannot be drawn costs nobody a training
            update_run(found, report=self.report_page().html().encode())
        return found

    def export(
        self, path: str | os.PathLike[str], to: str | None = None, *, overwrite: bool = False
    ) -> Path:
        """Write the run in a form that others read; `save` writes what `load` reads.

        Parameters
        ----------
        path : path
            The file to make.
        to : str, optional
            The form, of `chainrule.export.targets`; by the path's ending unless given.
        overwrite : bool
            Replace a file that is there.

        Raises
        ------
        SpecError, FileRefused
            If there is no such form, this run cannot be said in it, or the file cannot be written.

        Examples
        --------
        >>> import tempfile, numpy as np, chainrule as cr
        >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.load(run.export(f"{folder}/line.npz"))["W1"].shape
        (1, 1)
        """
        from chainrule.export import Subject, export, find_target

        if find_target(to, path).needs_rows:
            self._fetch_rows()
        return export(Subject(self.record, self.preparation), path, to, overwrite=overwrite)
