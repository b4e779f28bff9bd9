"""Held: the record of a run and its plain facts, with any step opened.

Knows records; explains and predicts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import SpecError
from chainrule.nn import Network
from chainrule.plan import Plan
from chainrule.train import Moment, Record, moment_at
from chainrule.types import Array


@dataclass(frozen=True, eq=False, repr=False)
class Held:
    """A run as it is held in the hand: see `Run`, which adds what can be asked and done."""

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
        return setup.plan(setup.batch_rows if setup.rows else 1)

    @property
    def extra(self) -> dict[str, Any]:
        """What the run folder's manifest holds beside the record, as plain data."""
        preparation = None if self.preparation is None else self.preparation.to_dict()
        return {"preparation": preparation, "report": dict(self.report)}

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
        self._fetch_rows()
        return moment_at(self.record, step)

    def _fetch_rows(self, needed_for: str = "its steps cannot be replayed") -> None:
        """Make sure that the training rows are there, or refuse."""
        if not self.record.setup.rows and "stream" in self.report:
            from chainrule.train.rows import deal_rows_again

            dealt = deal_rows_again(self.record, self.preparation, self.report["stream"])
            object.__setattr__(self, "record", dealt)
        if not self.record.setup.rows and self.source is not None:
            from chainrule.train.rows import fetch_rows

            found = fetch_rows(self.record, self.preparation, self.source)
            object.__setattr__(self, "record", found)
        if not self.record.setup.rows:
            raise SpecError(
                "this run holds no rows (too large to be kept in its folder, or an estimator's "
                f"keep_rows=False), so {needed_for}.\n  Its weights and history are complete; "
                "predict works."
            )

    def _output_names(self) -> Sequence[str] | None:
        """Return what the outputs are called, one for each, if the run knows its classes."""
        labels = None if self.preparation is None else self.preparation.labels
        if labels is None or len(labels) != self.network.outputs:
            return None
        return [str(label) for label in labels]

    def _input_names(self) -> Sequence[str] | None:
        """Return what the inputs are called, if they came with names."""
        features = self.record.setup.features
        if features is None and self.preparation is not None:
            return list(self.preparation.feature_names)
        return features


def table_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report says of the table itself: what training does not change.

    Examples
    --------
    >>> table_of({"table": {"rows": 3}, "score": {"value": 1.0}})
    {'table': {'rows': 3}}
    """
    return {name: report[name] for name in ("table", "stream", "adopted") if name in report}
