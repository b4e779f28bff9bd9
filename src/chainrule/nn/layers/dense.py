"""The dense layer: every unit sees every input.

Knows the operations of ``h = activation(x @ W + b)``; knows no gradient, which follows from them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError, shown
from chainrule.graph import Node
from chainrule.nn.activations import LINEAR, RELU_LIKE, activation, check_activation
from chainrule.nn.initializers import look_up
from chainrule.nn.layers.layer import layer
from chainrule.nn.scope import ParameterSpec, Scope
from chainrule.types import Shape

TRAINABLE = (True, False, "weights", "biases")
RESERVED = re.compile(r"[xywlL]|out|step|penalty|learning_rate|gradient_norm|[zh]\d+")
"""Names that a step of training gives to other things."""


@layer("dense")
@dataclass(frozen=True)
class Dense:
    """A layer whose every unit sees every input: ``activation(x @ W + b)``.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str
        An elementwise operation's name, "softmax" or "linear".
    trainable : True, False, "weights" or "biases"
        Which of its parameters updates change; the others are frozen.
    l1, l2 : float
        Penalties on the weights, not the biases: ``l1 * sum |W|`` and ``l2/2 * sum W**2``, not
        divided by the number of rows.
    initializer : str
        "auto" (he for relu and its relatives, else glorot) or a rule's name.
    bias : bool
        Whether there is a bias.
    weights_name, bias_name : str, optional
        Names instead of ``Wk`` and ``bk``; layers that give the same name share the parameter.

    Raises
    ------
    SpecError
        If a setting makes no sense.

    Examples
    --------
    >>> Dense(4, "sigmoid")
    Dense(units=4, activation='sigmoid')
    """

    units: int
    activation: str = LINEAR
    trainable: bool | str = True
    l1: float = 0.0
    l2: float = 0.0
    initializer: str = "auto"
    bias: bool = True
    weights_name: str | None = None
    bias_name: str | None = None

    def __post_init__(self) -> None:
        plain: dict[str, Any] = {"units": _units(self.units)}
        plain["trainable"] = _trainable(self.trainable)
        plain |= {name: _penalty(name, getattr(self, name)) for name in ("l1", "l2")}
        plain["bias"] = _yes_or_no("bias", self.bias)
        check_activation(self.activation)
        if self.initializer != "auto":
            look_up(self.initializer)
        for name in ("weights_name", "bias_name"):
            _check_name(name, getattr(self, name))
        if not self.bias and self.bias_name is not None:
            raise SpecError(
                f"bias_name is {shown(self.bias_name)}, but bias=False; drop one of them."
            )
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        parts = [f"units={self.units}", f"activation={self.activation!r}"]
        for name in ("trainable", "l1", "l2", "initializer", "bias", "weights_name", "bias_name"):
            value = getattr(self, name)
            if value != type(self).__dataclass_fields__[name].default:
                parts.append(f"{name}={shown(value)}")
        return f"Dense({', '.join(parts)})"

    @property
    def has_weights(self) -> bool:
        """True: a dense layer is counted."""
        return True

    @property
    def spec_token(self) -> str | None:
        """``4:sigmoid``, ``4`` for linear, None if it has settings a spec cannot say."""
        return self.outline if self == Dense(self.units, self.activation) else None

    @property
    def outline(self) -> str:
        """``4:sigmoid``, ``4`` for linear, whatever its other settings."""
        return f"{self.units}:{self.activation}" if self.activation != LINEAR else str(self.units)

    def output_shape(self, inputs: Shape) -> Shape:
        """Return (units,)."""
        if len(inputs) != 1:
            raise ShapeError(f"Dense takes rows of one axis; a row here has shape {inputs}.")
        return (self.units,)

    def parameter_specs(self, number: int, inputs: int) -> tuple[ParameterSpec, ...]:
        """Return what layer `number` with so many inputs says of its parameters."""
        rule = self.initializer
        if rule == "auto":
            rule = "he" if self.activation in RELU_LIKE else "glorot"
        weights = ParameterSpec(
            self.weights_name or f"W{number}",
            (inputs, self.units),
            rule,
            self.trainable in (True, "weights"),
            self.l1,
            self.l2,
        )
        bias = ParameterSpec(
            self.bias_name or f"b{number}",
            (self.units,),
            "zeros",
            self.trainable in (True, "biases"),
        )
        return (weights, bias) if self.bias else (weights,)

    def forward(self, x: Node, scope: Scope, *, last: bool) -> Node:
        """Return ``activation(x @ W + b)``, with ``zK``, ``hK`` and ``out`` named."""
        specs = self.parameter_specs(scope.number, self._inputs(x))
        parameters = [scope.parameter(spec) for spec in specs]
        z = x @ parameters[0]  # (rows, units)
        if self.bias:
            z = z + parameters[1]
        role = f"h{scope.number}"
        if self.activation == LINEAR:
            z = scope.name("out" if last else f"z{scope.number}", z)
            scope.names[f"z{scope.number}"] = z
            return scope.name(role, z)
        z = scope.name(f"z{scope.number}", z)
        out = scope.name("out" if last else role, activation(self.activation)(z))
        return scope.name(role, out)

    def _inputs(self, x: Node) -> int:
        if x.ndim != 2:
            raise ShapeError(f"Dense takes (rows, features); got shape {x.shape}.")
        return x.shape[1]


def _units(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, Integral) or int(given) < 1:
        raise SpecError(f"Dense needs a whole number of units, at least 1; got {shown(given)}.")
    return int(given)


def _yes_or_no(name: str, given: Any) -> bool:
    if not isinstance(given, (bool, np.bool_)):
        raise SpecError(f"{name} of Dense is {shown(given)}; it is True or False.")
    return bool(given)


def _trainable(given: Any) -> bool | str:
    if isinstance(given, str) and given in TRAINABLE:
        return given
    if isinstance(given, (bool, np.bool_)):
        return bool(given)
    raise SpecError(f"trainable is {shown(given)}; it is one of {', '.join(map(repr, TRAINABLE))}.")


def _penalty(name: str, given: Any) -> float:
    number = isinstance(given, Real) and not isinstance(given, bool)
    if not number or not math.isfinite(given) or given < 0:
        raise SpecError(
            f"{name} of Dense is {shown(given)}; a penalty is a finite number, at least 0."
        )
    return float(given)


def _check_name(name: str, given: Any) -> None:
    if given is None or (
        isinstance(given, str) and given.isidentifier() and not RESERVED.fullmatch(given)
    ):
        return
    raise SpecError(
        f"{name} of Dense is {shown(given)}, which cannot name a parameter.\n  Use letters, digits "
        "and _, and not what a step calls other things (x, y, z1, h1, out, L, step ...)."
    )
