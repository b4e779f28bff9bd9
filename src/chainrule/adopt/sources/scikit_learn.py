"""scikit-learn: a fitted MLPClassifier or MLPRegressor, alone or behind a StandardScaler.

Knows their fitted attributes; imports nothing of scikit-learn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.adopt.foreign import Foreign, ForeignLayer, floats, layer
from chainrule.adopt.registry import source
from chainrule.errors import SpecError
from chainrule.types import Array

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu",
               "softmax": "softmax"}  # fmt: skip


def _is_ours(given: Any) -> bool:
    """Tell a multi-layer perceptron, fitted or not, or a pipeline."""
    is_pipeline = isinstance(getattr(given, "steps", None), list)
    return is_pipeline or hasattr(given, "hidden_layer_sizes") or hasattr(given, "coefs_")


@source(
    "scikit-learn",
    takes="a fitted MLPClassifier or MLPRegressor, or a Pipeline of StandardScaler and one",
    recognises=_is_ours,
)
def read(given: Any) -> Foreign:
    """Return the network of a fitted estimator; everything is read from it."""
    if isinstance(getattr(given, "steps", None), list):
        return _of_pipeline(given)
    kind = type(given).__name__
    if not hasattr(given, "coefs_"):
        raise SpecError(f"this {kind} is not fitted: it has no weights yet.\n  Call fit first.")
    loss = _loss(given)
    return Foreign(
        source=f"scikit-learn's {kind}",
        layers=_layers(given),
        loss=loss,
        penalty=float(given.alpha),
        labels=_labels(given),
        features=_names(given),
        optimizer=_optimizer(given),
        notes=_notes(given, loss),
    )


def _layers(given: Any) -> tuple[ForeignLayer, ...]:
    last = len(given.coefs_) - 1
    found = []
    for k, (weights, bias) in enumerate(zip(given.coefs_, given.intercepts_, strict=True)):
        called = (f"coefs_[{k}]", f"intercepts_[{k}]")
        one = layer(f"layer {k + 1}", weights, bias, called)
        told = given.out_activation_ if k == last else given.activation
        found.append(ForeignLayer(one.name, one.weights, one.bias, ACTIVATIONS[told]))
    return tuple(found)


def _loss(given: Any) -> str:
    """Return the loss whose gradient it descends."""
    if hasattr(given, "classes_"):
        return "cross_entropy" if given.out_activation_ == "softmax" else "binary_cross_entropy"
    told = getattr(given, "loss", "squared_error")
    if told != "squared_error":
        raise SpecError(
            f"this {type(given).__name__} has the loss {told!r}, which is none of ours, and its "
            f"outputs go through {given.out_activation_!r}.\n  Adopt its weights as arrays: "
            "cr.adopt({'W1': mlp.coefs_[0], 'b1': mlp.intercepts_[0], ...}, X, y, activations=...)"
        )
    return "half_squared_error"


def _labels(given: Any) -> tuple[Any, ...] | None:
    """Return the classes in the order of the outputs; None for numbers and multi-label targets."""
    if not hasattr(given, "classes_") or _is_multilabel(given):
        return None
    return tuple(np.asarray(given.classes_).tolist())


def _is_multilabel(given: Any) -> bool:
    return bool(given.out_activation_ == "logistic" and given.n_outputs_ > 1)


def _names(given: Any) -> tuple[str, ...] | None:
    names = getattr(given, "feature_names_in_", None)
    return None if names is None else tuple(map(str, names))


def _optimizer(given: Any) -> dict[str, Any] | None:
    """Return the update rule; the memory it had at the end of `fit` is not taken along."""
    rate = float(given.learning_rate_init)
    if given.solver == "adam":
        return {"name": "adam", "learning_rate": rate, "beta1": float(given.beta_1),
                "beta2": float(given.beta_2), "epsilon": float(given.epsilon)}  # fmt: skip
    if given.solver == "sgd" and 0 < given.momentum < 1:
        kind = "nesterov" if given.nesterovs_momentum else "momentum"
        return {"name": kind, "learning_rate": rate, "momentum": float(given.momentum)}
    return {"name": "sgd", "learning_rate": rate} if given.solver == "sgd" else None


def _notes(given: Any, loss: str) -> tuple[str, ...]:
    notes = []
    if given.alpha:
        notes.append(f"alpha={given.alpha:g} is L2 alpha / rows here, as scikit-learn divides it")
    if loss == "half_squared_error" and given.n_outputs_ > 1:
        notes.append(
            f"scikit-learn prints this loss divided by {given.n_outputs_} outputs, but descends it "
            "undivided; L is what it descends"
        )
    return tuple(notes)


def _of_pipeline(given: Any) -> Foreign:
    """Return the network behind scalers; any other step is refused."""
    steps = [one for _, one in given.steps if one is not None and not isinstance(one, str)]
    if not steps:
        raise SpecError("this Pipeline has no steps but 'passthrough'.")
    *before, last = steps
    if not _is_ours(last):
        raise SpecError(
            f"this Pipeline ends in {type(last).__name__}; an MLPClassifier or MLPRegressor was "
            "expected there."
        )
    found = read(last)
    if not before:
        return found
    if len(before) > 1 or type(before[0]).__name__ != "StandardScaler":
        names = ", ".join(type(one).__name__ for one in before)
        raise SpecError(
            f"this Pipeline has {names} before the network; only a StandardScaler can be taken "
            "along.\n  Transform the rows yourself and adopt the last step: "
            "cr.adopt(pipe[-1], pipe[:-1].transform(X), y)"
        )
    scaler = before[0]
    if not hasattr(scaler, "n_features_in_"):
        raise SpecError("the StandardScaler of this Pipeline is not fitted.\n  Call fit first.")
    return replace(
        found,
        source=f"{found.source} behind a StandardScaler",
        features=_names(scaler),
        center=_vector(scaler.mean_, 0.0, found.inputs, "mean_"),
        spread=_vector(scaler.scale_, 1.0, found.inputs, "scale_"),
    )


def _vector(value: Any, missing: float, length: int, name: str) -> Array:
    """Return a scaler's numbers; one without mean or scale leaves the inputs as they are."""
    if value is None:
        return np.full(length, missing)
    return floats(np.asarray(value, np.float64), name)
