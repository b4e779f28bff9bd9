"""Keras: a chain of Dense layers, as arrays in layer order or the model itself.

``model.get_weights()`` is a list: kernel, bias, kernel, bias; ``np.savez(path, *weights)`` calls
them arr_0, arr_1 ... Knows shapes and names of arrays; imports nothing of Keras.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.adopt.foreign import Foreign, ForeignLayer, layer
from chainrule.adopt.registry import source
from chainrule.errors import SpecError, shown

NUMBERED = re.compile(r"arr_(\d+)")
NAMED = re.compile(r"(?:(.*)/)?(kernel|bias)(?::0)?")
ACTIVATIONS = {
    "linear": "linear", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax",
    "elu": "elu", "silu": "silu", "swish": "silu", "softplus": "softplus",
}  # fmt: skip
"""Keras' names of functions that are the same here; its gelu and leaky_relu have settings."""
PASSED_OVER = ("InputLayer", "Dropout", "Flatten", "Activation", "ReLU", "Softmax")


def _is_model(given: Any) -> bool:
    return hasattr(given, "get_weights") and hasattr(given, "layers")


def _is_ours(given: Any) -> bool:
    """Tell a model, a list of arrays, or arrays that are called as Keras or np.savez calls them."""
    if _is_model(given) or isinstance(given, list | tuple):
        return True
    if not isinstance(given, Mapping) or not given:
        return False
    patterns = (NUMBERED, NAMED)
    return any(all(p.fullmatch(str(name)) for name in given) for p in patterns)


@source(
    "Keras",
    takes="the list that model.get_weights() gives, or np.savez(path, *model.get_weights()), or "
    "the model itself",
    recognises=_is_ours,
)
def read(given: Any) -> Foreign:
    """Return the network of a list or dict of weights, or of a model."""
    if _is_model(given):
        return _of_model(given)
    pairs = _named(given) if isinstance(given, Mapping) else [
        (f"weights[{k}]", value) for k, value in enumerate(given)
    ]  # fmt: skip
    return Foreign("weights in Keras' order", _of_arrays(pairs))


def _named(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return arrays in layer order: by their numbers, or as they stand in the file."""
    numbers = [NUMBERED.fullmatch(name) for name in given]
    if all(numbers):
        order = sorted(given, key=lambda name: int(name.removeprefix("arr_")))
        return [(name, given[name]) for name in order]
    return list(given.items())


def _of_arrays(pairs: list[tuple[str, Any]]) -> tuple[ForeignLayer, ...]:
    """Return the layers of arrays in the order kernel, bias; biases may be left out."""
    if not pairs:
        raise SpecError("the list of weights is empty.\n  Give model.get_weights().")
    found: list[ForeignLayer] = []
    waiting: tuple[str, Any] | None = None
    for name, value in pairs:
        axes = np.ndim(value)
        if axes == 2:
            found += [] if waiting is None else [_layer(len(found) + 1, waiting, None)]
            waiting = (name, value)
        elif axes == 1 and waiting is not None:
            found.append(_layer(len(found) + 1, waiting, (name, value)))
            waiting = None
        else:
            raise SpecError(_no_dense(name, np.shape(value)))
    return (*found, *([] if waiting is None else [_layer(len(found) + 1, waiting, None)]))


def _layer(number: int, kernel: tuple[str, Any], bias: tuple[str, Any] | None) -> ForeignLayer:
    name, value = kernel
    offset, vector = bias if bias is not None else ("", None)
    return layer(f"layer {number} ({name})", value, vector, (name, offset))


def _no_dense(name: str, shape: tuple[int, ...]) -> str:
    told = {
        1: "a BatchNormalization or LayerNormalization has several such in turn",
        3: "a Conv1D or an attention has such",
        4: "a Conv2D has such",
    }.get(len(shape), "no Dense has such")
    return (
        f"{name!r} has shape {shape} where the kernel of a Dense (inputs, units) was expected; "
        f"{told}.\n  A chain of Dense layers can be adopted: kernel, bias, kernel, bias ..."
    )


def _of_model(given: Any) -> Foreign:
    """Return the network of a model whose layers follow one another."""
    layers: list[ForeignLayer] = []
    for item in given.layers:
        kind = type(item).__name__
        if kind == "Dense":
            weights = list(item.get_weights())
            names = [f"{item.name}/kernel", f"{item.name}/bias"]
            found = _of_arrays(list(zip(names, weights, strict=False)))
            layers += [replace(one, name=item.name) for one in found]
        elif kind not in PASSED_OVER:
            raise SpecError(
                f"layer {item.name!r} is {kind}; a chain of Dense layers can be adopted, with "
                f"{', '.join(PASSED_OVER)} between them."
            )
        told = _activation(item)
        if told is not None and layers and (kind == "Dense" or told != "linear"):
            before = layers[-1].activation
            if before not in (None, "linear") and kind != "Dense":
                raise SpecError(f"{before} and {told} both stand behind one Dense; one may.")
            layers[-1] = replace(layers[-1], activation=told)
    if not layers:
        raise SpecError("this model has no Dense layer.")
    return Foreign(f"Keras' {type(given).__name__}", tuple(layers))


def _activation(item: Any) -> str | None:
    """Return our name of a layer's activation; None for a layer that has none."""
    kind = type(item).__name__
    if kind in ("ReLU", "Softmax"):
        _check_plain(item)
        return kind.lower()
    function = getattr(item, "activation", None)
    if function is None:
        return None
    name = getattr(function, "__name__", str(function))
    if name not in ACTIVATIONS:
        raise SpecError(
            f"layer {item.name!r} has the activation {shown(name)}; known here are "
            f"{', '.join(ACTIVATIONS)}.\n  Adopt its weights, and say which of ours it is: "
            "cr.adopt(model.get_weights(), X, y, activations=..., loss=...)"
        )
    return ACTIVATIONS[name]


def _check_plain(item: Any) -> None:
    """Raise if a ReLU layer has settings that make it another function."""
    for setting in ("max_value", "negative_slope", "threshold"):
        if getattr(item, setting, None):
            raise SpecError(
                f"layer {item.name!r} is a ReLU with {setting}={getattr(item, setting)!r}; relu "
                "is the function without."
            )
