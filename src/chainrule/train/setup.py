"""What is trained, how, and on which rows: everything that fixes a run but its length.

Knows networks, losses, optimizers and prepared arrays; runs nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule.autodiff import gradients
from chainrule.autodiff.reverse import backward
from chainrule.data.batches import batch_of_step, row_batch, steps_per_epoch
from chainrule.executors import Program, bind
from chainrule.graph import Node, depends_on, toposort
from chainrule.nn import Loss, Network, Objective, Reduction, build_objective, own_functions
from chainrule.optim import Optimizer
from chainrule.plan import Plan, make_plan
from chainrule.train.features import Names
from chainrule.train.reuse import reused
from chainrule.types import Array, DType, Seed

if TYPE_CHECKING:
    from chainrule.data.stream.order import WindowOrder

State = Mapping[str, Array]
"""Parameters and the optimizer's slots by name (``W1``, ``W1.m``)."""

Purpose = Literal["train", "record", "unguarded", "predict", "score"]

Engine = Literal["native", "interpreter"]
"""What carries out the plans: machine code, or NumPy."""

PROGRAMS = 16
"""Programs kept bound at most: one for each purpose and number of rows."""


@dataclass(frozen=True, eq=False)
class Setup:
    """Everything that fixes a run but its length.

    Attributes
    ----------
    network, loss, reduction, optimizer
        What is descended, and how.
    x : numpy.ndarray
        Inputs (rows, features), C-contiguous.
    y : numpy.ndarray
        Targets, (rows, outputs), or class numbers (rows,).
    w : numpy.ndarray or None
        Weights of rows.
    batch_size : int or None
        Rows of a batch; None is all.
    seed : int
        Fixes starting values and the order of rows.
    shuffle : bool
        Whether each epoch has its own order of rows.
    dtype : numpy.dtype
        float64 or float32.
    row_numbers : numpy.ndarray or None
        The user's own number of each training row; None if they are 0, 1, 2 ...
    features : tuple of str or None
        Names of the inputs, if they came with names.
    engine : {"native", "interpreter"}
        What carries out the plans.
    first : int
        The number that step 0 has in the order of batches: above 0 in a branch, which goes on with
        the batches of the training that it left.
    clock : int
        The number that step 0 has for the optimizer: for schedules and bias corrections.
    windows : WindowOrder or None
        Which rows come when, where they stand in blocks on disk; None: any order of all rows.
    """

    network: Network
    loss: Loss
    reduction: Reduction
    optimizer: Optimizer
    x: Array
    y: Array
    w: Array | None
    batch_size: int | None
    seed: Seed
    shuffle: bool
    dtype: DType
    row_numbers: Array | None = None
    features: Names | None = None
    engine: Engine = "interpreter"
    first: int = 0
    clock: int = 0
    windows: WindowOrder | None = None
    programs: dict[tuple[Purpose, int], Program] = field(default_factory=dict, compare=False)
    compiled: dict[tuple[Purpose, int], Any] = field(default_factory=dict, compare=False)

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return int(self.x.shape[0])

    @property
    def soft_labels(self) -> bool:
        """Whether targets are a row of numbers each, not class numbers."""
        return self.y.ndim == 2

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every row is seen once."""
        return steps_per_epoch(self.rows, self.batch_size)

    @property
    def full_batch(self) -> bool:
        """Whether each step sees all rows, in their order."""
        return self.batch_size is None or self.batch_size >= self.rows

    @property
    def batch_rows(self) -> int:
        """Rows of every batch but perhaps the last of an epoch."""
        return self.rows if self.full_batch else int(self.batch_size or self.rows)

    def batch(self, step: int) -> Array:
        """Return the numbers of the rows that step `step` sees."""
        number = self.first + step
        if self.windows is not None and not self.full_batch:
            return self.rows_in_order(number, 1)
        return batch_of_step(self.seed, number, self.rows, self.batch_size, self.shuffle)

    def rows_in_order(self, number: int, count: int) -> Array:
        """Return the rows of some steps, told by their place among all batches, block by block."""
        assert self.windows is not None, "rows stand in blocks"
        size, rows = self.batch_rows, self.rows
        (first, start), (last, stop) = (row_batch(k, rows, size) for k in (number, number + count))
        found = [
            self.windows.rows(
                epoch, start * size if epoch == first else 0, stop * size if epoch == last else rows
            )
            for epoch in range(first, last + (stop > 0))
        ]
        return np.concatenate(found)

    def user_rows(self, step: int) -> Array:
        """Return the user's own numbers of the rows that step `step` sees."""
        rows = self.batch(step)
        return rows if self.row_numbers is None else self.row_numbers[rows]

    def feed(self, step: int, state: State) -> dict[str, Any]:
        """Return the value of every leaf of the plan at a step."""
        feed: dict[str, Any] = {**state, "step": np.float64(self.clock + step)}
        if self.full_batch:
            feed["x"], feed["y"], feed["w"] = self.x, self.y, self.w
            return feed
        rows = self.batch(step)
        feed["x"], feed["y"] = self.x[rows], self.y[rows]
        feed["w"] = None if self.w is None else self.w[rows]
        return feed

    def objective(self, rows: int) -> Objective:
        """Return the graph from inputs to the loss for so many rows."""
        return build_objective(
            self.network,
            self.loss,
            self.reduction,
            rows,
            soft_labels=self.soft_labels,
            weighted=self.w is not None,
            dtype=self.dtype,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy in another process is made from; programs are bound anew there."""
        return {**self.__dict__, "programs": {}, "compiled": {}}

    def form(self, rows: int, purpose: Purpose) -> Hashable:
        """Return everything that a plan depends on; equal forms have equal plans."""
        loss = (self.loss.rows, tuple(self.loss.options.items()), self.loss.logits_of)
        return (
            purpose, rows, self.network, own_functions(self.network), loss, self.reduction,
            self.optimizer, self.soft_labels, self.w is not None, self.dtype,
        )  # fmt: skip

    def plan(self, rows: int, purpose: Purpose = "record") -> Plan:
        """Return the plan for batches of so many rows.

        "train" holds only what a step needs, "record" all names and all gradients, those by
        ``zK``, ``hK``, ``out`` and ``l`` as ``dL/dzK`` ... too, "unguarded"
        the names that no row can be refused for, "predict" the output, "score" the output and the
        loss of each row.
        """
        return reused(("plan", self.form(rows, purpose)), lambda: self._plan(rows, purpose))

    def _plan(self, rows: int, purpose: Purpose) -> Plan:
        objective = self.objective(rows)
        names = objective.names
        if purpose == "unguarded":
            return make_plan(_unguarded(names))
        if purpose == "predict":
            return make_plan({"out": names["out"]})
        if purpose == "score":
            return make_plan({"out": names["out"], "l": names["l"]})
        parameters = objective.forward.parameters
        found = dict(
            zip(parameters, gradients(objective.loss, list(parameters.values())), strict=True)
        )
        trainable = {k: p for k, p in parameters.items() if objective.forward.specs[k].trainable}
        updates = self.optimizer.updates(trainable, {k: found[k] for k in trainable})
        if purpose == "train":
            lean = {k: names[k] for k in ("L", "penalty") if k in names}
            return make_plan(lean, {k: found[k] for k in trainable}, updates.new)
        inner = _upstream(objective)
        return make_plan({**names, **updates.names}, {**found, **inner}, updates.new)

    def program(self, rows: int, purpose: Purpose) -> Program:
        """Return the plan for so many rows, bound to NumPy; the latest ones are kept."""
        key = (purpose, rows)
        found = self.programs.get(key)
        if found is None:
            form = ("program", self.form(rows, purpose))
            found = reused(form, lambda: bind(self.plan(rows, purpose)))
            if len(self.programs) >= PROGRAMS:
                self.programs.pop(next(iter(self.programs)), None)
            self.programs[key] = found
        return found

    def slot_names(self) -> list[str]:
        """Return the names of the optimizer's slots of trainable parameters."""
        return [
            f"{name}.{slot}"
            for name, spec in self.network.specs.items()
            if spec.trainable
            for slot in self.optimizer.slots
        ]

    def initial_state(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """Return starting values: those given, the rest drawn from the seed; slots zero."""
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, 0]))
        state = self.network.initial_parameters(rng, self.dtype)
        state.update(given)
        for name in self.slot_names():
            state[name] = np.zeros_like(state[name.rpartition(".")[0]])
        return state


def _upstream(objective: Objective) -> dict[str, Node]:
    """Return the gradient of the loss by every named value between parameters and loss."""
    found = backward(objective.loss, list(objective.forward.parameters.values()))
    names = objective.names.items()
    inner = {name: x for name, x in names if x in found and x is not objective.loss}
    return {f"dL/d{name}": found[x] for name, x in inner.items()}


def _unguarded(names: Mapping[str, Node]) -> dict[str, Node]:
    """Return the named nodes that do not need a guard, which may refuse a row."""
    order = toposort(*names.values())
    guarded = depends_on(order, [node for node in order if node.op == "guard"])
    return {name: node for name, node in names.items() if node not in guarded}
