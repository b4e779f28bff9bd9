"""What every part of a script is written from: a record, taken apart, and names for its nodes.

Knows records and how graphs are printed; writes no line itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.executors import evaluate
from chainrule.export.script.layout import STEP, WIDTH
from chainrule.export.script.naming import TAKEN, variables
from chainrule.graph import Node, variable
from chainrule.graph.code import Assignments, Names, Style
from chainrule.optim import Optimizer
from chainrule.train import Record
from chainrule.train.anatomy import Anatomy, Layer, take_apart
from chainrule.train.setup import Setup

STYLE = Style(by_name=True, formatted=True)


@dataclass(frozen=True, eq=False)
class Program:
    """A run that is written as a script.

    Attributes
    ----------
    record : Record
        The run.
    parts : Anatomy
        Its network and objective.
    """

    record: Record
    parts: Anatomy

    @property
    def setup(self) -> Setup:
        """What was trained."""
        return self.record.setup

    @cached_property
    def called(self) -> Mapping[str, str]:
        """Variable of each parameter."""
        return variables(self.setup.network.specs)

    @property
    def trainable(self) -> list[str]:
        """The parameters that updates change."""
        return [name for name in self.called if self.parts.trainable(name)]

    @property
    def last(self) -> Layer:
        """The layer that gives the output."""
        return self.parts.last

    @property
    def shape(self) -> str:
        """The lengths of the layers, such as 3-4-1."""
        units = [layer.units for layer in self.parts.layers]
        return "-".join(map(str, [self.setup.network.inputs, *units]))

    @cached_property
    def exact(self) -> bool:
        """Whether slopes need their digits however small they are.

        Where an update is the gradient times a number, an error of a slope is as small as the
        slope; a rule that divides by the gradient's size blows it up.
        """
        return not _is_linear(self.setup.optimizer)

    def writer(self, *outputs: Node) -> Assignments:
        """Return what writes lines, knowing the names of leaves only."""
        names = self.parts.objective.names
        leaves = {
            node: self.called[name]
            for name, node in self.parts.objective.forward.parameters.items()
        }
        leaves |= {names["x"]: "X", names["y"]: "y"}
        if self.parts.objective.w is not None:
            leaves[self.parts.objective.w] = "w"
        room = WIDTH - len(STEP)
        return Assignments(Names(leaves), outputs, STYLE, room, {*TAKEN, *self.called.values()})


def program_of(record: Record) -> Program:
    """Return a record, taken apart for a script."""
    return Program(record, take_apart(record.setup))


def _is_linear(optimizer: Optimizer) -> bool:
    """Tell whether twice the gradients make twice the update."""
    w, g = variable("w", shape=(1, 1)), variable("g", shape=(1, 1))
    rate, t = variable("rate", shape=()), variable("t", shape=())
    slots = {name: variable(name, shape=(1, 1)) for name in optimizer.slots}
    new, _ = optimizer.step(w, g, slots, rate, t)
    moved = []
    for size in (1.0, 2.0):
        feed = {"w": [[0.0]], "g": [[size]], "rate": 0.5, "t": 0.0}
        feed |= {name: [[0.0]] for name in slots}
        moved.append(np.asarray(evaluate(new, feed)).item())
    return bool(moved[1] == 2 * moved[0])
