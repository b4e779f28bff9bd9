"""What a mistake is: a place in the backward pass, and what a person writes there instead.

Knows the form of mistakes; knows no particular one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.exercise import Exercise, LayerForm
from chainrule.explain.review.program import Label, Program

Where = int | str
"""A layer's number, a parameter's name, one of the scopes below, or 0 for the whole pass."""

EVERY, HIDDEN = "every layer", "every hidden layer"

Scope = Literal["one", "one or every", "every", "whole"]
"""Whether a mistake is made in one layer, in one or in every layer that calls the same code, in
every layer at once, or in a place that there is only once."""

catalogue: dict[str, Mistake] = {}
"""Every mistake by name."""


@dataclass(frozen=True)
class Example:
    """A small exercise on which a mistake can be seen: what tests are made from.

    Attributes
    ----------
    network, loss, reduction
        What is worked out.
    where : int or str
        Where the mistake is made.
    kind : str
        What is handed in.
    rows, step : int
        Rows of the batch; which step of a short run.
    layer : mapping
        Settings of every layer, such as ``{"l2": 0.1}``.
    optimizer : mapping
        Settings of the optimizer.
    batch_size, weighted
        Whether steps see some of the rows, and whether rows have weights.
    """

    network: str = "3-4:sigmoid-5:tanh-2:sigmoid"
    where: Where = 2
    loss: str = "half_squared_error"
    reduction: str = "sum"
    kind: str = "gradients"
    rows: int = 7
    step: int = 0
    layer: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Mapping[str, Any] = field(default_factory=lambda: {"name": "sgd"})
    batch_size: int | None = None
    weighted: bool = False


@dataclass(frozen=True)
class Mistake:
    """One known mistake.

    Attributes
    ----------
    name : str
        Its name in the catalogue.
    at : str
        The kind of place where it is made (see `program`).
    rewrite : callable
        Takes the `Place`, returns what stands there instead.
    says : str
        The mistake in words, to be followed by its layer.
    wrong, right : str
        The line of algebra that is wrong, and the one that is right; ``{l}`` is the layer's
        number, ``{below}`` and ``{above}`` its neighbours', ``{f}`` the activation, ``{W}`` and
        ``{b}`` the parameters, ``{n}`` the rows, ``{rate}`` the learning rate.
    because : str
        Why the right line is right, in a sentence.
    applies : callable
        (exercise, where) -> whether it can be made there.
    scope : Scope
        How far one slip reaches.
    stays : bool
        Whether it changes one parameter's gradient and travels no further.
    reads : bool
        Whether what it puts there depends on the gradients themselves.
    bits : float
        How rare it is: each bit is half as likely.
    example : Example
        Where it can be seen.
    """

    name: str
    at: str
    rewrite: Callable[[Place], int]
    says: str
    wrong: str
    right: str
    because: str
    applies: Callable[[Exercise, Any], bool] = lambda exercise, where: True
    scope: Scope = "one"
    stays: bool = False
    reads: bool = False
    bits: float = 3.0
    example: Example = field(default_factory=Example)


def declare(mistake: Mistake) -> Mistake:
    """Enter a mistake into the catalogue."""
    assert mistake.name not in catalogue, f"{mistake.name} is declared twice"
    catalogue[mistake.name] = mistake
    return mistake


@dataclass(frozen=True)
class Place:
    """Where a mistake is made: the expressions around it, and how to write new ones.

    Attributes
    ----------
    program, sites, label
        The pass, its places as they are now, and the place itself.
    """

    program: Program
    sites: Sites
    label: Label

    def __getitem__(self, label: Label) -> int:
        return self.sites[label]

    def __call__(self, op: str, *inputs: int, setting: Hashable = None) -> int:
        """Return a new expression."""
        return self.program.arena(op, *inputs, setting=setting)

    @property
    def here(self) -> int:
        """What stands at the place now."""
        return self.sites.inside(self.label)

    @property
    def exercise(self) -> Exercise:
        """What is worked out."""
        return self.program.exercise

    @property
    def name(self) -> str:
        """The parameter of the place."""
        return str(self.label[-1])

    @property
    def number(self) -> int:
        """The layer of the place; that of the loss for places there is only once."""
        where = self.label[-1]
        return where if isinstance(where, int) else self.exercise.depth

    @property
    def layer(self) -> LayerForm:
        """The layer of the place."""
        return self.exercise.layer(self.number)

    def weights(self) -> int:
        """Return the weights of the place's layer."""
        return self["parameter", self.layer.weights]

    def weighed(self, direction: int) -> int:
        """Return a derivative by rows times the factor of each row's loss."""
        return self.program.weighed(direction, self["factors",])


def curved(exercise: Exercise, where: Any) -> bool:
    """Tell whether a layer's derivative is a factor of its own in the pass."""
    if not isinstance(where, int):
        return False
    cancels = where == exercise.depth and exercise.fused
    return exercise.layer(where).activation not in ("linear", "softmax") and not cancels


def uses(*activations: str) -> Callable[[Exercise, Any], bool]:
    """Return the condition that a layer has one of these activations, with a derivative."""
    return lambda exercise, where: (
        curved(exercise, where) and exercise.layer(where).activation in activations
    )


def square(exercise: Exercise, where: Any) -> bool:
    """Tell whether a layer's weights are a square, so that a transposed one fits."""
    layer = exercise.layer(where)
    return layer.inputs == layer.units > 1


def moves(exercise: Exercise, where: Any) -> bool:
    """Tell whether a parameter is updated."""
    return exercise.specs[where].trainable


def several_rows(exercise: Exercise, where: Any) -> bool:
    """Tell whether the batch has more than one row."""
    return exercise.rows > 1


def last_of(loss: str) -> Callable[[Exercise, Any], bool]:
    """Return the condition that it is the last layer, under a given loss."""
    return lambda exercise, where: where == exercise.depth and exercise.loss.name == loss
