"""scikit-learn's MLPClassifier: `partial_fit` on the rows of many steps at once, in their order.

It cuts them into the same batches; of the losses it tells their mean only. Knows the settings that
make its training the workload's.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.bench.engines.engine import Engine, Run, pieces
from chainrule.bench.workloads import Workload
from chainrule.types import Array

NEEDS = "sklearn.neural_network"
ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic", "tanh": "tanh", "linear": "identity"}
PASS = 64
"""Steps of one `partial_fit` at most: more would only copy more rows at once."""


def installed() -> bool:
    """Say whether scikit-learn can be imported."""
    return find_spec("sklearn") is not None


def strays(workload: Workload) -> str:
    """Say in which way its training is another one, or nothing."""
    if workload.loss == "half_squared_error":
        return "its regressor has a linear output, and a mean for a sum"
    return ""


def refuses(workload: Workload) -> str:
    """Say why a workload cannot be trained, or nothing."""
    hidden = {name for _, name in workload.layers[:-1]}
    return "it has one activation for all hidden layers" if len(hidden) > 1 else ""


def model(workload: Workload) -> Any:
    """Return an estimator with the workload's settings and without scikit-learn's extras."""
    module: Any = import_module(NEEDS)
    regression = workload.loss == "half_squared_error"
    kind = workload.optimizer.kind
    hidden = workload.layers[:-1]
    estimator = module.MLPRegressor if regression else module.MLPClassifier
    return estimator(
        hidden_layer_sizes=[units for units, _ in hidden],
        activation=ACTIVATIONS[hidden[0][1]] if hidden else "identity",
        solver="adam" if kind == "adam" else "sgd",
        alpha=0.0,
        batch_size=workload.batch,
        learning_rate_init=workload.rate,
        momentum=0.9 if kind == "momentum" else 0.0,
        nesterovs_momentum=False,
        shuffle=False,
        n_iter_no_change=10**9,
    )


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload."""
    found = model(workload)
    X, y, order = workload.X, workload.y.reshape(-1), workload.order
    options: dict[str, Any] = {}
    if workload.loss != "half_squared_error":
        y = y.astype(np.int64)
        options = {"classes": np.arange(max(2, workload.layers[-1][0]))}
    found.partial_fit(X[order[0]], y[order[0]], **options)  # makes its arrays; now from the start
    start = workload.flat_start
    found.coefs_, found.intercepts_ = start[::2], start[1::2]
    vars(found).pop("_optimizer", None)
    done = 0

    def run(steps: int) -> Array:
        nonlocal done
        losses: list[Array] = []
        for first, some in pieces(done, steps, len(order)):
            for begin in range(first, first + some, PASS):
                count = min(PASS, first + some - begin)
                rows = order[begin : begin + count].reshape(-1)
                found.partial_fit(X[rows], y[rows])
                losses.append(np.full(count, found.loss_))
        done += steps
        return np.concatenate(losses) if losses else np.empty(0)

    return run


ENGINE = Engine(
    "scikit-learn", installed, prepare, "pip install scikit-learn", refuses=refuses, strays=strays
)
