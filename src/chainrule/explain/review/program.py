"""The program: forward pass, backward pass and update of an exercise, every place by its name.

Places, with a layer's number or a parameter's name: ``z``, ``h`` values; ``gh``, ``gz`` the
gradient of the loss by them; ``slope`` the activation's derivative; ``back`` what a layer sends
down; ``data`` and ``sum`` what it gives its weights and its bias; ``penalty``, ``grad``,
``clipped``, ``new`` of a parameter; ``error``, ``start`` where the pass begins; ``out`` what is
handed in. Knows the right pass only; knows no mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Literal

import numpy as np

from chainrule.explain.review.arena import Arena, Sites
from chainrule.explain.review.exercise import Exercise, LayerForm
from chainrule.explain.review.functions import loss_key

Kind = Literal["gradients", "clipped", "updates", "parameters", "loss"]
"""What is handed in: the loss's derivatives, those after clipping, new minus old weights, new
weights, or the loss after the step."""

Label = tuple[Any, ...]

LOSS = "L"
"""The name under which the loss after the step is handed in."""

LINEAR_RULES = ("sgd", "momentum", "nesterov")
"""Update rules whose update is linear in the gradient."""


class Program:
    """The right pass of an exercise, as places in an arena.

    Attributes
    ----------
    exercise : Exercise
        What is worked out.
    kind : Kind
        What is handed in.
    arena : Arena
        Where every expression lives.
    right : Sites
        The named places of the right pass.
    names : tuple of str
        What can be handed in, counted from the loss.
    """

    def __init__(self, exercise: Exercise, kind: Kind = "gradients") -> None:
        self.exercise, self.kind, self.arena = exercise, kind, Arena()
        self._places: dict[Label, int] = {}
        self._leaves()
        self._forward()
        self._begin_backward()
        for layer in reversed(exercise.layers):
            self._backward(layer)
        for name in exercise.order:
            self._gradient(name)
        self._update()
        self._hand_in()
        self.right = Sites(self.arena, self._places)
        self.names = (LOSS,) if kind == "loss" else exercise.order

    @property
    def is_linear(self) -> bool:
        """Whether what is handed in grows in proportion to the gradient (or shifted by W)."""
        if self.kind == "loss":
            return False
        return self.kind == "gradients" or (
            not self.exercise.clips
            and (self.kind == "clipped" or self.exercise.optimizer.kind in LINEAR_RULES)
        )

    def _mark(self, label: Label, node: int) -> int:
        """Give an expression the name of its place."""
        self._places[label] = self.arena("site", node, setting=label)
        return self._places[label]

    def _leaves(self) -> None:
        exercise, leaf = self.exercise, self.arena.leaf
        self._mark(("targets",), leaf(exercise.targets))
        self._places["factors",] = leaf(exercise.factors)
        self._places["plain factors",] = leaf(exercise.plain_factors)
        self._places["h", 0] = self._mark(("x",), leaf(exercise.x))
        for name in exercise.order:
            self._mark(("parameter", name), leaf(exercise.parameters[name]))
            if exercise.previous:
                self._places["previous", name] = leaf(exercise.previous.gradients[name])
                self._places["old", name] = leaf(exercise.previous.parameters[name])
            if exercise.following:
                self._places["next", name] = leaf(exercise.following.gradients[name])
            for slot in exercise.optimizer.slots:
                if f"{name}.{slot}" in exercise.slots:
                    self._places[slot, name] = leaf(exercise.slots[f"{name}.{slot}"])

    def _forward(self) -> None:
        below = self._places["h", 0]
        for layer in self.exercise.layers:
            z = self._pre_activation(layer, below, lambda name: self._places["parameter", name])
            z = self._mark(("z", layer.number), z)
            below = self._mark(("h", layer.number), self._activated(layer, z))

    def _pre_activation(self, layer: LayerForm, below: int, of: Callable[[str], int]) -> int:
        z = self.arena("product", below, of(layer.weights))
        return z if layer.bias is None else self.arena("add", z, of(layer.bias))

    def _activated(self, layer: LayerForm, z: int) -> int:
        return z if layer.activation == "linear" else self.arena("act", z, setting=layer.activation)

    def _begin_backward(self) -> None:
        arena, exercise, last = self.arena, self.exercise, self.exercise.depth
        out, targets = self._places["h", last], self._places["targets",]
        error = self._mark(("error",), arena("sub", out, targets))
        direction = self.direction(error)
        if direction is None:
            taken = self._places["z", last] if exercise.fused else out
            direction = arena("loss_slope", taken, targets, setting=loss_key(exercise.loss))
        self._mark(("start",), self.weighed(direction, self._places["factors",]))

    def direction(self, error: int) -> int | None:
        """Return the derivative of a row's loss, from the error; None if it is not known so."""
        exercise, arena = self.exercise, self.arena
        name, outputs = exercise.loss.name, exercise.outputs
        if name == "cross_entropy" and not np.all(exercise.targets.sum(1) == 1):
            return None
        if name in ("half_squared_error", "binary_cross_entropy", "cross_entropy"):
            return error
        if name == "squared_error":
            return arena("scale", error, setting=2.0 / outputs)
        if name == "absolute_error":
            return arena("scale", arena("sign", error), setting=1.0 / outputs)
        if name == "huber":
            limit = float(exercise.loss.options.get("threshold", 1.0))
            return arena("scale", arena("clip", error, setting=limit), setting=1.0 / outputs)
        return None

    def weighed(self, direction: int, factors: int) -> int:
        """Return a derivative by rows times the factor that each row's loss has."""
        given = self.arena.value(factors)
        if not np.all(given == given.flat[0]):
            return self.arena("mul", direction, factors)
        common = float(given.flat[0]) if given.size else 1.0
        return direction if common == 1.0 else self.arena("scale", direction, setting=common)

    def _backward(self, layer: LayerForm) -> None:
        arena, places, k = self.arena, self._places, layer.number
        if k == self.exercise.depth:
            self._mark(("gh", k), places["start",])
        if layer.activation == "linear" or (k == self.exercise.depth and self.exercise.fused):
            self._mark(("gz", k), places["gh", k])
        elif layer.activation == "softmax":
            self._mark(("gz", k), arena("jacobian", places["h", k], places["gh", k]))
        else:
            slope = arena("slope", places["z", k], setting=layer.activation)
            self._mark(("slope", k), slope)
            self._mark(("gz", k), arena("mul", places["gh", k], places["slope", k]))
        self._mark(("data", k), arena("first_transposed", places["h", k - 1], places["gz", k]))
        if layer.bias is not None:
            self._mark(("sum", k), arena("sum_rows", places["gz", k]))
        if k > 1:
            weights = places["parameter", layer.weights]
            self._mark(("back", k), arena("second_transposed", places["gz", k], weights))
            self._mark(("gh", k - 1), places["back", k])

    def _gradient(self, name: str) -> None:
        """Add what every layer that uses a parameter gives it, and its penalty."""
        arena, spec = self.arena, self.exercise.specs[name]
        parts = [self._places[label] for label in paths(self.exercise, name)]
        self._mark(("from data", name), reduce(lambda a, b: arena("add", a, b), parts))
        found = self._places["from data", name]
        if spec.l1 or spec.l2:
            weights = self._places["parameter", name]
            penalty = arena("scale", weights, setting=spec.l2)
            if spec.l1:
                sign = arena("scale", arena("sign", weights), setting=spec.l1)
                penalty = arena("add", penalty, sign) if spec.l2 else sign
            found = arena("add", found, self._mark(("penalty", name), penalty))
        self._mark(("grad", name), found)

    def _update(self) -> None:
        arena, exercise, places = self.arena, self.exercise, self._places
        trained = [name for name in exercise.order if exercise.specs[name].trainable]
        clipped = {name: places["grad", name] for name in trained}
        value, norm = exercise.optimizer.clip_value, exercise.optimizer.clip_norm
        if value is not None:
            clipped = {k: arena("clip", g, setting=float(value)) for k, g in clipped.items()}
        if norm is not None:
            together = tuple(clipped.values())
            clipped = {
                k: arena("clip_norm", g, *together, setting=float(norm)) for k, g in clipped.items()
            }
        for name in exercise.order:
            self._mark(("clipped", name), clipped.get(name, places["grad", name]))
            weights = places["parameter", name]
            new = self.moved(name, places["clipped", name]) if name in clipped else weights
            self._mark(("new", name), new)

    def moved(self, name: str, gradient: int) -> int:
        """Return a parameter after an update with a gradient."""
        arena, exercise, weights = self.arena, self.exercise, self._places["parameter", name]
        if exercise.optimizer.kind == "sgd":
            return arena("sub", weights, arena("scale", gradient, setting=exercise.rate))
        slots = [self._places[slot, name] for slot in exercise.optimizer.slots]
        rule = (exercise.optimizer, float(exercise.clock), exercise.is_bias(name))
        return arena("step", weights, gradient, *slots, setting=rule)

    def _hand_in(self) -> None:
        """Mark what is handed in."""
        if self.kind == "loss":
            self._mark(("out", LOSS), self._loss_with("new"))
            self._places["idle", LOSS] = self._loss_with("parameter")
            return
        source = {"gradients": "grad", "clipped": "clipped"}.get(self.kind, "new")
        for name in self.exercise.order:
            node = self._places[source, name]
            if self.kind == "updates":
                node = self.arena("sub", node, self._places["parameter", name])
            self._mark(("out", name), node)
            weights = self._places["parameter", name]
            moved = self.kind == "parameters"
            idle = weights if moved else self.arena("scale", weights, setting=0.0)
            self._places["idle", name] = idle

    def _loss_with(self, source: str) -> int:
        """Return the loss with the old parameters or the new ones."""
        arena, exercise, out = self.arena, self.exercise, self._places["h", 0]
        z = out
        for layer in exercise.layers:
            z = self._pre_activation(layer, out, lambda name: self._places[source, name])
            out = self._activated(layer, z)
        taken = z if exercise.fused else out
        leaves = self._places["targets",], self._places["factors",]
        total = arena("loss", taken, *leaves, setting=loss_key(exercise.loss))
        for name in exercise.order:
            new, spec = self._places[source, name], exercise.specs[name]
            if spec.l2:
                squares = arena("total", arena("mul", new, new))
                total = arena("add", total, arena("scale", squares, setting=spec.l2 / 2))
            if spec.l1:
                sizes = arena("total", arena("abs", new))
                total = arena("add", total, arena("scale", sizes, setting=spec.l1))
        return total


def paths(exercise: Exercise, name: str) -> list[Label]:
    """Return the places whose sum is a parameter's gradient from the data, output layer first."""
    return [
        (place, layer.number)
        for layer in reversed(exercise.layers)
        for place, used in (("data", layer.weights), ("sum", layer.bias))
        if used == name
    ]
