"""PyTorch: a Sequential of Linear and activations, as a state dict or the module itself.

A state dict has names and numbers, no activations: they must be told. A module has them. Knows
names of parameters and of module classes; imports nothing of PyTorch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from chainrule.adopt.foreign import Foreign, ForeignLayer, layer
from chainrule.adopt.registry import source
from chainrule.errors import SpecError, shown

WORDS = re.compile(r"(?:^|\.)(?:weight|bias|[a-z_]*(?:weight|bias|running)_[a-z0-9_]+)$")
TELLTALES = (
    ("running_", "a BatchNorm"),
    ("num_batches", "a BatchNorm"),
    ("weight_ih", "an LSTM, a GRU or an RNN"),
    ("weight_hh", "an LSTM, a GRU or an RNN"),
    ("bias_ih", "an LSTM, a GRU or an RNN"),
    ("bias_hh", "an LSTM, a GRU or an RNN"),
    ("in_proj", "a MultiheadAttention"),
    ("weight_g", "a weight norm; remove_weight_norm puts its weights together"),
    ("weight_v", "a weight norm; remove_weight_norm puts its weights together"),
    ("parametrizations", "a parametrization; remove_parametrizations puts its weights together"),
)
"""Parts of names that only other layers have."""
BY_AXES = {1: "a BatchNorm, a LayerNorm or a PReLU", 3: "a Conv1d", 4: "a Conv2d", 5: "a Conv3d"}
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "ReLU": ("relu", {}),
    "Tanh": ("tanh", {}),
    "Sigmoid": ("sigmoid", {}),
    "GELU": ("gelu", {"approximate": "none"}),
    "SiLU": ("silu", {}),
    "ELU": ("elu", {"alpha": 1.0}),
    "LeakyReLU": ("leaky_relu", {"negative_slope": 0.01}),
    "LogSigmoid": ("log_sigmoid", {}),
    "Softplus": ("softplus", {"beta": 1.0}),
    "Softmax": ("softmax", {}),
}
"""Module classes, our names, and the settings with which they are the same function."""
PASSED_OVER = ("Dropout", "Identity", "Flatten")
"""Modules that do nothing to a flat row once training is over."""


def _is_module(given: Any) -> bool:
    return hasattr(given, "state_dict") and hasattr(given, "named_modules")


def _is_ours(given: Any) -> bool:
    """Tell a module, or arrays one of which is called as PyTorch calls parameters."""
    if _is_module(given):
        return True
    return isinstance(given, Mapping) and any(
        isinstance(name, str) and WORDS.search(name) for name in given
    )


@source(
    "PyTorch",
    takes="a state dict of Linear layers (a .safetensors file, or a dict: '0.weight', '0.bias', "
    "'2.weight' ...), or a Sequential itself",
    recognises=_is_ours,
)
def read(given: Any) -> Foreign:
    """Return the network of a state dict or a module."""
    if not _is_module(given):
        layers, notes = _of_state(given)
        return Foreign("a PyTorch state dict", layers, notes=notes)
    layers, notes = _of_state(given.state_dict())
    if not _is_sequential(given):
        return Foreign(f"PyTorch's {type(given).__name__}", layers, notes=notes)
    return Foreign("a PyTorch Sequential", _with_activations(given, layers))


def _of_state(given: Mapping[str, Any]) -> tuple[tuple[ForeignLayer, ...], tuple[str, ...]]:
    """Return the layers of a state dict in their order, and what is to be said of it."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        _check_name(name)
        prefix, _, part = name.rpartition(".")
        found.setdefault(prefix, {})[part] = value
    layers = []
    for prefix in _in_order(list(found)):
        parts, dot = found[prefix], "." if prefix else ""
        called = (f"{prefix}{dot}weight", f"{prefix}{dot}bias")
        if "weight" not in parts:
            raise SpecError(f"{called[1]!r} has no {called[0]!r} beside it.")
        _check_axes(called[0], parts["weight"])
        one = layer(prefix or "weight", parts["weight"], parts.get("bias"), called, turned=True)
        layers.append(one)
    return tuple(layers), _without_room(layers)


def _check_name(name: Any) -> None:
    """Raise unless a name is that of a weight or a bias."""
    if isinstance(name, str) and name.rpartition(".")[2] in ("weight", "bias"):
        return
    told = [what for part, what in TELLTALES if part in str(name)]
    is_of = f"; {told[0]} has such" if told else ""
    raise SpecError(
        f"{shown(name)} is not of a Linear{is_of}.\n  A chain of Linear layers and activations "
        "can be adopted: names that end in .weight and .bias."
    )


def _check_axes(name: str, weights: Any) -> None:
    axes = len(getattr(weights, "shape", (0, 0)))
    if axes != 2:
        told = BY_AXES.get(axes, "something else")
        raise SpecError(
            f"{name!r} has shape {tuple(weights.shape)}, so it is not a Linear's; {told} has such."
            "\n  A chain of Linear layers and activations can be adopted."
        )


def _in_order(prefixes: list[str]) -> list[str]:
    """Return names of layers by their places, ``0``, ``2.0``, ``10``, or the one number in them.

    A file has them in the order of the alphabet, so that only numbers tell which is first.
    """
    if len(prefixes) < 2:
        return prefixes
    paths = [prefix.split(".") for prefix in prefixes]
    shortest = min(map(len, paths))
    alike = (len({path[k] for path in paths}) == 1 for k in range(shortest))
    common = next((k for k, same in enumerate(alike) if not same), shortest)
    if all(path[common:] and all(map(str.isdecimal, path[common:])) for path in paths):
        places = {".".join(path): [int(part) for part in path[common:]] for path in paths}
        return sorted(places, key=lambda name: places[name])
    split = [re.split(r"(\d+)", prefix) for prefix in prefixes]
    if len({len(parts) for parts in split}) == 1:
        differing = [k for k, parts in enumerate(zip(*split, strict=True)) if len(set(parts)) > 1]
        if len(differing) == 1 and differing[0] % 2:
            place = differing[0]
            order = sorted(range(len(prefixes)), key=lambda k: int(split[k][place]))
            return [prefixes[k] for k in order]
    raise SpecError(
        f"the layers are called {', '.join(map(shown, prefixes[:8]))}; their order cannot be told "
        "from that.\n  Number them: {'0.weight': ..., '0.bias': ..., '1.weight': ...}."
    )


def _without_room(layers: list[ForeignLayer]) -> tuple[str, ...]:
    """Say so where the numbers leave no room for an activation, as in a bare Sequential."""
    numbers = [int(one.name) for one in layers if one.name.isdecimal()]
    if len(numbers) < len(layers):
        return ()
    pairs = [(a, b) for a, b in pairwise(numbers) if b == a + 1]
    return tuple(
        f"layers {a} and {b} follow each other; if this was a Sequential, no activation stood "
        "between them"
        for a, b in pairs
    )


def _is_sequential(given: Any) -> bool:
    """Tell whether a module is made of Sequentials alone, so that its order is that of its work."""
    children = list(given.children())
    if not children:
        return True
    return type(given).__name__ == "Sequential" and all(map(_is_sequential, children))


def _with_activations(given: Any, layers: tuple[ForeignLayer, ...]) -> tuple[ForeignLayer, ...]:
    """Return the layers with the activations that stand behind them."""
    told: list[list[str]] = []
    for name, module in given.named_modules():
        kind = type(module).__name__
        if list(module.children()) or kind in PASSED_OVER:
            continue
        if kind == "Linear":
            told.append([])
        elif told:
            told[-1].append(_activation(name, module))
        else:
            raise SpecError(f"module {name!r}, {kind}, stands before the first Linear.")
    for one, names in zip(layers, told, strict=True):
        if len(names) > 1:
            raise SpecError(f"{' and '.join(names)} both stand behind {one.name!r}; one may.")
    return tuple(
        replace(one, activation=names[0] if names else "linear")
        for one, names in zip(layers, told, strict=True)
    )


def _activation(name: str, module: Any) -> str:
    kind = type(module).__name__
    if kind not in ACTIVATIONS:
        raise SpecError(
            f"module {name!r} is {kind}, which is neither a Linear nor an activation known here.\n"
            f"  There are {', '.join(ACTIVATIONS)}; {', '.join(PASSED_OVER)} are passed over."
        )
    ours, wanted = ACTIVATIONS[kind]
    for setting, value in wanted.items():
        if getattr(module, setting, value) != value:
            raise SpecError(
                f"module {name!r} is {kind} with {setting}={getattr(module, setting)!r}; "
                f"{ours!r} is the function with {value!r}."
            )
    return ours
