"""The exercise: everything about one step of a run that a review of its backward pass needs.

Knows setups and moments; knows nothing of mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import SpecError
from chainrule.explain.entries import Names, axis_names
from chainrule.nn import Dense, Loss
from chainrule.nn.activations import LINEAR
from chainrule.nn.scope import ParameterSpec
from chainrule.optim import Optimizer
from chainrule.train import Moment, Record, moment_at
from chainrule.types import Array


@dataclass(frozen=True)
class LayerForm:
    """A dense layer: its number, its parameters' names, its activation and its size."""

    number: int
    weights: str
    bias: str | None
    activation: str
    inputs: int
    units: int


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A step beside the one that is reviewed: its gradients and its parameters."""

    gradients: Mapping[str, Array]
    parameters: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Exercise:
    """One step of a run, as a backward pass to be worked out by hand.

    Attributes
    ----------
    layers : tuple of LayerForm
        From the inputs on.
    parameters, specs : mapping
        Values before the update, and what the layers say of them.
    x, targets : numpy.ndarray
        Rows of the batch; targets are (rows, outputs), class numbers as rows of 0 and 1.
    factors : numpy.ndarray
        (rows, 1): what each row's loss is multiplied by (1, 1/n, or its share of the weights).
    plain_factors : numpy.ndarray
        The same without the rows' weights.
    loss, optimizer, slots, rate, step
        What is descended, and how.
    clock : int
        What the optimizer counts as its step: that of a branch goes on from the run it left.
    axes : mapping of str to names
        What the entries along each axis of a parameter are called, where they have names.
    previous, following : Neighbour or None
        The steps before and after, where they differ from what this one implies.
    single : bool
        Whether the run computed in float32.
    """

    layers: tuple[LayerForm, ...]
    parameters: Mapping[str, Array]
    specs: Mapping[str, ParameterSpec]
    x: Array
    targets: Array
    factors: Array
    plain_factors: Array
    loss: Loss
    optimizer: Optimizer
    slots: Mapping[str, Array]
    rate: float
    step: int = 0
    clock: int = 0
    axes: Mapping[str, tuple[Names, ...]] = field(default_factory=dict)
    previous: Neighbour | None = None
    following: Neighbour | None = None
    single: bool = False

    @property
    def rows(self) -> int:
        """Rows of the batch."""
        return len(self.x)

    @property
    def outputs(self) -> int:
        """Outputs of the network."""
        return int(self.targets.shape[1])

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.layers)

    def layer(self, number: int) -> LayerForm:
        """Return a layer by its number, from 1."""
        return self.layers[number - 1]

    @property
    def fused(self) -> bool:
        """Whether the loss is computed from logits, so that the last slope cancels."""
        return self.loss.logits_of is not None

    @property
    def clips(self) -> bool:
        """Whether gradients are clipped before the update."""
        return self.optimizer.clip_norm is not None or self.optimizer.clip_value is not None

    @cached_property
    def layer_of(self) -> Mapping[str, int]:
        """The layer of each parameter; of shared ones the layer nearest the inputs."""
        found: dict[str, int] = {}
        for layer in reversed(self.layers):
            for name in (layer.bias, layer.weights):
                if name is not None:
                    found[name] = layer.number
        return found

    @property
    def order(self) -> tuple[str, ...]:
        """Parameters counted from the loss; a layer's bias before its weights."""
        return tuple(self.layer_of)

    @property
    def shared(self) -> frozenset[str]:
        """Parameters that more than one layer uses: where paths meet."""
        used = [name for layer in self.layers for name in (layer.weights, layer.bias)]
        return frozenset(name for name in used if name is not None and used.count(name) > 1)

    @property
    def frozen(self) -> tuple[str, ...]:
        """Parameters that updates leave alone."""
        return tuple(name for name in self.order if not self.specs[name].trainable)

    def is_bias(self, name: str) -> bool:
        """Tell whether a parameter is a bias."""
        return any(layer.bias == name for layer in self.layers)

    def penalized(self, name: str) -> bool:
        """Tell whether a penalty acts on a parameter."""
        return bool(self.specs[name].l1 or self.specs[name].l2)

    def with_everything_trained(self) -> Exercise:
        """Return the exercise in which no parameter is frozen."""
        specs = {k: replace(spec, trainable=True) for k, spec in self.specs.items()}
        zeros = {
            f"{name}.{slot}": np.zeros_like(self.parameters[name])
            for name in self.frozen
            for slot in self.optimizer.slots
        }
        return replace(self, specs=specs, slots={**self.slots, **zeros})


def exercise_of(
    found: Record,
    step: int,
    *,
    features: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Exercise:
    """Return step `step` of a run as an exercise.

    Parameters
    ----------
    found : Record
        The run.
    step : int
        Which step.
    features, classes : sequence of str, optional
        What the inputs and the outputs are called.

    Raises
    ------
    SpecError
        If the run has no such step, or layers that are not dense.
    """
    moment, setup = moment_at(found, step), found.setup
    specs = setup.network.specs
    feed = setup.feed(moment.step, {})
    factors, plain = _factors(feed["w"], len(feed["x"]), setup.reduction)
    doubles = {name: _as_rows(value) for name, value in moment.parameters.items()}
    return Exercise(
        layers=_layers(found),
        parameters=doubles,
        specs=specs,
        x=np.asarray(feed["x"], np.float64),
        targets=_targets(feed["y"], setup.network.outputs),
        factors=factors,
        plain_factors=plain,
        loss=setup.loss,
        optimizer=setup.optimizer,
        slots={name: _as_rows(value) for name, value in moment.slots.items()},
        rate=float(moment.recording["learning_rate"]),
        step=moment.step,
        clock=int(feed["step"]),
        axes=axis_names(
            {name: spec.shape for name, spec in specs.items()},
            features,
            classes,
            [name for name, spec in specs.items() if len(spec.shape) > 1],
        ),
        previous=_neighbour(found, moment.step - 1) if moment.step > 0 else None,
        following=_following(found, moment),
        single=setup.dtype == np.float32,
    )


def _layers(found: Record) -> tuple[LayerForm, ...]:
    setup, forms, inputs = found.setup, [], found.setup.network.inputs
    for number, item in enumerate(setup.network.layers, 1):
        if not isinstance(item, Dense):
            raise SpecError(
                f"layer {number} is {type(item).__name__}; review knows the mistakes of dense "
                "layers only.\n  run.check() compares gradients of any network with differences."
            )
        names = [spec.name for spec in item.parameter_specs(number, inputs)]
        activation = item.activation
        if number == len(setup.network.layers) and activation == LINEAR and setup.loss.logits_of:
            activation = setup.loss.logits_of
        bias = names[1] if item.bias else None
        forms.append(LayerForm(number, names[0], bias, activation, inputs, item.units))
        inputs = item.units
    return tuple(forms)


def _factors(w: Array | None, rows: int, reduction: str) -> tuple[Array, Array]:
    """Return what each row's loss is multiplied by, with and without the rows' weights."""
    plain = np.full((rows, 1), 1.0 if reduction == "sum" else 1.0 / max(rows, 1))
    if w is None:
        return plain, plain
    weights = np.asarray(w, np.float64).reshape(-1, 1)
    total = float(weights.sum())
    divisor = total if reduction == "mean" and total > 0 else 1.0
    return weights / divisor, plain


def _targets(y: Any, outputs: int) -> Array:
    """Return targets as (rows, outputs); a class number as a row of 0 and a 1."""
    if y.ndim == 1:
        return np.asarray(np.arange(outputs)[None, :] == y[:, None], np.float64)
    return np.asarray(y, np.float64)


def _as_rows(array: Array) -> Array:
    return np.atleast_2d(np.asarray(array, np.float64))


def _neighbour(found: Record, step: int) -> Neighbour:
    beside: Moment = moment_at(found, step)
    gradients = {name: _as_rows(value) for name, value in beside.gradients.items()}
    return Neighbour(gradients, {n: _as_rows(v) for n, v in beside.parameters.items()})


def _following(found: Record, moment: Moment) -> Neighbour | None:
    """Return the step after, if it sees other rows than this one."""
    if found.setup.full_batch or moment.step >= found.steps:
        return None
    return _neighbour(found, moment.step + 1)
