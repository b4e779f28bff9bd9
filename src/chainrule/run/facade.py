"""Run: what people hold after training or loading.

Wraps a plain record and calls the rooms below. Knows what people ask of a run; computes nothing
of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.arrays import check_inputs
from chainrule.errors import DivergenceError, SpecError
from chainrule.executors.threads import one_thread
from chainrule.explain import Explanation, Section
from chainrule.explain.derive import derive
from chainrule.explain.report import report_page
from chainrule.explain.why.largest import largest_gradients
from chainrule.explain.why.page import MOST, why
from chainrule.nn import Network
from chainrule.plan import Plan
from chainrule.train import (
    MemoryEstimate,
    Moment,
    Record,
    estimate_memory,
    judge_rows,
    moment_at,
    predict_rows,
    score,
)
from chainrule.train.door import check_features, make_validation
from chainrule.train.features import in_order
from chainrule.train.summary import summary as summary_of
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Run:
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

    record: Record
    preparation: Any = None
    report: Mapping[str, Any] = field(default_factory=dict)
    source: Any = None

    def __repr__(self) -> str:
        last = f", last loss {self.losses[-1]:.6g}" if self.steps else ""
        return f"<Run {self.network.outline}, {self.steps} steps, {self.stopped}{last}>"

    @property
    def network(self) -> Network:
        """The network that was trained."""
        return self.record.setup.network

    @property
    def steps(self) -> int:
        """Steps that were completed."""
        return self.record.steps

    @property
    def stopped(self) -> str:
        """Why training ended: finished, early stopping, interrupted, callback, diverged."""
        return self.record.stopped

    @property
    def best_step(self) -> int:
        """The k whose state, before update k, `parameters` holds; `steps` unless stopped early."""
        return self.record.best_step

    @cached_property
    def losses(self) -> Array:
        """The loss that is descended, before each update; shape (steps,)."""
        return np.array(self.record.history["loss"])

    @property
    def history(self) -> dict[str, Array]:
        """Columns, one row a step: step, epoch, loss, penalty, validation loss and score."""
        return {name: np.array(column) for name, column in self.record.history.items()}

    @cached_property
    def parameters(self) -> dict[str, Array]:
        """The weights and biases that `predict` uses, by name; copies."""
        return {name: np.array(self.record.best[name]) for name in self.network.specs}

    @property
    def plan(self) -> Plan:
        """The plan of one full step: forward, backward, update."""
        setup = self.record.setup
        return setup.plan(len(setup.batch(0)) if setup.rows else 1)

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
        self._check_usable()
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
        self._check_usable()
        if self.preparation is None:
            raise SpecError("this run was trained on arrays; use run.predict(X).")
        table = self.preparation.read(source)
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

    def _check_usable(self) -> None:
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
        self._check_usable()
        setup = self.record.setup
        rows = make_validation(setup, (X, y))
        assert rows is not None, "a pair was given"
        with one_thread():
            judged = judge_rows(setup, self.record.best, rows.x, rows.y)
        found = score(setup.loss, rows.y, judged.out)
        return {"loss": judged.loss, found.name: found.value}

    def at(self, step: int) -> Moment:
        """Return one step of the run, opened: the state before update `step`.

        Parameters
        ----------
        step : int
            0 to `steps`; the last has gradients but no updates.

        Returns
        -------
        Moment
            With ``.parameters .values .gradients .updates .rows``, bit for bit as in training.

        Raises
        ------
        SpecError
            If there is no such step, or the run folder holds no rows to replay with.
        """
        if not self.record.setup.rows and self.source is not None:
            from chainrule.train.rows import fetch_rows

            found = fetch_rows(self.record, self.preparation, self.source)
            object.__setattr__(self, "record", found)
        if not self.record.setup.rows:
            raise SpecError(
                "this run's rows were too large to be kept in its folder, so its steps cannot be "
                "replayed.\n  Its weights and history are complete; predict works."
            )
        return moment_at(self.record, step)

    def why(
        self,
        asked: str,
        step: int | None = None,
        *,
        row: int | None = None,
        terms: int = MOST,
        called: str = "RUN",
    ) -> Explanation:
        """Return the chain rule behind one number of a step, symbol by symbol, number by number.

        Parameters
        ----------
        asked : str
            A weight (``W1[0,2]``: its gradient and its update), or a value of a row (``z1[3,2]``,
            ``h1[3,2]``, ``out[3]``, ``x[3,0]``, ``l[3]``, ``L``: what it is made of, and its
            gradient). Rows go by the user's own numbers, counted from 0.
        step : int, optional
            The step; by default the last one that made an update.
        row : int, optional
            For a weight: what this row alone says.
        terms : int
            How many terms of a long sum are shown; the rest are lines with count and sum.
        called : str
            What the commands that it suggests call the run.

        Returns
        -------
        Explanation
            Print it, or take ``.latex() .markdown() .html() .json()``.

        Raises
        ------
        SpecError
            If there is no such number, row or step.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[1.0], [2.0]], [3.0, 5.0], steps=3, optimizer=cr.SGD(0.1))
        >>> print(run.why("W1[0,0]", step=0).text().splitlines()[0])  # doctest: +ELLIPSIS
        dL/dW1[0,0] = ... at step 0, 2 rows
        """
        moment = self.at(max(self.steps - 1, 0) if step is None else step)
        return why(
            self.record,
            moment,
            asked,
            row=row,
            terms=terms,
            features=self._input_names(),
            called=called,
        )

    def _input_names(self) -> Sequence[str] | None:
        """Return what the inputs are called, if they came with names."""
        features = self.record.setup.features
        if features is None and self.preparation is not None:
            return list(self.preparation.feature_names)
        return features

    def derive(
        self, notation: str = "course", entries: Sequence[str] | None = None, *, called: str = "RUN"
    ) -> Explanation:
        """Return the derivation of every gradient of the network, from L back to W1.

        Parameters
        ----------
        notation : {"course", "matrix", "matrix-columns", "delta"}
            Entries and sums over rows; whole matrices, a row of the table as a row or as a column;
            or the errors of textbooks.
        entries : sequence of str, optional
            Weights whose whole chain is written out, such as ``["W1[0,2]"]``.
        called : str
            What the commands that it suggests call the run.

        Returns
        -------
        Explanation
            Print it, or take ``.latex() .markdown() .html() .json()``; ``.data["code"]`` is the
            derivation as NumPy.

        Raises
        ------
        SpecError
            If there is no such notation or weight.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("2-1", [[1.0, 2.0]], [3.0], loss="half_squared_error", steps=3)
        >>> print(run.derive().text().splitlines()[0])
        dL/dW1[i,0] = sum_r dL/dout[r,0] * x[r,i], and here is why.
        """
        return derive(self.record, notation, entries, called=called)

    def report_page(self, *, called: str = "RUN") -> Explanation:
        """Return the report: scores, curves, data, network, the largest gradients opened.

        Parameters
        ----------
        called : str
            What the commands that it suggests call the run.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=50, initial={"W1": [[0.0]]})
        >>> print(run.report_page().text().splitlines()[0])
        L went from 5 to 4.664 in 50 steps.
        """
        opened: Sequence[Section] = ()
        if self.steps and self.record.setup.rows and self.record.trouble is None:
            moment = self.at(self.steps - 1)
            names = self._input_names()
            opened = largest_gradients(self.record, moment, features=names, called=called)
        return report_page(self.record, self.report, opened=opened, called=called)

    def memory(self) -> MemoryEstimate:
        """Return the estimate of the memory that this training takes."""
        rows = self.record.validation
        return estimate_memory(
            self.record.setup, self.steps, validation_rows=0 if rows is None else len(rows.x)
        )

    def summary(self) -> str:
        """Return what was trained, by what, and how it ended, as text."""
        return summary_of(self.record)

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

        preparation = None if self.preparation is None else self.preparation.to_dict()
        extra = {"preparation": preparation, "report": dict(self.report)}
        found = write_run(path, to_contents(self.record, extra, self.source), overwrite=overwrite)
        if page:  # apart, so that a picture that cannot be drawn costs nobody a training
            update_run(found, report=self.report_page().html().encode())
        return found
