"""Parameters of an estimator to a network, an optimizer and a loss.

Knows scikit-learn's words and ours for the same things; knows no rows and trains nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, Options, StrOptions

from chainrule.errors import ParameterRefused, SpecError, shown
from chainrule.nn import Dense, Loss, Network, find_loss
from chainrule.optim import (
    SGD,
    Adam,
    Momentum,
    Nesterov,
    Optimizer,
    Schedule,
    find_optimizer,
    optimizers,
)
from chainrule.optim.schedules import InverseScaling

CONSTRAINTS: dict[str, Any] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [str, "array-like"],
    "solver": [str, Optimizer],
    "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [str, Schedule],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "loss": [str, dict, Loss],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="left")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [
        Interval(Integral, 1, None, closed="left"),
        Options(Real, {math.inf}),
    ],
    "scoring": [str, callable, None],
    "callbacks": ["array-like", None],
    "dtype": [StrOptions({"float32", "float64"}), None],
    "engine": [StrOptions({"auto", "native", "interpreter"})],
    "keep_rows": ["boolean"],
}
"""What each parameter may be, in scikit-learn's form; both estimators share it."""

OUR_ACTIVATION = {"identity": "linear", "logistic": "sigmoid"}
"""Ours for scikit-learn's names that differ; every other name is the same or ours alone."""

THEIR_ACTIVATION = {ours: theirs for theirs, ours in OUR_ACTIVATION.items()}

OUR_LOSS = {"squared_error": "half_squared_error"}
"""scikit-learn's ``squared_error`` descends half the squared error, summed over the outputs."""


def hidden_sizes(given: Any) -> tuple[int, ...]:
    """Return the units of the hidden layers.

    Examples
    --------
    >>> hidden_sizes(50), hidden_sizes([64, 32]), hidden_sizes(())
    ((50,), (64, 32), ())
    """
    sizes = tuple(given) if isinstance(given, Iterable) else (given,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 1:
            raise ParameterRefused(
                f"hidden_layer_sizes is {shown(given)}; it must be > 0 units a layer, whole "
                "numbers.\n  For example (64, 32), or () for a linear model."
            )
    return tuple(int(size) for size in sizes)


def per_layer(name: str, given: Any, count: int, of: str) -> list[Any]:
    """Return one value a layer: a list as it is, anything else for each of them.

    Examples
    --------
    >>> per_layer("activation", "relu", 2, "hidden layers")
    ['relu', 'relu']
    """
    if isinstance(given, (str, Real)):
        return [given] * count
    values = list(given)
    if len(values) != count:
        raise ParameterRefused(
            f"{name} has {len(values)} entries ({shown(given)}), but there are {count} {of}.\n"
            "  Give one for each, or one value for all."
        )
    return values


def penalties(alpha: Any, layers: int, rows: float) -> list[float]:
    """Return the l2 of each layer from scikit-learn's alpha.

    Its term is alpha/2 sum W**2 divided by the weight of the rows of a batch; ours is l2/2 sum
    W**2 beside the mean over the batch.

    Examples
    --------
    >>> penalties(0.5, layers=2, rows=200.0)
    [0.0025, 0.0025]
    """
    found = per_layer("alpha", alpha, layers, "layers with weights, the output layer among them")
    for value in found:
        if not isinstance(value, Real) or not 0 <= float(value) < math.inf:
            raise ParameterRefused(f"alpha is {shown(alpha)}; a penalty is a number of at least 0.")
    return [float(value) / rows for value in found]


def make_network(parameters: Any, inputs: int, outputs: int, last: str, rows: float) -> Network:
    """Return the network that an estimator's parameters describe.

    Parameters
    ----------
    parameters : estimator
        Its hidden_layer_sizes, activation and alpha are read.
    inputs, outputs : int
        Features of a row, and what is predicted of it.
    last : str
        Our name of the last activation.
    rows : float
        The weight of the rows of a batch, for alpha.
    """
    sizes = hidden_sizes(parameters.hidden_layer_sizes)
    names = per_layer("activation", parameters.activation, len(sizes), "hidden layers")
    l2 = penalties(parameters.alpha, len(sizes) + 1, rows)
    try:
        layers = [
            Dense(units, OUR_ACTIVATION.get(name, name), l2=penalty)
            for units, name, penalty in zip(sizes, names, l2[:-1], strict=True)
        ]
        return Network([*layers, Dense(outputs, last, l2=l2[-1])], inputs)
    except SpecError as error:
        raise ParameterRefused(str(error)) from None


def make_optimizer(parameters: Any, steps_per_epoch: int, rows: int) -> Optimizer:
    """Return the optimizer: an object as it is; a solver with scikit-learn's settings for it.

    Parameters
    ----------
    parameters : estimator
        Its solver, learning_rate, learning_rate_init, power_t, momentum ... are read.
    steps_per_epoch, rows : int
        Of the training; ``invscaling`` counts rows.
    """
    solver = parameters.solver
    if isinstance(solver, Optimizer):
        return solver
    rate = _rate(parameters, steps_per_epoch, rows)
    if solver == "adam":
        return Adam(rate, parameters.beta_1, parameters.beta_2, parameters.epsilon)
    if solver == "sgd" and not parameters.momentum:
        return SGD(rate)
    if solver == "sgd":
        rule = Nesterov if parameters.nesterovs_momentum else Momentum
        return rule(rate, momentum=parameters.momentum)
    if solver in optimizers:
        return find_optimizer({"name": solver, "learning_rate": rate})
    near = get_close_matches(solver, optimizers, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(optimizers))}."
    if solver == "lbfgs":
        hint = (
            "every step of a run can be opened, and a line search has none of these steps.\n"
            "  Use 'adam', or scikit-learn's own estimator for L-BFGS."
        )
    raise ParameterRefused(f"solver {solver!r} is not offered; {hint}")


def _rate(parameters: Any, steps_per_epoch: int, rows: int) -> float | Schedule:
    """Return the learning rate, or how it changes."""
    kind, initial = parameters.learning_rate, float(parameters.learning_rate_init)
    if isinstance(kind, Schedule):
        return kind
    if kind == "constant" or (kind in ("invscaling", "adaptive") and parameters.solver != "sgd"):
        return initial  # as in scikit-learn, where only sgd reads it
    if kind == "invscaling":
        return InverseScaling(initial, steps_per_epoch, rows, float(parameters.power_t))
    hint = "there are 'constant', 'invscaling' and the schedules of chainrule (Cosine, WarmUp ...)."
    if kind == "adaptive":
        hint = (
            "a rate that depends on the losses cannot be written into the steps.\n"
            "  Use a schedule, such as learning_rate=chainrule.Cosine(0.1, steps=1000)."
        )
    raise ParameterRefused(f"learning_rate {kind!r} is not offered; {hint}")


def make_loss(given: Any, names: Mapping[str, str]) -> Loss:
    """Return the loss: an object as it is, a name as ours.

    Parameters
    ----------
    given : str, dict or Loss
        What was asked for.
    names : mapping of str to str
        Ours for names that mean something else to an estimator.

    Examples
    --------
    >>> make_loss("squared_error", OUR_LOSS).name, make_loss("huber", OUR_LOSS).name
    ('half_squared_error', 'huber')
    """
    try:
        return find_loss(names.get(given, given) if isinstance(given, str) else given)
    except SpecError as error:
        raise ParameterRefused(str(error)) from None


def batch_rows(given: int | str, rows: int) -> int:
    """Return the rows of a batch: "auto" is at most 200, and never more than there are.

    Examples
    --------
    >>> batch_rows("auto", 1000), batch_rows("auto", 50), batch_rows(64, 50)
    (200, 50, 50)
    """
    return min(200 if isinstance(given, str) else int(given), rows)


def state_names(network: Network) -> Sequence[tuple[str, str]]:
    """Return the names of each layer's weights and biases."""
    return [(f"W{k}", f"b{k}") for k in range(1, len(network.layers) + 1)]
