"""Activations, losses and update rules as functions of arrays, taken from their own declarations.

Their derivatives come from the graph, so that whatever a network may hold can be reviewed.
Knows graphs and NumPy; knows nothing of mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.autodiff import gradients
from chainrule.executors import Program, bind, outputs
from chainrule.graph import Node, apply, as_node, primitives, variable
from chainrule.nn.activations import LINEAR, own_activations
from chainrule.nn.losses import Loss, find_loss
from chainrule.optim import Optimizer
from chainrule.optim.schedules import schedule_from
from chainrule.plan import make_plan
from chainrule.types import Array, Shape

StepKey = tuple[Optimizer, float, bool]
"""An update rule, the step's number, and whether a bias is moved."""

SIGMAS = 3.0
"""How many standard deviations around z two derivatives are taken to see how they differ."""


def value(name: str, z: Array) -> Array:
    """Return an activation of pre-activations."""
    if name == LINEAR:
        return z
    if name == "softmax":
        e = np.exp(z - z.max(1, keepdims=True))
        return np.asarray(e / e.sum(1, keepdims=True))
    if name in own_activations:
        return _result(_own_program(own_activations[name], z.shape), {"z": z})
    return np.asarray(primitives[name].value(z))


@lru_cache(maxsize=64)
def _own_program(function: Callable[[Node], Node], shape: Shape) -> Program:
    return bind(make_plan({"out": function(variable("z", shape=shape))}))


def slope(name: str, z: Array) -> Array:
    """Return an activation's derivative at pre-activations."""
    if name == LINEAR:
        return np.ones_like(z)
    program = _slope_program(name, own_activations.get(name), z.shape)
    return _result(program, {"z": z})


def spread_of_slope(name: str, z: Array, deviation: Array) -> Array:
    """Return how far the derivative is off if z is: at a kink it may be another one altogether."""
    here, far = slope(name, z), SIGMAS * deviation
    up, down = slope(name, z + far), slope(name, z - far)
    return np.asarray(np.maximum(np.abs(up - here), np.abs(down - here)) / SIGMAS)


@lru_cache(maxsize=256)
def _slope_program(name: str, own: Callable[[Node], Node] | None, shape: Shape) -> Program:
    z = variable("z", shape=shape)
    (found,) = gradients((apply(name, z) if own is None else own(z)).sum(), [z])
    return bind(make_plan({"out": found}))


def _result(program: Program, feed: dict[str, Any]) -> Array:
    return outputs(program, program.values(feed), program.plan.forward)["out"]


def slope_of_loss(given: tuple[str, Any], out: Array, y: Array) -> Array:
    """Return the derivative of each row's loss by the output (logits, if the loss takes them)."""
    return _result(_loss_program(given, out.shape, "slope"), {"out": out, "y": y})


def loss_of(given: tuple[str, Any], out: Array, y: Array, factors: Array) -> Array:
    """Return the loss of all rows, each with its factor, as an array of one number."""
    each = _result(_loss_program(given, out.shape, "value"), {"out": out, "y": y})
    return np.array([[float(each @ factors[:, 0])]])


def loss_key(loss: Loss) -> tuple[str, Any]:
    """Return a loss as something that can be looked up: its name and its settings."""
    return loss.name, tuple(sorted(loss.options.items()))


@lru_cache(maxsize=64)
def _loss_program(given: tuple[str, Any], shape: Shape, what: str) -> Program:
    out, y = variable("out", shape=shape), variable("y", shape=shape)
    rows = find_loss({"name": given[0], **dict(given[1])}).of_rows(out, y)
    node: Node = gradients(rows.sum(), [out])[0] if what == "slope" else rows
    return bind(make_plan({"out": node}))


def stepped(given: StepKey, inputs: Sequence[Array]) -> tuple[Array, Array]:
    """Return new weights, and their derivative by the gradient, for (weights, gradient, slots)."""
    rule, t, is_bias = given
    shape = inputs[0].shape
    own = shape[1:] if is_bias else shape  # rules may treat vectors in another way than matrices
    program = _step_program(rule, own)
    arrays = [array.reshape(own) for array in inputs]
    feed = dict(zip(("w", "g", *rule.slots), arrays, strict=True))
    feed["step"] = np.asarray(t, np.float64)
    found = outputs(program, program.values(feed), program.plan.forward)
    return found["new"].reshape(shape), found["by_g"].reshape(shape)


@lru_cache(maxsize=64)
def _step_program(rule: Optimizer, shape: Shape) -> Program:
    w, g = variable("w", shape=shape), variable("g", shape=shape)
    slots = {name: variable(name, shape=shape) for name in rule.slots}
    t = variable("step", shape=(), dtype=np.float64)
    new, _ = rule.step(w, g, slots, as_node(schedule_from(rule.learning_rate)(t)), t)
    (by_g,) = gradients(new.sum(), [g])
    return bind(make_plan({"new": new, "by_g": by_g}))
