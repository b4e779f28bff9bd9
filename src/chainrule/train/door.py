"""The door to training: what a user asked for, checked once and turned into a setup.

Knows every argument of `train` and its wrong values; inside, nothing is checked again.
"""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.data.arrays import check_inputs, check_targets, check_weights, is_stored
from chainrule.errors import DataError, ShapeError, SpecError, shown
from chainrule.nn import Loss, Network, check_pairing, default_loss, find_loss
from chainrule.optim import Adam, Optimizer, find_optimizer
from chainrule.train import loggers
from chainrule.train.features import feature_names, in_order
from chainrule.train.native import is_available, is_worth_it
from chainrule.train.record import Validation
from chainrule.train.setup import Setup
from chainrule.types import Array, ArrayLike, DType, Shape

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
        raise SpecError(
            f"a Network or a spec string is needed first; got {type(net).__name__}.\n"
            "  For example cr.train('3-8:relu-1:sigmoid', X, y)."
        )
    chosen = default_loss(net) if loss is None else find_loss(loss)
    check_pairing(net, chosen)
    if not isinstance(reduction, str) or reduction not in ("mean", "sum"):
        raise SpecError(f"reduction is {shown(reduction)}; it is 'mean' or 'sum'.")
    if not isinstance(shuffle, (bool, np.bool_)):
        raise SpecError(f"shuffle is {shown(shuffle)}; it is True or False.")
    x = check_inputs(X, dtype=_dtype(dtype))
    check_features(net, x, "X")
    targets = check_targets(y, x.shape[0], net.outputs, kind=chosen.targets, dtype=x.dtype)
    weights = None
    if sample_weight is not None:
        weights = _weights(sample_weight, x.shape[0], reduction, x.dtype)
    return Setup(
        network=net,
        loss=chosen,
        reduction="mean" if reduction == "mean" else "sum",
        optimizer=_optimizer(optimizer, x.dtype),
        x=x,
        y=targets,
        w=weights,
        batch_size=None if batch_size is None else whole("batch_size", batch_size, least=1),
        seed=whole("seed", seed),
        shuffle=bool(shuffle),
        dtype=x.dtype,
        features=feature_names(X),
    )


def check_features(network: Network, x: Array, name: str) -> None:
    """Raise unless rows have as many features as the network has inputs."""
    if x.shape[1] != network.inputs:
        raise ShapeError(
            f"the network expects {network.inputs} features, got {x.shape[1]} ({name} has shape "
            f"{x.shape}).\n  Give the columns it was made for, or define it with "
            f"inputs={x.shape[1]}."
        )


def _dtype(dtype: Any) -> Any:
    if dtype is None:
        return None
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None)
    name = np.dtype(dtype).name if isinstance(dtype, type) else name
    if not isinstance(name, str) or name not in ("float32", "float64"):
        raise SpecError(f"dtype is {shown(dtype)}; training uses 'float64' or 'float32'.")
    return np.dtype(name)


def _optimizer(given: str | Mapping[str, Any] | Optimizer | None, dtype: DType) -> Optimizer:
    """Return the optimizer; an epsilon that is 0 in the dtype would divide 0 by 0."""
    found = Adam() if given is None else find_optimizer(given)
    epsilon = getattr(found, "epsilon", 1.0)
    if dtype.type(epsilon) == 0:
        raise SpecError(
            f"epsilon of {type(found).__name__} is {epsilon!r}, which is 0 in {dtype}.\n  Use at "
            f"least {np.finfo(dtype).smallest_normal:.3g}, or dtype='float64'."
        )
    return found


def _weights(given: ArrayLike, rows: int, reduction: str, dtype: DType) -> Array:
    """Return the rows' weights; under a mean only their ratios count, so that 1e-300 works."""
    weights = check_weights(given, rows)
    if reduction == "mean":
        weights = weights / weights.max()
    with np.errstate(over="ignore"):
        found = np.asarray(weights, dtype)
    if not np.isfinite(found.sum()) or not found.any():
        raise DataError(
            f"the sum of the weights, {weights.sum():.3g}, cannot be told in {dtype}.\n  Scale the "
            "weights, use reduction='mean' (where only their ratios count), or dtype='float64'."
        )
    return found


def owned(array: Array, given: Any) -> Array:
    """Return an array that nobody else can write to: a copy, unless it is known to be fresh.

    A replay is exact only while the rows are those that training saw.

    Parameters
    ----------
    array : numpy.ndarray
        What training uses.
    given : object
        What it was made from.
    """
    if is_stored(array):
        return array
    fresh = isinstance(given, (list, tuple)) or hasattr(given, "columns")
    if isinstance(given, np.ndarray):
        fresh = not np.may_share_memory(array, given)
    kept = array if fresh else array.copy()
    kept.flags.writeable = False
    return kept


def whole(name: str, value: Any, *, least: int = 0) -> int:
    """Return a whole number of at least `least`, or refuse it by its name."""
    fits = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not fits or int(value) < least:
        raise SpecError(f"{name} is {shown(value)}; it is a whole number of at least {least}.")
    return int(value)


def count_steps(setup: Setup, steps: int | None, epochs: int | None) -> int:
    """Return how many steps are asked for; both ways at once are refused."""
    if steps is not None and epochs is not None:
        raise SpecError("steps and epochs were both given; give one of them.")
    if steps is not None:
        return whole("steps", steps)
    return whole("epochs", EPOCHS if epochs is None else epochs) * setup.steps_per_epoch


def starting_values(setup: Setup, initial: Mapping[str, ArrayLike] | None) -> dict[str, Array]:
    """Return given starting values in the network's shapes; a bias may be (1, units)."""
    specs = setup.network.specs
    given = {} if initial is None else initial
    if not isinstance(given, Mapping):
        raise SpecError(f"initial is a dict of arrays by name; got {type(given).__name__}.")
    unknown = [name for name in given if name not in specs]
    if unknown:
        raise SpecError(
            f"initial names {unknown[0]!r}; the network's parameters are {', '.join(specs)}."
        )
    return {k: _starting_value(k, v, specs[k].shape, setup.dtype) for k, v in given.items()}


def _starting_value(name: str, value: Any, shape: Shape, dtype: DType) -> Array:
    try:
        plain = np.asarray(value)
    except (TypeError, ValueError):
        plain = np.array(None)
    if plain.dtype.kind not in "biuf":
        raise DataError(f"initial[{name!r}] is not an array of numbers (dtype {plain.dtype}).")
    with np.errstate(over="ignore"):
        array = np.array(plain, dtype, order="C")
    if array.shape == (1, *shape):
        array = array.reshape(shape)
    if array.shape != shape:
        raise ShapeError(_shape_message(name, array.shape, shape))
    if not np.isfinite(array).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        found = plain.reshape(shape)[at]
        raise DataError(f"initial[{name!r}] is {found} at {list(at)}; {dtype} needs a finite one.")
    return array


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
    x = check_inputs(in_order(given[0], setup.features), dtype=setup.dtype)
    check_features(setup.network, x, "the X to judge by")
    outputs, kind = setup.network.outputs, setup.loss.targets
    y = check_targets(given[1], x.shape[0], outputs, kind=kind, dtype=setup.dtype)
    if y.ndim != setup.y.ndim:
        raise ShapeError(
            f"the targets to judge by have shape {y.shape}, those of training {setup.y.shape}.\n"
            "  Use class numbers in both, or distributions in both."
        )
    w = None
    if len(given) == 3 and given[2] is not None:
        w = _weights(given[2], x.shape[0], setup.reduction, setup.dtype)
    return Validation(x, y, w)


def check_patience(patience: int | None, validation: Validation | None) -> int | None:
    """Return the patience: epochs, at least 1, and only with rows to watch."""
    if patience is not None and validation is None:
        raise SpecError(f"patience={shown(patience)} needs validation=(X, y) to watch.")
    return None if patience is None else whole("patience", patience, least=1)


def check_callbacks(callbacks: Any) -> Sequence[Callable[[Any], Any]]:
    """Return the callbacks as a list of callables; what is none has to be something to log to."""
    if not isinstance(callbacks, (list, tuple)):
        raise SpecError(
            f"callbacks is {shown(callbacks)}; it is a list of functions of a Progress, or of "
            "loggers."
        )
    return [one if callable(one) else loggers.to(one) for one in callbacks]


def check_engine(engine: str, cluster: Any = None) -> None:
    """Raise unless the engine is there; ``auto`` takes the best there is."""
    if cluster is not None:
        raise SpecError(f"cluster is {shown(cluster)}; this version trains on one machine: None.")
    if not isinstance(engine, str) or engine not in ("auto", "native", "interpreter"):
        raise SpecError(f"engine is {shown(engine)}; it is 'auto', 'native' or 'interpreter'.")
    if engine == "native" and not is_available():
        raise SpecError(
            "engine is 'native', which needs llvmlite, and it is not installed.\n"
            "  Install it (pip install llvmlite), or use engine='interpreter'."
        )


def with_engine(setup: Setup, engine: str, steps: int) -> Setup:
    """Return the setup with the engine that carries it out.

    ``auto`` is machine code where the training is long enough to be worth it, which depends on the
    task alone, so that equal trainings have equal bits.
    """
    if engine == "auto":
        wanted = is_worth_it(setup, steps)
        if wanted and not is_available():
            warnings.warn(NO_LLVM, stacklevel=4)
        engine = "native" if wanted and is_available() else "interpreter"
    return replace(setup, engine="native" if engine == "native" else "interpreter")


NO_LLVM = (
    "llvmlite is not installed, so training runs in the interpreter, which is slower; "
    "pip install llvmlite."
)
