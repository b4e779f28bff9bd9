"""A step of a run, opened for explanations: its tape, its rows, its names for people.

Knows records and moments; knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.explain.entries import Names, axis_names
from chainrule.explain.why.segments import Segment, row_by_row, segment
from chainrule.explain.why.tape import Tape, open_tape
from chainrule.graph import Node
from chainrule.train import Moment, Record, Setup
from chainrule.types import Array

LEAVES_OF_ROWS = ("x", "y", "w")


@dataclass(frozen=True, eq=False)
class Ground:
    """A tape, ready for questions.

    Attributes
    ----------
    tape : Tape
        Every value and every gradient of a forward pass.
    """

    tape: Tape

    @cached_property
    def by_rows(self) -> Mapping[Node, bool]:
        """Nodes that depend on rows, and whether row by row; none where nothing has rows."""
        return {}

    @cached_property
    def segments(self) -> Mapping[Node, Segment]:
        """The segment that ends in each milestone that is computed."""
        return {node: segment(self.tape, node) for node in self.tape.name_of if node.inputs}

    def is_of_rows(self, node: Node) -> bool:
        """Tell whether entries of a node belong to one row each."""
        return self.by_rows.get(node, False)


@dataclass(frozen=True, eq=False)
class Opened(Ground):
    """One step of a run, ready for questions.

    Attributes
    ----------
    tape : Tape
        Every value and every gradient of its forward pass.
    record : Record
        The run.
    moment : Moment
        The step as it was trained.
    features : sequence of str or None
        What the inputs are called.
    classes : sequence of str or None
        What the outputs are called.
    called : str or None
        The run's folder, if further questions are to be commands; else they are Python.
    """

    record: Record
    moment: Moment
    features: Sequence[str] | None
    classes: Sequence[str] | None
    called: str | None

    @property
    def setup(self) -> Setup:
        """What was trained, and how."""
        return self.record.setup

    @property
    def step(self) -> int:
        """Which step."""
        return self.moment.step

    @property
    def clock(self) -> int:
        """What the optimizer counts as this step: a branch goes on from the run it left."""
        return self.setup.clock + self.moment.step

    @property
    def rows(self) -> Array:
        """The user's numbers of the rows of the batch."""
        return self.moment.rows

    @cached_property
    def by_rows(self) -> Mapping[Node, bool]:
        """Nodes that depend on rows, and whether row by row."""
        sources = {self.tape.names[k]: True for k in LEAVES_OF_ROWS if k in self.tape.names}
        return row_by_row(self.tape, sources)

    @cached_property
    def axes(self) -> Mapping[str, tuple[Names, ...]]:
        """The names along the axes of every array that has some."""
        shapes = {name: node.shape for name, node in self.tape.names.items()}
        weights = [name for name, spec in self.setup.network.specs.items() if len(spec.shape) > 1]
        return axis_names(shapes, self.features, self.classes, weights)

    def place(self, row: int) -> int | None:
        """Return where a row of the user's stands in the batch; None if it does not."""
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else None


def open_step(
    record: Record,
    moment: Moment,
    features: Sequence[str] | None,
    called: str | None,
    *,
    classes: Sequence[str] | None = None,
    inputs: bool = False,
) -> Opened:
    """Return a step of a run, opened; with the gradients of its inputs if they are wanted."""
    objective = record.setup.objective(len(moment.rows))
    feed = {**moment.parameters, **moment.values}
    wrt = [objective.forward.x] if inputs else []
    tape = open_tape(objective.loss, objective.names, feed, wrt, moment.upstream)
    return Opened(tape, record, moment, features, classes, called)
