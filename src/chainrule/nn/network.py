"""Networks: a list of layers, and the forward graph they build.

Knows layers by their form; knows no loss, no optimizer, no values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from chainrule.errors import SpecError, shown
from chainrule.graph import Node, variable
from chainrule.nn.activations import LINEAR, activation
from chainrule.nn.initializers import look_up
from chainrule.nn.layers import Layer, layer_from_dict
from chainrule.nn.layers.layer import layer_to_dict
from chainrule.nn.scope import ParameterSpec, Scope
from chainrule.nn.spec import layers_from_spec, spec_of
from chainrule.types import Array


@dataclass(frozen=True)
class Forward:
    """The forward graph of a network for a number of rows.

    Attributes
    ----------
    x : Node
        The inputs (rows, features), a variable.
    out : Node
        The output after the last activation.
    logits : Node
        The last pre-activation.
    names : mapping of str to Node
        ``x``, ``zK``, ``hK``, ``out``.
    parameters : mapping of str to Node
        Every parameter by name.
    specs : mapping of str to ParameterSpec
        What the layers say of them.
    """

    x: Node
    out: Node
    logits: Node
    names: Mapping[str, Node]
    parameters: Mapping[str, Node]
    specs: Mapping[str, ParameterSpec]


@dataclass(frozen=True, init=False)
class Network:
    """A network: layers one after the other, and the number of inputs.

    Parameters
    ----------
    layers : sequence of Layer
        At least one; the last one gives the output.
    inputs : int
        Features of a row, at least 1.
    frozen : sequence of str
        Names of parameters that training never changes (``b1``); a layer's `trainable` says the
        same of its own.

    Raises
    ------
    SpecError, ShapeError
        If the layers make no network.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network([cr.Dense(4, "sigmoid"), cr.Dense(1, "sigmoid")], inputs=3)
    >>> net.spec
    '3-4:sigmoid-1:sigmoid'
    >>> net == cr.Network.from_spec("3-4:sigmoid-1:sigmoid")
    True
    >>> net.size
    21
    """

    layers: tuple[Layer, ...]
    inputs: int
    frozen: tuple[str, ...] = ()

    def __init__(self, layers: Sequence[Layer], inputs: int, frozen: Sequence[str] = ()) -> None:
        if isinstance(inputs, bool) or not isinstance(inputs, Integral) or int(inputs) < 1:
            raise SpecError(
                f"a network needs inputs, a whole number of at least 1; got {shown(inputs)}."
            )
        if isinstance(layers, (str, bytes)) or not isinstance(layers, Sequence) or not layers:
            raise SpecError(
                f"a network needs a list of at least one layer; got {shown(layers)}.\n"
                "  For a spec string use Network.from_spec('3-4:sigmoid-1:sigmoid')."
            )
        for item in layers:
            if isinstance(item, type) or not hasattr(item, "forward"):
                raise SpecError(
                    f"{shown(item)} is not a layer; use for example Dense(4, 'sigmoid')."
                )
        object.__setattr__(self, "layers", tuple(layers))
        object.__setattr__(self, "inputs", int(inputs))
        named = tuple(frozen) if isinstance(frozen, (list, tuple)) else ()
        object.__setattr__(self, "frozen", named)
        self._check_softmax()
        self._check_frozen(frozen)

    def _check_softmax(self) -> None:
        for k, item in enumerate(self.layers[:-1], 1):
            if getattr(item, "activation", None) == "softmax":
                raise SpecError(f"layer {k} has activation softmax; only the last layer may.")

    def _check_frozen(self, given: Any) -> None:
        """Raise unless each name is a parameter's; this builds the graph once, to see it fit."""
        known = list(self.specs)
        if not isinstance(given, (list, tuple)) or any(name not in known for name in given):
            raise SpecError(
                f"frozen is {shown(given)}; it is a list of parameter names, of {', '.join(known)}."
            )

    @classmethod
    def from_spec(cls, spec: str) -> Network:
        """Return the network of a spec string: inputs, then units and activation of each layer.

        Parameters
        ----------
        spec : str
            For example ``"3-4:sigmoid-1:sigmoid"``; no activation means linear.

        Examples
        --------
        >>> Network.from_spec("2-8:tanh-3:softmax").outputs
        3
        """
        inputs, layers = layers_from_spec(spec)
        return cls(layers, inputs)

    @property
    def spec(self) -> str:
        """The network as a spec string.

        Raises
        ------
        SpecError
            If a layer has settings that a spec cannot say; `to_dict` can.
        """
        if self.frozen:
            raise SpecError("frozen parameters cannot be said in a spec; use to_dict or to_json.")
        return spec_of(self.inputs, self.layers)

    @property
    def outline(self) -> str:
        """The network in one line, such as ``3-4:sigmoid-1``; settings of layers are left out."""
        return "-".join([str(self.inputs), *(item.outline for item in self.layers)])

    def to_dict(self) -> dict[str, Any]:
        """Return the network as plain data, for JSON."""
        layers = [layer_to_dict(item) for item in self.layers]
        frozen = {"frozen": list(self.frozen)} if self.frozen else {}
        return {"inputs": self.inputs, "layers": layers, **frozen}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Network:
        """Return the network that `to_dict` wrote down.

        Examples
        --------
        >>> net = Network.from_spec("2-1")
        >>> Network.from_dict(net.to_dict()) == net
        True
        """
        found = {*map(str, data)} if isinstance(data, Mapping) else {repr(data)}
        if found - {"frozen"} != {"inputs", "layers"}:
            raise SpecError(f"a network's dict has inputs and layers; got {sorted(found)}.")
        for name in ("layers", "frozen"):
            if not isinstance(data.get(name, []), (list, tuple)):
                raise SpecError(f"a network's {name} are a list; got {shown(data[name])}.")
        layers = [layer_from_dict(item) for item in data["layers"]]
        return cls(layers, data["inputs"], data.get("frozen", ()))

    def to_json(self) -> str:
        """Return the network as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Network:
        """Return the network that `to_json` wrote down."""
        try:
            return cls.from_dict(json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise SpecError(f"the network's JSON cannot be read: {error}.") from None

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        shape: tuple[int, ...] = (self.inputs,)
        for item in self.layers:
            shape = item.output_shape(shape)
        return shape[0]

    @property
    def last_activation(self) -> str:
        """The activation of the last layer."""
        return getattr(self.layers[-1], "activation", "linear")

    @cached_property
    def specs(self) -> Mapping[str, ParameterSpec]:
        """What the layers say of each parameter, by name."""
        return self.forward(1).specs

    @property
    def size(self) -> int:
        """Number of weights, biases included, shared ones once."""
        return sum(math.prod(spec.shape) for spec in self.specs.values())

    def forward(self, rows: int, dtype: Any = np.float64, *, ending: str = LINEAR) -> Forward:
        """Return the forward graph for a number of rows.

        Parameters
        ----------
        rows : int
            Rows of ``x``.
        dtype : optional
            float64 or float32.
        ending : str
            The activation that a linear last layer leaves to the loss; ``out`` is after it.
        """
        x = variable("x", shape=(rows, self.inputs), dtype=dtype)
        scope = Scope(np.dtype(dtype), frozen=frozenset(self.frozen))
        scope.names["x"] = out = x
        left = self.last_activation == LINEAR and ending != LINEAR
        for k, item in enumerate(self.layers, 1):
            scope.number += item.has_weights
            out = item.forward(out, scope, last=k == len(self.layers) and not left)
        out = scope.name("out", activation(ending)(out) if left else out)
        logits = scope.names.get(f"z{scope.number}", out)
        return Forward(x, out, logits, scope.names, scope.parameters, scope.specs)

    def initial_parameters(
        self, rng: np.random.Generator, dtype: Any = np.float64
    ) -> dict[str, Array]:
        """Return starting values by name, drawn in the order of the layers."""
        return {
            name: look_up(spec.initializer)(spec.shape, rng).astype(dtype)
            for name, spec in self.specs.items()
        }

    def summary(self) -> str:
        """Return a table of the layers: output, activation, parameters, settings.

        Examples
        --------
        >>> print(Network.from_spec("3-4:sigmoid-1:sigmoid").summary())
        layer  units  activation  parameters          weights
        x      3
        1      4      sigmoid     W1 (3, 4)  b1 (4,)       16
        2      1      sigmoid     W2 (4, 1)  b2 (1,)        5
        total                                              21
        """
        scope = Scope(frozen=frozenset(self.frozen))
        out = variable("x", shape=(1, self.inputs))
        rows: list[tuple[str, ...]] = [
            ("layer", "units", "activation", "parameters", "weights"),
            ("x", str(self.inputs), "", "", ""),
        ]
        for item in self.layers:
            before = set(scope.specs)
            scope.number += item.has_weights
            out = item.forward(out, scope, last=False)
            new = [spec for name, spec in scope.specs.items() if name not in before]
            rows.append(_line(item, str(scope.number), out, new))
        rows.append(("total", "", "", "", str(self.size)))
        return _table(rows)


def _line(item: Layer, number: str, out: Node, new: list[ParameterSpec]) -> tuple[str, ...]:
    """Return the cells of a layer: what it is, and the parameters it brings."""
    parameters = "  ".join(f"{s.name} {s.shape}{_wishes(s)}" for s in new) or "shared"
    size = sum(math.prod(s.shape) for s in new)
    kind = getattr(item, "activation", "")
    return (number, str(out.shape[-1]), kind, parameters, str(size))


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return rows of cells as lines: columns to the left, the last one to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([*cells[:-1], row[-1].rjust(widths[-1])]).rstrip())
    return "\n".join(lines)


def _wishes(spec: ParameterSpec) -> str:
    """Return what is unusual about a parameter, in brackets."""
    parts = [] if spec.trainable else ["frozen"]
    parts += [f"{name} {value:g}" for name, value in (("l1", spec.l1), ("l2", spec.l2)) if value]
    return f" [{', '.join(parts)}]" if parts else ""
