"""Activations by name: every elementwise operation of one input that has a slope, and softmax.

An operation declared in `ops` can be used here at once. Knows names; knows no layer.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.errors import SpecError, shown
from chainrule.graph import Node, apply, primitives, variable

LINEAR = "linear"
NOT_OFFERED = frozenset({"alias"})
"""Operations that are the identity under another name."""
RELU_LIKE = frozenset({"relu", "leaky_relu", "elu", "silu", "gelu", "softplus"})
"""Activations for which `he` is the usual way to begin."""

OWN = (
    "\n  One of your own is registered first, in Python: "
    "chainrule.nn.register_activation(name, function)."
)

own_activations: dict[str, Callable[[Node], Node]] = {}
"""Activations that users registered (`chainrule.nn.register_activation`), by name."""


def known_activations() -> list[str]:
    """Return the names that a layer's activation may have.

    Examples
    --------
    >>> "relu" in known_activations(), "floor" in known_activations()
    (True, False)
    """
    return sorted([*filter(_is_activation, primitives), LINEAR, "softmax"])


def _is_activation(name: str) -> bool:
    """Tell whether a primitive takes one array entry by entry, and a gradient passes it."""
    rule = primitives[name]
    single = all(len(example.inputs) == 1 for example in rule.examples)
    if rule.kind != "elementwise" or not single or not rule.floats:
        return False
    if name.endswith("_slope") or name in NOT_OFFERED:
        return False
    x = variable("x", shape=())
    out = apply(name, x)
    assert rule.local is not None, "an elementwise primitive declares its local derivatives"
    return out.dtype == np.float64 and rule.local(out, x)[0] is not None


def check_activation(name: Any) -> str:
    """Return the name if it is an activation's, or say which are near."""
    if not isinstance(name, str):
        raise SpecError(f"activation is {shown(name)}; it is a name such as 'sigmoid' or 'relu'.")
    known = name in (LINEAR, "softmax") or name in own_activations
    if known or (name in primitives and _is_activation(name)):
        return name
    near = get_close_matches(name, [*known_activations(), *own_activations], n=2)
    usual = "usual ones are sigmoid, tanh, relu, softmax, linear"
    hint = f"did you mean {' or '.join(near)}?" if near else f"{usual}."
    raise SpecError(f"activation {shown(name)} is not known; {hint}{OWN}")


def activation(name: str) -> Callable[[Node], Node]:
    """Return the function of an activation's name."""
    if name == LINEAR:
        return lambda x: x
    if name == "softmax":
        found: Callable[[Node], Node] = ops.function(name)
        return found
    return own_activations.get(name) or (lambda x: apply(name, x))
