"""A state opened over many rows: every layer's values, slopes and upstream gradients.

Knows setups and graphs; judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.autodiff import gradients
from chainrule.executors import Program, bind, outputs
from chainrule.executors.threads import one_thread
from chainrule.graph import Node
from chainrule.nn import Network
from chainrule.plan import make_plan
from chainrule.train import Setup, State
from chainrule.types import Array


@dataclass(frozen=True)
class Layer:
    """A layer with weights, as the doctor sees it.

    Attributes
    ----------
    number : int
        k of ``Wk``.
    activation : str
        Its activation.
    weights, bias : str
        Names of its parameters; the bias may be missing ("").
    inputs, units : int
        The shape of its weights.
    """

    number: int
    activation: str
    weights: str
    bias: str
    inputs: int
    units: int


def layers_of(network: Network) -> tuple[Layer, ...]:
    """Return the layers of a network that have weights.

    Examples
    --------
    >>> [layer.weights for layer in layers_of(Network.from_spec("2-3:tanh-1"))]
    ['W1', 'W2']
    """
    found: list[Layer] = []
    inputs = network.inputs
    for item in network.layers:
        if not item.has_weights:
            continue
        described: Any = item
        specs = described.parameter_specs(len(found) + 1, inputs)
        bias = specs[1].name if len(specs) > 1 else ""
        units = specs[0].shape[-1]
        layer = Layer(len(found) + 1, described.activation, specs[0].name, bias, inputs, units)
        found.append(layer)
        inputs = units
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Opened:
    """What a state computes on some rows.

    Attributes
    ----------
    state : mapping of str to numpy.ndarray
        Parameters and slots.
    values : mapping of str to numpy.ndarray
        ``zK``, ``hK``, ``out``, ``l``, ``L``; ``slope K`` (dh/dz of layer K), ``up zK`` and
        ``up hK`` (dL/dz, dL/dh).
    gradients : mapping of str to numpy.ndarray
        dL/dparameter.
    """

    state: State
    values: Mapping[str, Array]
    gradients: Mapping[str, Array]

    @cached_property
    def loss(self) -> float:
        """The mean loss of a row, without penalties."""
        return float(np.mean(self.values["l"], dtype=np.float64))


def program_for(setup: Setup, rows: int) -> Program:
    """Return the program that opens a state over so many rows, without weights of rows."""
    plain = _unweighted(setup)
    objective = plain.objective(rows)
    names, parameters = objective.names, objective.forward.parameters
    inner: dict[str, Node] = {}
    slopes: dict[str, Node] = {}
    for layer in layers_of(setup.network):
        z, h = names[f"z{layer.number}"], names[f"h{layer.number}"]
        inner[f"up z{layer.number}"] = z
        is_last = layer.number == len(layers_of(setup.network))
        if not is_last:
            inner[f"up h{layer.number}"] = h
        if h is not z and layer.activation != "softmax":
            slopes[f"slope {layer.number}"] = gradients(h.sum(), z)
    found = gradients(objective.loss, [*inner.values(), *parameters.values()])
    up = dict(zip(inner, found, strict=False))
    by_weight = dict(zip(parameters, found[len(inner) :], strict=True))
    shown = {k: v for k, v in names.items() if k not in ("x", "y", "w")}
    return bind(make_plan({**shown, **slopes, **up}, by_weight))


def _unweighted(setup: Setup) -> Setup:
    return replace(setup, w=None, programs={}, compiled={})


def open_state(program: Program, state: State, x: Array, y: Array) -> Opened:
    """Return what a state computes on these rows."""
    feed = {**state, "x": x, "y": y, "step": np.float64(0)}
    with one_thread(), np.errstate(all="ignore"):
        values = program.values(feed, keep=True)
    plan = program.plan
    return Opened(
        state, outputs(program, values, plan.forward), outputs(program, values, plan.gradients)
    )


def rms(array: Array) -> float:
    """Return the root of the mean square, 0 of nothing.

    Examples
    --------
    >>> rms(np.array([3.0, -3.0]))
    3.0
    """
    if not array.size:
        return 0.0
    top = float(np.max(np.abs(array)))
    if not 0 < top < np.inf:
        return top
    return top * float(np.sqrt(np.mean(np.square(np.asarray(array, np.float64) / top))))
