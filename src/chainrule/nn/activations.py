"""Activations by name: every elementwise operation of one input, and softmax.

An operation declared in `ops` can be used here at once. Knows names; knows no layer.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import numpy as np

from chainrule import ops
from chainrule.errors import SpecError
from chainrule.graph import Node, primitives

LINEAR = "linear"
NOT_OFFERED = frozenset({"stop_gradient", "alias", "is_finite", "floor", "sign"})
RELU_LIKE = frozenset({"relu", "leaky_relu", "elu", "silu", "gelu", "softplus"})
"""Activations for which `he` is the usual way to begin."""


def known_activations() -> list[str]:
    """Return the names that a layer's activation may have.

    Examples
    --------
    >>> "relu" in known_activations()
    True
    """
    single = [
        name
        for name, rule in primitives.items()
        if rule.kind == "elementwise"
        and all(len(example.inputs) == 1 for example in rule.examples)
        and rule.dtype(np.dtype(np.float64)).kind == "f"
        and not name.endswith("_slope")
        and name not in NOT_OFFERED
    ]
    return sorted([*single, LINEAR, "softmax"])


def check_activation(name: str) -> str:
    """Return the name if it is an activation's, or say which are near."""
    if name not in known_activations():
        near = get_close_matches(name, known_activations(), n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else "see known_activations()."
        raise SpecError(f"activation {name!r} is not known; {hint}")
    return name


def activation(name: str) -> Callable[[Node], Node]:
    """Return the function of an activation's name."""
    if name == LINEAR:
        return lambda x: x
    found: Callable[[Node], Node] = ops.function(name)
    return found
