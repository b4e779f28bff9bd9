"""The door to training: what a user asked for, checked once and turned into a setup.

Knows every argument of `train` and its wrong values; inside, nothing is checked again.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.data.arrays import check_inputs, check_targets, check_weights
from chainrule.errors import DataError, ShapeError, SpecError
from chainrule.nn import Loss, Network, check_pairing, default_loss, find_loss
from chainrule.optim import Adam, Optimizer, find_optimizer
from chainrule.train.setup import Setup
from chainrule.train.trainer import Validation
from chainrule.types import Array, ArrayLike

EPOCHS = 100
"""Epochs of a training that names neither steps nor epochs."""


def make_setup(
    network: Network | str,
    X: Any,
    y: Any,
    *,
    loss: str | Mapping[str, Any] | Loss | None,
    reduction: str,
    optimizer: str | Mapping[str, Any] | Optimizer | None,
    sample_weight: ArrayLike | None,
    batch_size: int | None,
    seed: int,
    shuffle: bool,
    dtype: Any,
) -> Setup:
    """Return the setup of a training, or refuse what makes no sense."""
    net = Network.from_spec(network) if isinstance(network, str) else network
    if not isinstance(net, Network):
        raise SpecError(f"a Network or a spec string is needed first; got {type(net).__name__}.")
    chosen = default_loss(net) if loss is None else find_loss(loss)
    check_pairing(net, chosen)
    if reduction not in ("mean", "sum"):
        raise SpecError(f"reduction is {reduction!r}; it is 'mean' or 'sum'.")
    kind = _dtype(dtype)
    x = check_inputs(X, dtype=kind)
    if x.shape[1] != net.inputs:
        raise ShapeError(
            f"the network expects {net.inputs} features, got {x.shape[1]} (X has shape {x.shape}).\n"
            f"  Define it with inputs={x.shape[1]}, or drop columns."
        )
    targets = check_targets(y, x.shape[0], net.outputs, kind=chosen.targets, dtype=x.dtype)
    weights = None
    if sample_weight is not None:
        weights = _weights(sample_weight, x.shape[0], reduction).astype(x.dtype)
    return Setup(
        network=net,
        loss=chosen,
        reduction="mean" if reduction == "mean" else "sum",
        optimizer=Adam() if optimizer is None else find_optimizer(optimizer),
        x=x,
        y=targets,
        w=weights,
        batch_size=None if batch_size is None else whole("batch_size", batch_size, least=1),
        seed=whole("seed", seed),
        shuffle=bool(shuffle),
        dtype=x.dtype,
    )


def _dtype(dtype: Any) -> np.dtype[Any] | None:
    if dtype is None:
        return None
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found not in (np.float32, np.float64):
        raise SpecError(f"dtype is {dtype!r}; training uses 'float64' or 'float32'.")
    return found


def _weights(given: ArrayLike, rows: int, reduction: str) -> Array:
    """Return the rows' weights; under a mean only their ratios count, so that 1e-300 works."""
    weights = check_weights(given, rows)
    return np.asarray(weights / weights.max() if reduction == "mean" else weights)


def whole(name: str, value: Any, *, least: int = 0) -> int:
    """Return a whole number of at least `least`, or refuse it by its name."""
    fits = isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= least
    if not fits:
        raise SpecError(f"{name} is {value!r}; it is a whole number of at least {least}.")
    return int(value)


def count_steps(setup: Setup, steps: int | None, epochs: int | None) -> int:
    """Return how many steps are asked for; both ways at once are refused."""
    if steps is not None and epochs is not None:
        raise SpecError(f"steps={steps} and epochs={epochs} were both given; give one of them.")
    if steps is not None:
        return whole("steps", steps)
    return whole("epochs", EPOCHS if epochs is None else epochs) * setup.steps_per_epoch


def starting_values(setup: Setup, initial: Mapping[str, ArrayLike] | None) -> dict[str, Array]:
    """Return given starting values in the network's shapes; a bias may be (1, units)."""
    specs = setup.network.specs
    found: dict[str, Array] = {}
    for name, value in (initial or {}).items():
        if name not in specs:
            raise SpecError(
                f"initial names {name!r}; the network's parameters are {', '.join(specs)}."
            )
        try:
            array = np.array(value, setup.dtype)
        except (TypeError, ValueError):
            raise DataError(f"initial[{name!r}] is not an array of numbers.") from None
        shape = specs[name].shape
        if array.shape == (1, *shape):
            array = array.reshape(shape)
        if array.shape != shape:
            raise ShapeError(_shape_message(name, array.shape, shape))
        if not np.isfinite(array).all():
            at = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
            raise DataError(f"initial[{name!r}] is {array[tuple(at)]} at {at}; it must be finite.")
        found[name] = array
    return found


def _shape_message(name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    turned = found == tuple(reversed(wanted)) and len(wanted) == 2
    hint = f"pass {name}.T: here a row is an input, a column a unit" if turned else "reshape it"
    return f"initial[{name!r}] has shape {found}; the network's {name} has {wanted}.\n  {hint}."


def make_validation(setup: Setup, given: Any) -> Validation | None:
    """Return validation rows from (X, y) or (X, y, weights)."""
    if given is None or isinstance(given, Validation):
        return given
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        raise SpecError("validation is a pair (X, y), or (X, y, weights).")
    x = check_inputs(given[0], dtype=setup.dtype)
    if x.shape[1] != setup.network.inputs:
        raise ShapeError(
            f"validation has {x.shape[1]} features; the network expects {setup.network.inputs}."
        )
    outputs, kind = setup.network.outputs, setup.loss.targets
    y = check_targets(given[1], x.shape[0], outputs, kind=kind, dtype=setup.dtype)
    if y.ndim != setup.y.ndim:
        raise ShapeError(
            f"validation targets have shape {y.shape}, training targets {setup.y.shape}; use class "
            "numbers in both, or distributions in both."
        )
    w = _weights(given[2], x.shape[0], setup.reduction) if len(given) == 3 else None
    return Validation(x, y, w)


def check_engine(engine: str) -> None:
    """Raise unless the engine is there; ``auto`` takes the best there is."""
    if engine not in ("auto", "interpreter"):
        raise SpecError(
            f"engine is {engine!r}; this version has 'auto' and 'interpreter' (the machine-code "
            "engine is not built yet)."
        )
